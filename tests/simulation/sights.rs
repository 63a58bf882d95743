//! What the sources of each line have told, seen from outside: which address may be sent because of it, who may be asked
//! again, and how long nobody may be asked at all.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use wanbeacon::engine::Rules;
use wanbeacon::rules::address::{Family, PerFamily, Prefix};
use wanbeacon::rules::consensus::{Line, Probe, Source};
use wanbeacon::rules::domain::{Entry, HostId};

use super::{DAY, HOUR, MINUTE, SECOND};

/// Between the answer of one source and that of the next one the round is not over, and what was seen before still stands.
const ROUND: u64 = MINUTE;

/// What one answer amounts to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// An address that may be published.
    pub(crate) address: Option<IpAddr>,
    /// The prefix of the LAN.
    pub(crate) prefix: Option<Prefix>,
}

/// A question on its way.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) family: Family,
    source: String,
    outside: bool,
    router: bool,
    /// It belongs to the daily look from outside.
    check: bool,
    /// What was asked before this was raised is not an answer any more.
    epoch: u64,
}

#[derive(Clone, Debug)]
struct Fact {
    source: String,
    outside: bool,
    router: bool,
    told: Told,
    at: u64,
    /// Since when it has been superseded, per kind.
    address_gone: Option<u64>,
    prefix_gone: Option<u64>,
}

#[derive(Clone, Debug, Default)]
struct Check {
    begun: u64,
    /// The address near by that it is about.
    near: Option<IpAddr>,
    ended: bool,
    /// And that is on disk.
    kept: bool,
}

#[derive(Clone, Debug, Default)]
struct Sight {
    epoch: u64,
    facts: Vec<Fact>,
    /// Somebody was asked, or nobody wanted to know.
    looked: u64,
    /// How often each source was asked.
    asked: BTreeMap<String, u64>,
    /// Said by a router that tells by itself.
    proven: bool,
}

#[derive(Default)]
pub(crate) struct Sights {
    of: BTreeMap<(String, Family), Sight>,
    /// By line, its way out, and family.
    checks: BTreeMap<(String, Option<String>, Family), Check>,
    /// The kernel tells of changes.
    pub(crate) followed: bool,
    pub(crate) begun: u64,
    /// How often something was told or forgotten: in between a line shows what it showed.
    pub(crate) turns: PerFamily<u64>,
}

pub(crate) fn outside(probe: &Probe) -> bool {
    matches!(probe, Probe::Echo { .. } | Probe::Dns(_) | Probe::Stun(_))
}

/// Whom a probe asks, for the books.
pub(crate) fn who(probe: &Probe) -> String {
    match probe {
        Probe::Echo { url } => url.clone(),
        Probe::Dns(whoami) => format!("dns of {} {}", whoami.operator, whoami.name),
        Probe::Stun(server) => format!("stun of {}", server.host),
        other => format!("{other:?}"),
    }
}

/// Does this probe belong to this source?
fn belongs(probe: &Probe, source: &Source) -> bool {
    match (probe, source) {
        (Probe::Interface(asked), Source::Interface(named)) => named.is_none() || asked == named,
        (Probe::Command(asked), Source::Command(named)) => asked == named,
        (Probe::Echo { url }, Source::Echo(named)) => url == named,
        (Probe::FritzBox, Source::FritzBox)
        | (Probe::Upnp, Source::Upnp)
        | (Probe::Pcp, Source::Pcp)
        | (Probe::Echo { .. }, Source::Web)
        | (Probe::Dns(_), Source::Dns)
        | (Probe::Stun(_), Source::Stun) => true,
        _ => false,
    }
}

/// The sources that are asked.
fn askable(line: &Line, family: Family) -> Vec<&Source> {
    line.sources[family].iter().filter(|source| **source != Source::Push).collect()
}

/// May one answer settle the address?
fn one_voice(line: &Line, family: Family) -> bool {
    matches!(askable(line, family).as_slice(), [only] if !only.outside())
}

/// Does nobody want the line's own IPv6 address?
fn hosts_only(rules: &Rules, line: &str) -> bool {
    let mut entries = rules.entries.iter().filter(|it| it.enabled && it.wan == line && it.mode.wants(Family::V6)).peekable();
    entries.peek().is_some() && entries.all(|it| it.ipv6_host.is_some())
}

impl Sights {
    fn sight(&mut self, line: &str, family: Family) -> &mut Sight {
        self.of.entry((line.to_owned(), family)).or_default()
    }

    /// A question leaves. `cause`: the question whose answer made the engine ask, and what that answer told.
    ///
    /// # Errors
    ///
    /// The rule that was broken.
    pub(crate) fn ask(
        &mut self,
        rules: &Rules,
        via: Option<&str>,
        (probe, family): (&Probe, Family),
        cause: Option<&(Asked, Told)>,
        now: u64,
    ) -> Result<Asked, String> {
        let line = rules.lines.iter().find(|line| line.interface.as_deref() == via);
        let line = line.ok_or_else(|| format!("{probe:?} is asked through {via:?}, which is no line's way"))?;
        let Some(source) = line.sources[family].iter().find(|source| belongs(probe, source)) else {
            return Err(format!("{probe:?} is asked, which is no {family} source of {}", line.name));
        };
        let outside = source.outside();
        let hosts_only = family == Family::V6 && hosts_only(rules, &line.name);
        let begins = |(asked, told): &(Asked, Told)| {
            let enough = told.address.is_some() && (!hosts_only || told.prefix.is_some() || !asked.router);
            let first = askable(line, family).first().is_some_and(|source| source.outside());
            asked.line == line.name && asked.family == family && !asked.outside && enough && !first
        };
        let goes_on = |(asked, _): &(Asked, Told)| asked.check && asked.line == line.name && asked.family == family;
        let starts = outside && cause.is_some_and(begins);
        let check = outside && (starts || cause.is_some_and(goes_on));
        let asked = Asked {
            line: line.name.clone(),
            family,
            source: who(probe),
            outside,
            router: source.router(),
            check,
            epoch: self.sight(&line.name, family).epoch,
        };
        if starts {
            let near = cause.and_then(|(_, told)| told.address);
            self.begin_check((line.name.clone(), line.interface.clone(), family), near, now)?;
        }
        if !check {
            let sight = self.sight(&line.name, family);
            sight.looked = now;
            *sight.asked.entry(asked.source.clone()).or_default() += 1;
        }
        Ok(asked)
    }

    /// Once a day; after four hours again if nobody answered.
    fn begin_check(&mut self, key: (String, Option<String>, Family), near: Option<IpAddr>, now: u64) -> Result<(), String> {
        let (line, family) = (key.0.clone(), key.2);
        let check = self.checks.entry(key).or_default();
        if check.begun == now && check.near == near {
            return Ok(());
        }
        let least = if check.ended { DAY } else { 4 * HOUR };
        if check.begun > 0 && now + 5 < check.begun + least {
            let since = (now - check.begun) / SECOND;
            return Err(format!("{line} {family} is looked at from outside again after {since} s"));
        }
        if check.begun != now {
            self.begun += 1;
        }
        *check = Check { begun: now, near, ended: false, kept: false };
        Ok(())
    }

    /// An answer arrives. Is it one to a question that still counts?
    pub(crate) fn told(&mut self, rules: &Rules, asked: &Asked, told: Told, now: u64) {
        let Asked { line, family, source, outside, router, check, epoch } = asked.clone();
        self.turns[family] += 1;
        let Some(settings) = rules.lines.iter().find(|it| it.name == line) else { return };
        if check {
            let current = self.latest(&line, family);
            let key = (line, settings.interface.clone(), family);
            if let Some(check) = self.checks.get_mut(&key)
                && check.near.is_some()
                && check.near == told.address
                && check.near == current
            {
                check.ended = true;
            }
            return;
        }
        let sight = self.sight(&line, family);
        if sight.epoch != epoch {
            return;
        }
        for fact in &mut sight.facts {
            let same = fact.source == source;
            if same || (!outside && told.address.is_some()) {
                fact.address_gone.get_or_insert(now);
            }
            if same || (!outside && told.prefix.is_some()) {
                fact.prefix_gone.get_or_insert(now);
            }
        }
        sight.facts.retain(|fact| fact.at + 80 * DAY > now);
        if sight.facts.len() > 80 {
            sight.facts.remove(0);
        }
        // Many that knew nothing must not crowd out who did.
        if told != Told::default() {
            sight.facts.push(Fact { source, outside, router, told, at: now, address_gone: None, prefix_gone: None });
        }
    }

    /// The address that was told last.
    pub(crate) fn latest(&self, line: &str, family: Family) -> Option<IpAddr> {
        let facts = &self.of.get(&(line.to_owned(), family))?.facts;
        facts.iter().rev().find_map(|fact| fact.told.address.filter(|_| fact.address_gone.is_none()))
    }

    /// What this line showed is not known any more, nor is what was asked of it an answer.
    pub(crate) fn forget(&mut self, line: &str, family: Family) {
        let sight = self.sight(line, family);
        sight.facts.clear();
        sight.epoch += 1;
    }

    /// Whoever sleeps looks at nothing.
    pub(crate) fn slept(&mut self, now: u64) {
        self.of.values_mut().for_each(|sight| sight.looked = now);
    }

    pub(crate) fn forget_all(&mut self, family: Family) {
        self.turns[family] += 1;
        let lines: Vec<String> = self.of.keys().map(|(line, _)| line.clone()).collect();
        for line in lines {
            self.forget(&line, family);
        }
    }

    /// Other settings: what was asked before is nobody's question; lines that changed are new ones.
    pub(crate) fn settings(&mut self, before: &Rules, after: &Rules) {
        self.turns = PerFamily::from_fn(|family| self.turns[family] + 1);
        for sight in self.of.values_mut() {
            sight.epoch += 1;
            sight.proven = false;
        }
        for line in &before.lines {
            let after = after.lines.iter().find(|it| (&it.name, &it.interface) == (&line.name, &line.interface));
            for family in Family::ALL.into_iter().filter(|it| after.is_none_or(|after| after.sources[*it] != line.sources[*it])) {
                self.forget(&line.name, family);
            }
        }
    }

    /// The process ended: what the sources of the house said is gone; the answers of outside services may be young still.
    pub(crate) fn down(&mut self) {
        for sight in self.of.values_mut() {
            sight.facts.retain(|fact| fact.outside);
            sight.epoch += 1;
            sight.proven = false;
        }
        self.followed = false;
        self.checks.values_mut().for_each(|check| check.ended = check.kept);
    }

    /// What is known is on disk.
    pub(crate) fn saved(&mut self) {
        self.checks.values_mut().for_each(|check| check.kept = check.ended);
    }

    /// It could not write down when it looked, or nobody can say how long ago that was.
    pub(crate) fn forget_checks(&mut self) {
        self.checks.clear();
    }

    pub(crate) fn proven(&mut self, rules: &Rules, via: Option<&str>, families: PerFamily<bool>) {
        for line in rules.lines.iter().filter(|line| line.interface.as_deref() == via) {
            for family in Family::ALL {
                self.sight(&line.name, family).proven = families[family];
            }
        }
    }

    /// How often each source was asked.
    pub(crate) fn asked(&self, line: &str, family: Family, source: &str) -> u64 {
        self.of.get(&(line.to_owned(), family)).and_then(|sight| sight.asked.get(source)).copied().unwrap_or(0)
    }

    /// Longest time between two looks.
    fn pause(&self, line: &Line, family: Family, interval: u64) -> u64 {
        let sources = &line.sources[family];
        let proven = self.of.get(&(line.name.clone(), family)).is_some_and(|sight| sight.proven);
        let kernel = self.followed && family == Family::V4 && sources.iter().any(|it| matches!(it, Source::Interface(_)));
        let router = proven && sources.iter().any(|it| matches!(it, Source::FritzBox | Source::Upnp));
        if kernel || router { interval * 6 } else { interval }
    }

    /// Is somebody asked often enough? `wanted`: somebody wants to know.
    ///
    /// # Errors
    ///
    /// The rule that was broken.
    pub(crate) fn watch(&mut self, line: &Line, family: Family, wanted: bool, interval: u64, now: u64) -> Result<(), String> {
        let mut pause = self.pause(line, family, interval);
        if askable(line, family).iter().all(|source| source.outside()) {
            // All of them may be resting.
            pause *= 2;
        }
        let sight = self.sight(&line.name, family);
        if !wanted || askable(line, family).is_empty() {
            sight.looked = now;
        } else if now > sight.looked + pause + 10 * MINUTE {
            let since = (now - sight.looked) / SECOND;
            return Err(format!("{family} of {} was looked at {since} s ago; every {} s is right", line.name, pause / SECOND));
        }
        Ok(())
    }

    /// 5: may this address be sent for this entry?
    ///
    /// # Errors
    ///
    /// The rule that was broken.
    pub(crate) fn supports(&self, rules: &Rules, entry: &Entry, family: Family, sent: IpAddr, now: u64) -> Result<(), String> {
        let Some(line) = rules.lines.iter().find(|line| line.name == entry.wan) else {
            return Err(format!("5: {sent} is sent for a line {} that is gone", entry.wan));
        };
        let strict = one_voice(line, family);
        let interval = entry_interval(rules);
        let rest = if strict { 5 * MINUTE } else { 30 * MINUTE };
        let limit = self.pause(line, family, interval) + rest;
        let grace = if strict { 0 } else { ROUND };
        let none = Vec::new();
        let facts = self.of.get(&(line.name.clone(), family)).map_or(&none, |sight| &sight.facts);
        let host = entry.ipv6_host.filter(|_| family == Family::V6);
        let young = |gone: Option<u64>, outside: bool| outside || gone.is_none_or(|gone| now <= gone + grace);
        let fits = |fact: &&Fact| match host {
            None => fact.told.address == Some(sent) && young(fact.address_gone, fact.outside),
            Some(host) => {
                let own = |address: Option<IpAddr>| match address {
                    Some(IpAddr::V6(own)) if !fact.router => Some(Prefix::new(own, 64)),
                    _ => None,
                };
                let inside = |prefix: Prefix| IpAddr::V6(machine(prefix, host)) == sent;
                fact.told.prefix.is_some_and(|prefix| inside(prefix) && young(fact.prefix_gone, fact.outside))
                    || own(fact.told.address).is_some_and(|prefix| inside(prefix) && young(fact.address_gone, fact.outside))
            }
        };
        match facts.iter().rev().find(fits) {
            Some(fact) if now <= fact.at + limit => Ok(()),
            Some(fact) => Err(format!("5: {sent} is sent, and was seen {} s ago by {}", (now - fact.at) / SECOND, fact.source)),
            None => {
                let facts: Vec<String> =
                    facts.iter().rev().take(6).map(|fact| format!("{fact:?} {} s ago", (now - fact.at) / SECOND)).collect();
                Err(format!("5: {sent} is sent, and is not what {} shows {family} now: {}", line.name, facts.join("\n  ")))
            }
        }
    }
}

fn entry_interval(rules: &Rules) -> u64 {
    u64::try_from(rules.interval.as_millis()).expect("hours fit")
}

/// The machine's address: prefix, subnet and identifier side by side.
pub(crate) fn machine(prefix: Prefix, host: HostId) -> Ipv6Addr {
    Ipv6Addr::from_bits(prefix.network.to_bits() | host.0)
}
