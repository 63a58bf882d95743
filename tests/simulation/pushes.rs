//! What routers have pushed, seen from outside: what each name may show because of it, and what a repetition may cause.

use std::collections::BTreeMap;
use std::net::IpAddr;

use wanbeacon::engine::Rules;
use wanbeacon::rules::address::{Family, PerFamily, Prefix};
use wanbeacon::rules::consensus::{Line, Source};
use wanbeacon::rules::domain::{Domain, Entry};
use wanbeacon::rules::push::{Push, Stored, Taken};

use super::driver::World;
use super::line::{Line as Model, public};
use super::sights::machine;
use super::{MINUTE, SECOND};

/// What was pushed for one name and family: the values, and by which call. Calls are counted, not dated: whatever the clock
/// does, the last one is the last one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Said {
    address: Option<(u64, IpAddr)>,
    prefix: Option<(u64, Prefix)>,
}

/// Everything that was pushed and has to be remembered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pushes {
    of: BTreeMap<(String, Family), Said>,
    /// So many calls.
    calls: u64,
    /// What was said anew, and how much the sources had told by then.
    renewed: BTreeMap<(String, Family), u64>,
}

/// Where `push` stands in the order of trust of the entry's line.
pub(crate) fn rank(rules: &Rules, entry: &Entry, family: Family) -> Option<usize> {
    let line = rules.lines.iter().find(|line| line.name == entry.wan)?;
    line.sources[family].iter().position(|source| *source == Source::Push)
}

/// Sources come before what is pushed: what they said later counts, until it is pushed again.
fn may_be_overtaken(rules: &Rules, entry: &Entry, family: Family) -> bool {
    listens(rules, entry, family) && rank(rules, entry, family) > Some(0)
}

fn uses_prefix(entry: &Entry) -> bool {
    entry.ipv6_host.is_some()
}

fn listens(rules: &Rules, entry: &Entry, family: Family) -> bool {
    rank(rules, entry, family).is_some() && (entry.mode.wants(family) || (family == Family::V6 && uses_prefix(entry)))
}

/// Does the entry have a use for the address that is pushed?
fn takes_address(rules: &Rules, entry: &Entry, family: Family, push: &Push) -> bool {
    let machine = family == Family::V6 && entry.ipv6_host.is_some();
    push.addresses[family].is_some() && rank(rules, entry, family).is_some() && entry.mode.wants(family) && !machine
}

/// Does it have one for the prefix?
fn takes_prefix(rules: &Rules, entry: &Entry, family: Family, push: &Push) -> bool {
    family == Family::V6 && push.prefix.is_some() && rank(rules, entry, family).is_some() && uses_prefix(entry)
}

fn named<'a>(rules: &'a Rules, domain: &Domain) -> impl Iterator<Item = &'a Entry> {
    rules.entries.iter().map(AsRef::as_ref).filter(move |entry: &&Entry| entry.domains.contains(domain))
}

impl Pushes {
    fn said(&self, domain: &Domain, family: Family) -> Said {
        self.of.get(&(domain.as_str().to_owned(), family)).cloned().unwrap_or_default()
    }

    /// What is known after `push`, which is the call that comes next.
    fn after(&self, domain: &Domain, family: Family, push: &Push) -> Said {
        let mut said = self.said(domain, family);
        let call = self.calls + 1;
        if let Some(address) = push.addresses[family].filter(|it| said.address.is_none_or(|(_, old)| old != *it)) {
            said.address = Some((call, address));
        }
        if let Some(prefix) = push.prefix.filter(|it| family == Family::V6 && said.prefix.is_none_or(|(_, old)| old != *it)) {
            said.prefix = Some((call, prefix));
        }
        said
    }

    /// May this push count although it repeats itself? Only what the entry goes by is worth repeating.
    fn may_renew(&self, rules: &Rules, entry: &Entry, family: Family, push: &Push) -> bool {
        let has = |part: &dyn Fn(&Said) -> bool| entry.domains.iter().any(|domain| part(&self.said(domain, family)));
        let (address, prefix) = (has(&|it| it.address.is_some()), has(&|it| it.prefix.is_some()));
        let by_prefix = prefix && (entry.ipv6_host.is_some() || !address);
        let repeats = if by_prefix { push.prefix.is_some() && family == Family::V6 } else { push.addresses[family].is_some() };
        repeats && may_be_overtaken(rules, entry, family)
    }

    /// A push arrives; does it change anything? `told`: what the sources have told so far, for what they overtook is news once.
    pub(crate) fn pushed(&mut self, rules: &Rules, push: &Push, taken: &[Taken], told: PerFamily<u64>) -> bool {
        let mut changed = false;
        let call = self.calls + 1;
        for (at, domain) in push.domains.iter().enumerate() {
            for family in Family::ALL {
                let (said, mut after) = (self.said(domain, family), self.after(domain, family, push));
                // Of what is locked or switched off the age counts as well.
                let counts = taken.get(at).is_some_and(|taken| !matches!(taken, Taken::Unchanged(_) | Taken::Unknown));
                let key = (domain.as_str().to_owned(), family);
                let once = self.renewed.get(&key) != Some(&told[family]);
                if counts && once && named(rules, domain).any(|entry| self.may_renew(rules, entry, family, push)) {
                    self.renewed.insert(key, told[family]);
                    after.address = after.address.map(|(old, it)| (if push.addresses[family].is_some() { call } else { old }, it));
                    after.prefix = after.prefix.map(|(old, it)| (if push.prefix.is_some() { call } else { old }, it));
                }
                let wanted = said != Said::default() || named(rules, domain).any(|entry| listens(rules, entry, family));
                if wanted && after != said {
                    self.of.insert((domain.as_str().to_owned(), family), after);
                    changed = true;
                }
            }
        }
        self.calls = call;
        changed
    }

    /// Is this the right answer?
    ///
    /// # Errors
    ///
    /// What would have been right.
    pub(crate) fn check(&self, rules: &Rules, push: &Push, taken: &[Taken]) -> Result<(), String> {
        if taken.len() != push.domains.len() {
            return Err(format!("{} answers for {} names", taken.len(), push.domains.len()));
        }
        for (domain, taken) in push.domains.iter().zip(taken) {
            let has_use = |entry: &Entry, family| takes_address(rules, entry, family, push) || takes_prefix(rules, entry, family, push);
            let mut entries = named(rules, domain).peekable();
            let known = entries.peek().is_some();
            let takers: Vec<(&Entry, Family)> = entries
                .filter(|entry| entry.enabled)
                .flat_map(|entry| Family::ALL.into_iter().filter(|it| has_use(entry, *it)).map(move |it| (entry, it)))
                .collect();
            let is_news = |(entry, family): &(&Entry, Family)| {
                let (said, after) = (self.said(domain, *family), self.after(domain, *family, push));
                (takes_address(rules, entry, *family, push) && said.address != after.address)
                    || (takes_prefix(rules, entry, *family, push) && said.prefix != after.prefix)
            };
            let again = || {
                let may = |entry: &Entry| Family::ALL.into_iter().any(|family| self.may_renew(rules, entry, family, push));
                !takers.is_empty() && named(rules, domain).any(may)
            };
            let right = match taken {
                Taken::Unknown => !known,
                Taken::NoRecord => known && takers.is_empty(),
                Taken::Unchanged(stored) => {
                    !takers.is_empty() && !takers.iter().any(is_news) && self.is_stored(rules, &takers, push, stored)
                }
                Taken::Good(stored) => (takers.iter().any(is_news) || again()) && self.is_stored(rules, &takers, push, stored),
                // Locks and refusals are seen at the requests that follow.
                Taken::Locked | Taken::Refused(_) => !takers.is_empty(),
            };
            if !right {
                return Err(format!("{taken:?} is the answer to {push:?} for {domain}, of which is known {:?}", self.of));
            }
        }
        Ok(())
    }

    /// Is that what the entries have after this push, of the parts that they take and no others?
    fn is_stored(&self, rules: &Rules, takers: &[(&Entry, Family)], push: &Push, stored: &Stored) -> bool {
        let mut after = self.clone();
        after.pushed(rules, push, &[], PerFamily::default());
        let has = |entry: &Entry, family, part: &dyn Fn(&Said) -> bool| entry.domains.iter().any(|it| part(&after.said(it, family)));
        let addresses = Family::ALL.into_iter().all(|family| {
            let mut its = takers.iter().filter(|(entry, of)| *of == family && takes_address(rules, entry, family, push)).peekable();
            match stored.addresses[family] {
                None => its.peek().is_none(),
                Some(address) => its.any(|(entry, _)| has(entry, family, &|said| said.address.is_some_and(|(_, it)| it == address))),
            }
        });
        let mut its = takers.iter().filter(|(entry, of)| takes_prefix(rules, entry, *of, push)).peekable();
        addresses
            && match stored.prefix {
                None => its.peek().is_none(),
                Some(prefix) => its.any(|(entry, of)| has(entry, *of, &|said| said.prefix.is_some_and(|(_, it)| it == prefix))),
            }
    }

    /// The address that was pushed last for a name of this entry, or that of its machine in the prefix that was.
    pub(crate) fn gives(&self, entry: &Entry, family: Family) -> Option<IpAddr> {
        let said = || entry.domains.iter().map(|domain| self.said(domain, family));
        let prefix = said().filter_map(|it| it.prefix).max_by_key(|(at, _)| *at);
        let address = said().filter_map(|it| it.address).max_by_key(|(at, _)| *at);
        match entry.ipv6_host.filter(|_| family == Family::V6) {
            Some(host) => prefix.map(|(_, prefix)| IpAddr::V6(machine(prefix, host))),
            None => address.map(|(_, address)| address),
        }
    }

    /// Was this pushed for one of the entry's names? Where sources come first, which of them is the last one depends on when
    /// they knew.
    pub(crate) fn knows(&self, entry: &Entry, family: Family, sent: IpAddr) -> bool {
        let mut said = entry.domains.iter().map(|domain| self.said(domain, family));
        match entry.ipv6_host.filter(|_| family == Family::V6) {
            Some(host) => said.any(|it| it.prefix.is_some_and(|(_, prefix)| IpAddr::V6(machine(prefix, host)) == sent)),
            None => said.any(|it| it.address.is_some_and(|(_, address)| address == sent)),
        }
    }

    /// Does this entry need nobody else to be asked?
    pub(crate) fn suffices(&self, line: &Line, entry: &Entry, family: Family) -> bool {
        match line.sources[family].as_slice() {
            [Source::Push] => true,
            [Source::Push, ..] => self.gives(entry, family).is_some(),
            _ => false,
        }
    }

    /// The process ended: what it reads again may have been overtaken again.
    pub(crate) fn down(&mut self) {
        self.renewed.clear();
    }
}

/// The names that the router of a line knows: those of entries that follow it, mostly.
fn names(world: &mut World, cable: bool) -> Vec<Domain> {
    let wan = if cable { "cable" } else { "default" };
    let entries: Vec<Vec<Domain>> =
        world.observer.rules().entries.iter().filter(|entry| entry.wan == wan).map(|entry| entry.domains.clone()).collect();
    let mut names: Vec<Domain> = entries.into_iter().filter(|_| world.dice.percent(80)).flatten().collect();
    if names.len() > 1 && world.dice.percent(30) {
        // Another router for each name.
        let at = usize::try_from(world.dice.below(names.len() as u64)).expect("an index fits");
        names = vec![names.swap_remove(at)];
    }
    if names.is_empty() || world.dice.percent(10) {
        names.push(Domain::parse("strange.example.org").expect("a name"));
    }
    names
}

fn says(line: &Model, families: &[Family], with_prefix: bool, domains: Vec<Domain>) -> Push {
    let addresses = PerFamily::from_fn(|family| line.address(family).filter(|_| families.contains(&family)));
    Push { domains, addresses, prefix: line.prefix().filter(|_| with_prefix) }
}

fn is_empty(push: &Push) -> bool {
    push.prefix.is_none() && push.addresses.iter().all(|(_, address)| address.is_none())
}

/// The router of a line calls: once for both families, or once per family, and repeats itself.
///
/// # Errors
///
/// The rule that was broken.
pub(crate) fn call(world: &mut World, cable: bool) -> Result<(), String> {
    let names = names(world, cable);
    let (prefix_first, with_prefix) = (world.dice.percent(50), world.dice.percent(70));
    let line = &world.lines[usize::from(cable)];
    let calls = if world.dice.percent(50) {
        vec![says(line, &Family::ALL, with_prefix, names)]
    } else {
        let first = says(line, &[Family::V4], with_prefix && prefix_first, names.clone());
        vec![first, says(line, &[Family::V6], with_prefix && !prefix_first, names)]
    };
    let repeats = world.dice.pick(&[0, 0, 1, 5]);
    for _ in 0..=repeats {
        for push in calls.iter().filter(|push| !is_empty(push)) {
            world.push(push.clone())?;
            let pause = world.dice.pick(&[0, 40, 300, 2 * SECOND]);
            world.run(world.now + pause)?;
        }
        let pause = world.dice.pick(&[0, SECOND, 5 * MINUTE]);
        world.run(world.now + pause)?;
    }
    Ok(())
}

/// Routers that change their mind, for one name or several.
///
/// # Errors
///
/// The rule that was broken.
pub(crate) fn flap(world: &mut World, cable: bool) -> Result<(), String> {
    let names = names(world, cable);
    let family = if world.dice.percent(50) { Family::V4 } else { Family::V6 };
    let few: Vec<IpAddr> = (0..3).map(|_| public(family, &mut world.dice)).collect();
    for _ in 0..world.dice.between(2, 25) {
        let address = world.dice.pick(&few);
        let domains = if world.dice.percent(50) { names.clone() } else { vec![names[0].clone()] };
        let prefix = match address {
            IpAddr::V6(v6) if world.dice.percent(50) => Some(Prefix::new(v6, 56)),
            _ => None,
        };
        let addresses = PerFamily::from_fn(|it| Some(address).filter(|_| it == family));
        world.push(Push { domains, addresses, prefix })?;
        let pause = world.dice.pick(&[100, SECOND, 11 * SECOND, 2 * MINUTE]);
        world.run(world.now + pause)?;
    }
    Ok(())
}

/// At the end the routers say for every name where it is.
///
/// # Errors
///
/// The rule that was broken.
pub(crate) fn recover(world: &mut World) -> Result<(), String> {
    let rules = world.observer.rules().clone();
    for entry in &rules.entries {
        let mut push = says(world.line(entry), &Family::ALL, true, entry.domains.clone());
        // Names need not be where their line is.
        for family in Family::ALL.into_iter().filter(|family| rank(&rules, entry, *family) == Some(0)) {
            if world.dice.percent(40) {
                let elsewhere = public(family, &mut world.dice);
                push.addresses[family] = Some(elsewhere);
                if let IpAddr::V6(address) = elsewhere {
                    push.prefix = Some(Prefix::new(address, 56));
                }
            }
        }
        world.push(push)?;
    }
    Ok(())
}
