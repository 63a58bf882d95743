//! Drives the production engine through one history under virtual time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use wanbeacon::engine::event::{Action, Event, Ticket};
use wanbeacon::engine::{Engine, Memory, Run};
use wanbeacon::rules::address::{Family, PerFamily};
use wanbeacon::rules::answer::DnsAnswer;
use wanbeacon::rules::consensus::{Probe, ProbeFault, Reading, Source};
use wanbeacon::rules::domain::{Domain, Entry};
use wanbeacon::rules::moment::{Moment, Now, RELEASED};
use wanbeacon::rules::order::{self, Order};
use wanbeacon::rules::push::Push;

use super::dice::Dice;
use super::line::Line;
use super::observer::{Arrival, Observer, keys};
use super::provider::{Answer, Key, Provider, Request, Seen};
use super::pushes;
use super::script::Happening;
use super::setup::Setup;
use super::sights::{self, Asked, Told, machine};
use super::{DAY, HOUR, MINUTE, SECOND, START};

/// Something that will come back to the process.
enum Coming {
    Reading(Ticket, Result<Reading, ProbeFault>, Asked, Told),
    Reply(Box<Reply>),
    Dns { ticket: Ticket, answer: DnsAnswer, key: Key, shown: Option<Seen>, denied: bool },
}

/// A reply on its way, with what the observer needs to know of its request.
struct Reply {
    ticket: Ticket,
    entry: Arc<Entry>,
    entries: Vec<Arc<Entry>>,
    names: Vec<String>,
    addresses: PerFamily<Option<IpAddr>>,
    answer: Answer,
}

/// One line of events, newest last.
const KEPT: usize = 40;

/// How many times in a row the engine may want to be woken at once.
const SPIN: u32 = 200;

/// The rest of the world, and the process in it.
#[expect(clippy::struct_excessive_bools, reason = "facts that are true independently of each other")]
pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) setup: Setup,
    /// The line `default`, and the line `cable`.
    pub(crate) lines: [Line; 2],
    /// The kernel's changes are followed.
    follows: bool,
    /// Ticks that were asked for, and those of them that did nothing.
    pub(crate) ticks: (u64, u64),
    /// How often the process was started.
    pub(crate) starts: u64,
    /// The answer that is being handled.
    cause: Option<(Asked, Told)>,
    pub(crate) provider: Provider,
    pub(crate) observer: Observer,
    memory: Memory,
    engine: Option<Engine>,
    disk: BTreeMap<String, String>,
    /// Milliseconds since the history began.
    pub(crate) now: u64,
    /// When the machine was switched on.
    boot: u64,
    /// What the wall clock is off by, and what the engine takes for right.
    offset: i64,
    line_offset: Option<i64>,
    /// What it was off by when the state was saved last.
    disk_offset: i64,
    /// The process has seen a right clock.
    awake: bool,
    coming: BinaryHeap<Reverse<(u64, u64)>>,
    waiting: BTreeMap<u64, Coming>,
    sequence: u64,
    wake: Option<u64>,
    /// Actions that were performed, those that only ask for the next wake-up aside.
    done: u64,
    /// Those of them that are more than words.
    deeds: u64,
    spins: u32,
    disk_full_until: u64,
    unwritable: bool,
    /// So many lists of actions are done before the process dies inside one.
    pub(crate) dies_in: Option<u32>,
    restart_at: Option<u64>,
    stopping: bool,
    /// Pushed to a process that does not know the time yet.
    early: Vec<Push>,
    /// How often a router called, and how often it had news.
    pub(crate) calls: (u64, u64),
    trace: VecDeque<String>,
}

/// The wall clock at the beginning.
const BEGIN: i64 = RELEASED.0 + 30 * 86_400_000;

impl World {
    pub(crate) fn new(mut dice: Dice) -> Self {
        let setup = Setup::random(&mut dice);
        let memory = if dice.percent(8) { Memory::Off } else { Memory::Kept };
        let lines = [Line::new(setup.novel, &mut dice), Line::new(setup.novel, &mut dice)];
        let follows = setup.novel && dice.percent(50);
        let interval = u64::try_from(setup.interval().as_millis()).expect("hours fit");
        let observer = Observer::new(setup.load(), interval);
        let mut world = Self {
            dice,
            setup,
            lines,
            follows,
            ticks: (0, 0),
            starts: 0,
            cause: None,
            provider: Provider::default(),
            observer,
            memory,
            engine: None,
            disk: BTreeMap::new(),
            now: START,
            boot: START,
            offset: 0,
            line_offset: None,
            disk_offset: 0,
            awake: false,
            coming: BinaryHeap::new(),
            waiting: BTreeMap::new(),
            sequence: 0,
            wake: None,
            done: 0,
            deeds: 0,
            spins: 0,
            disk_full_until: 0,
            unwritable: false,
            dies_in: None,
            restart_at: Some(START),
            stopping: false,
            early: Vec::new(),
            calls: (0, 0),
            trace: VecDeque::new(),
        };
        world.tell(&format!("configuration:\n{}", world.setup.text()));
        world
    }

    pub(crate) fn tell(&mut self, text: &str) {
        if self.trace.len() == KEPT {
            self.trace.pop_front();
        }
        let (days, rest) = (self.now / DAY, self.now % DAY);
        let (hours, minutes, seconds) = (rest / HOUR, rest % HOUR / MINUTE, rest % MINUTE / SECOND);
        self.trace.push_back(format!("day {days:3} {hours:02}:{minutes:02}:{seconds:02}.{:03} {text}", rest % SECOND));
    }

    pub(crate) fn trace(&self) -> String {
        let lines: Vec<&str> = self.trace.iter().map(String::as_str).collect();
        format!("{}\nconfiguration now:\n{}", lines.join("\n"), self.setup.text())
    }

    // ---- time

    /// Lets time pass up to `until`.
    ///
    /// # Errors
    ///
    /// The rule that was broken on the way.
    pub(crate) fn run(&mut self, until: u64) -> Result<(), String> {
        loop {
            let coming = self.coming.peek().map(|Reverse((at, _))| *at);
            let next = [coming, self.wake, self.restart_at].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= until) else {
                self.now = until;
                return self.watch();
            };
            if next > self.now {
                self.spins = 0;
            }
            self.now = self.now.max(next);
            self.watch()?;
            if self.restart_at == Some(next) {
                self.restart_at = None;
                self.start()?;
            } else if coming == Some(next) {
                self.arrive()?;
            } else {
                self.wake = None;
                self.spins += 1;
                if self.spins > SPIN {
                    return Err("the engine wants to be woken again and again without doing anything".into());
                }
                self.idle(Event::Tick)?;
            }
        }
    }

    /// Is every line looked at as often as it should be?
    fn watch(&mut self) -> Result<(), String> {
        let up = self.is_healthy().then_some(self.lines[0].up);
        self.observer.watch(up, self.now)
    }

    /// A wake-up that was asked for: does it do anything?
    fn idle(&mut self, event: Event) -> Result<(), String> {
        let before = self.done;
        let asleep = !self.awake;
        self.handle(event)?;
        if !asleep {
            self.ticks.0 += 1;
            self.ticks.1 += u64::from(self.done == before);
        }
        Ok(())
    }

    fn later(&mut self, span: u64, what: Coming) {
        self.sequence += 1;
        self.coming.push(Reverse((self.now + span, self.sequence)));
        self.waiting.insert(self.sequence, what);
    }

    fn wall(&self) -> i64 {
        BEGIN + i64::try_from(self.now).expect("years fit") + self.offset
    }

    fn clock(&mut self) -> Now {
        Now { boot: Duration::from_millis(self.now - self.boot), wall: Moment(self.wall()), random: self.dice.draw() }
    }

    /// What arrives next at the process.
    fn arrive(&mut self) -> Result<(), String> {
        let Some(Reverse((_, sequence))) = self.coming.pop() else {
            return Ok(());
        };
        let Some(what) = self.waiting.remove(&sequence) else {
            return Ok(());
        };
        let now = self.now;
        match what {
            Coming::Reading(ticket, result, asked, told) => {
                let rules = self.observer.rules().clone();
                self.observer.sights.told(&rules, &asked, told, now);
                self.cause = Some((asked, told));
                let handled = self.handle(Event::Detected { ticket, result });
                self.cause = None;
                handled
            }
            Coming::Dns { ticket, answer, key, shown, denied } => {
                let wanted = self.shown_by_the_engine(&key).or_else(|| self.target(&key));
                self.observer.dns(&key, shown, wanted, denied, now);
                self.handle(Event::Answered { ticket, answer })
            }
            Coming::Reply(reply) => {
                let Reply { ticket, entry, entries, names, addresses, answer } = *reply;
                self.tell(&format!("reply to {ticket}: {}", shown(&answer)));
                let arrival = Arrival { ticket, entry: &entry, entries: &entries, names: &names, addresses, fates: &answer.fates, now };
                self.observer.reply(&arrival, answer.slow, answer.lie);
                self.handle(Event::Replied { ticket, outcome: answer.outcome })
            }
        }
    }

    // ---- the process

    fn start(&mut self) -> Result<(), String> {
        if self.memory == Memory::Off {
            self.observer.forget();
        }
        self.unwritable = false;
        self.stopping = false;
        let rules = self.setup.load();
        self.observer.settings(rules.clone(), None);
        let remembered = if self.memory == Memory::Off { BTreeMap::new() } else { self.disk.clone() };
        self.engine = Some(Engine::new(Run::Daemon, self.memory, rules, remembered));
        self.awake = false;
        self.tell("the process starts");
        self.starts += 1;
        self.handle(Event::Tick)?;
        if self.follows && self.running() { self.follow(true) } else { Ok(()) }
    }

    /// The kernel's changes are followed, or not any more.
    pub(crate) fn follow(&mut self, on: bool) -> Result<(), String> {
        self.observer.sights.followed = on;
        self.handle(Event::Followed(on))
    }

    /// The line that an entry follows.
    pub(crate) fn line(&self, entry: &Entry) -> &Line {
        &self.lines[usize::from(entry.wan == "cable")]
    }

    /// What this name should show.
    fn target(&self, key: &Key) -> Option<IpAddr> {
        let rules = self.observer.rules();
        let entry = &rules.entries[keys(rules, false).find(|(_, it)| it == key)?.0];
        if let (Some(0), Some(pushed)) = (pushes::rank(rules, entry, key.2), self.observer.pushed_for(entry, key.2)) {
            return Some(pushed);
        }
        let line = self.line(entry);
        if self.observer.only_hears(entry, key.2) {
            return None;
        }
        match entry.ipv6_host.filter(|_| key.2 == Family::V6) {
            Some(host) => line.prefix().map(|prefix| IpAddr::V6(machine(prefix, host))),
            None => self.observer.sights.latest(&entry.wan, key.2).filter(|_| !self.setup.novel).or(line.address(key.2)),
        }
    }

    /// Which of a line's sources and of its routers' calls counts just now is for the engine to say; whether it may is seen when
    /// it sends.
    fn shown_by_the_engine(&self, key: &Key) -> Option<IpAddr> {
        let rules = self.observer.rules();
        let entry = &rules.entries[keys(rules, false).find(|(_, it)| it == key)?.0];
        pushes::rank(rules, entry, key.2).filter(|rank| *rank > 0)?;
        let now = Now { boot: Duration::from_millis(self.now - self.boot), wall: Moment(self.wall()), random: 0 };
        let snapshot = self.engine.as_ref()?.snapshot(now);
        snapshot.ddns.into_iter().find(|name| name.domain.as_str() == key.1)?.families[key.2].address
    }

    /// A family of a line gets another address.
    pub(crate) fn change(&mut self, line: usize, family: Family) {
        self.lines[line].change(family, &mut self.dice);
        self.tell(&format!("{family} of line {line} is now {:?}", self.lines[line].shown[family]));
    }

    /// Time passes and nobody notices.
    pub(crate) fn sleep(&mut self, span: u64) -> Result<(), String> {
        self.now += span;
        self.observer.sights.slept(self.now);
        if self.is_healthy() {
            self.observer.resumed(self.lines[0].up);
        }
        self.handle(Event::Resumed)
    }

    /// The process is gone, whatever it was doing.
    pub(crate) fn die(&mut self, why: &str) {
        self.tell(&format!("the process ends: {why}"));
        self.engine = None;
        self.early.clear();
        self.wake = None;
        self.coming.clear();
        self.waiting.clear();
        self.observer.down();
        let pause = self.dice.pick(&[SECOND, 2 * SECOND, 30 * SECOND, 10 * MINUTE, 3 * HOUR]);
        self.restart_at = Some(self.now + pause);
        if self.dice.percent(40) {
            // With the machine; it may have no battery.
            self.boot = self.now;
            if self.dice.percent(30) {
                self.offset = -BEGIN - i64::try_from(self.now).expect("years fit");
            }
        }
    }

    pub(crate) fn lose_state(&mut self) {
        self.die("and its state folder is lost");
        self.disk.clear();
        self.observer.forget();
    }

    pub(crate) fn fill_disk(&mut self, span: u64) {
        self.disk_full_until = self.now + span;
    }

    pub(crate) fn set_clock(&mut self, offset: i64) -> Result<(), String> {
        self.offset = offset;
        // The kernel tells of it, and the process looks.
        self.handle(Event::Tick)
    }

    pub(crate) fn running(&self) -> bool {
        self.engine.is_some()
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.engine.is_some() && self.awake
    }

    pub(crate) fn stop(&mut self) -> Result<(), String> {
        self.stopping = true;
        self.handle(Event::Stop)
    }

    /// One event, and everything that follows from it.
    pub(crate) fn handle(&mut self, event: Event) -> Result<(), String> {
        let now = self.clock();
        if self.engine.is_none() {
            return Ok(());
        }
        self.mind_the_clock(now);
        let Some(engine) = &mut self.engine else {
            return Ok(());
        };
        let actions = engine.handle(now, event);
        self.perform(actions)
    }

    /// What the engine will take for the right time, seen from outside.
    fn mind_the_clock(&mut self, now: Now) {
        if now.wall < RELEASED {
            return;
        }
        if !self.awake {
            self.awake = true;
            self.observer.up(self.now, self.offset - self.disk_offset);
            self.disk_offset = self.offset;
            for push in std::mem::take(&mut self.early) {
                self.observer.pushed(&push, &[]);
            }
        }
        self.line_offset = Some(self.offset);
    }

    /// A router calls.
    pub(crate) fn push(&mut self, push: Push) -> Result<(), String> {
        let now = self.clock();
        let Some(engine) = self.engine.as_ref().filter(|_| !self.stopping) else {
            return Ok(());
        };
        let taken = engine.takes(&push, now);
        self.tell(&format!("{push:?} → {taken:?}"));
        let mut news = true;
        if self.awake {
            self.observer.takes(&push, &taken)?;
            news = self.observer.pushed(&push, &taken);
        } else {
            self.early.push(push.clone());
        }
        self.calls = (self.calls.0 + 1, self.calls.1 + u64::from(news));
        let (deeds, starts) = (self.deeds, self.starts);
        self.handle(Event::Pushed(push))?;
        if !news && self.deeds != deeds && self.starts == starts {
            return Err("what a router repeats has an effect".into());
        }
        Ok(())
    }

    fn perform(&mut self, actions: Vec<Action>) -> Result<(), String> {
        let end = self.death_in(&actions);
        let mut unsaved = Vec::new();
        let mut failed = false;
        self.wake = None;
        self.done += actions.iter().filter(|action| !matches!(action, Action::WakeAt(_))).count() as u64;
        self.deeds += actions.iter().filter(|action| !matches!(action, Action::WakeAt(_) | Action::Announce(_))).count() as u64;
        for (index, action) in actions.into_iter().enumerate() {
            let dying = end.is_some_and(|end| end <= index);
            let cut_off = dying || end == Some(index + 1) && self.dice.percent(50);
            if let Action::Send { entry, order, .. } = &action
                && cut_off
            {
                self.cut_off(entry, order);
            }
            if dying {
                continue;
            }
            match action {
                Action::Save(_) if self.memory != Memory::Kept || self.unwritable => {
                    return Err("a save although there is nothing to save to".into());
                }
                Action::Save(_) if self.now < self.disk_full_until => {
                    failed = true;
                    self.observer.save_failed();
                }
                Action::Save(writes) => {
                    for write in writes {
                        match write.value {
                            Some(value) => self.disk.insert(write.key, value),
                            None => self.disk.remove(&write.key),
                        };
                    }
                    self.disk_offset = self.line_offset.unwrap_or(self.disk_offset);
                    self.observer.saved(true);
                }
                Action::Send { ticket, .. } if failed => unsaved.push(ticket),
                Action::Send { .. } if cut_off => {}
                Action::Send { ticket, entry, order } => self.deliver(ticket, entry, &order)?,
                Action::Detect { ticket, family, probe, via } => self.look(ticket, family, &probe, via.as_deref())?,
                Action::Ask { ticket, domain, family } => self.ask(ticket, domain.as_str(), family),
                Action::Announce(_) => {}
                Action::WakeAt(at) => self.wake = Some((self.boot + u64::try_from(at.as_millis()).expect("years fit")).max(self.now)),
                Action::Finish if self.stopping => {
                    self.observer.saved(false);
                    self.die("stopped");
                    return Ok(());
                }
                Action::Finish => return Err("the daemon finishes by itself".into()),
            }
        }
        if end.is_some() {
            self.die("killed between two actions");
            return Ok(());
        }
        if failed {
            self.tell(&format!("the disk is full; not sent: {unsaved:?}"));
            self.observer.not_sent(&unsaved);
            return self.handle(Event::Unsaved { full: true, tickets: unsaved });
        }
        if self.memory == Memory::Kept && !self.unwritable {
            self.observer.saved(false);
        }
        Ok(())
    }

    /// A request does not leave the machine, because the process dies before; the intent may be on disk.
    fn cut_off(&mut self, entry: &Entry, order: &Order) {
        let key = |domain: &Domain, family| (entry.service.clone(), domain.as_str().to_owned(), family);
        let keys = order.domains.iter().flat_map(|domain| order.families().map(move |family| key(domain, family)));
        self.observer.intended(keys);
    }

    /// Where in this list the process dies, if it does.
    fn death_in(&mut self, actions: &[Action]) -> Option<usize> {
        let interesting = actions.iter().any(|action| matches!(action, Action::Send { .. } | Action::Save(_)));
        let left = self.dies_in.filter(|_| interesting)?;
        self.dies_in = left.checked_sub(1);
        (left == 0).then(|| usize::try_from(self.dice.between(0, actions.len() as u64)).expect("an index fits"))
    }

    // ---- what it asks for

    fn look(&mut self, ticket: Ticket, family: Family, probe: &Probe, via: Option<&str>) -> Result<(), String> {
        let rules = self.observer.rules().clone();
        let asked = self.observer.sights.ask(&rules, via, (probe, family), self.cause.as_ref(), self.now)?;
        let line = &self.lines[usize::from(asked.line == "cable")];
        // Without a route no question leaves the machine.
        if sights::outside(probe) && line.up[family] {
            self.observer.echo(&sights::who(probe), via, family, self.now)?;
        }
        let (result, told) = line.read(probe, family, &mut self.dice);
        let delay = self.dice.between(5, 3 * SECOND);
        self.later(delay, Coming::Reading(ticket, result, asked, told));
        Ok(())
    }

    fn ask(&mut self, ticket: Ticket, domain: &str, family: Family) {
        let Some(key) = keys(self.observer.rules(), false).map(|(_, key)| key).find(|key| key.1 == domain && key.2 == family) else {
            return;
        };
        let (answer, shown) = self.provider.look_up(&key, self.now, &mut self.dice);
        let wanted = self.shown_by_the_engine(&key).or_else(|| self.target(&key));
        let published = self.observer.published(&key);
        let told = answer.servers.first().map(|server| &server.said);
        let denied = match told {
            Some(wanbeacon::rules::answer::Said::Addresses(shown, _)) => {
                wanted.is_none_or(|wanted| !shown.contains(&wanted)) || published.is_some_and(|it| !shown.contains(&it))
            }
            Some(wanbeacon::rules::answer::Said::NoName) => true,
            _ => false,
        };
        let delay = self.dice.between(5, 2 * SECOND);
        self.later(delay, Coming::Dns { ticket, answer, key, shown, denied });
    }

    /// A request travels to the provider.
    /// Whose each name is; only entries that are sent in the same way may share a request.
    fn owners(&self, leader: &Arc<Entry>, names: &[String]) -> Result<Vec<Arc<Entry>>, String> {
        let entries = &self.observer.rules().entries;
        let has = |entry: &Arc<Entry>, name: &String| entry.domains.iter().any(|domain| domain.as_str() == name);
        let owner = |name: &String| {
            let own = Some(leader).filter(|it| has(it, name));
            let other = || entries.iter().find(|it| has(it, name) && it.account == leader.account && it.sending == leader.sending);
            own.or_else(other).map(Arc::clone).ok_or_else(|| format!("{name} travels with strangers"))
        };
        names.iter().map(owner).collect()
    }

    fn deliver(&mut self, ticket: Ticket, entry: Arc<Entry>, order: &Order) -> Result<(), String> {
        if !self.awake {
            return Err("a request before the clock was ever right".into());
        }
        let prepared = order::prepare(&entry, order).map_err(|problem| format!("a request that cannot be built: {problem}"))?;
        let (names, addresses) = read_request(&entry, order, prepared.url.expose())?;
        let entries = self.owners(&entry, &names)?;
        let other_host =
            !self.observer.is_second(ticket) && entry.dialect.request.sibling_endpoint && order::sibling_host(&entry, order).is_some();
        let request = Request {
            service: &entry.service,
            provider: if entry.provider == "custom" { "custom" } else { &entry.dialect.name },
            names: &names,
            addresses,
            verified: entry.verify,
            other_host,
            dates: self.offset == self.line_offset.unwrap_or(0),
        };
        let answer = self.provider.answer(&request, self.wall(), self.now, &mut self.dice);
        self.tell(&format!("request {ticket} {} {names:?} → {}", prepared.shown, shown(&answer)));
        let arrival = Arrival { ticket, entry: &entry, entries: &entries, names: &names, addresses, fates: &answer.fates, now: self.now };
        self.observer.arrival(&arrival)?;
        let delay = match self.dice.below(20) {
            0 => self.dice.between(10 * SECOND, 60 * SECOND),
            _ => self.dice.between(20, 3 * SECOND),
        };
        self.later(delay, Coming::Reply(Box::new(Reply { ticket, entry, entries, names, addresses, answer })));
        Ok(())
    }

    /// Something of the script.
    pub(crate) fn happen(&mut self, happening: Happening) -> Result<(), String> {
        super::script::happen(self, happening)
    }

    /// At the end of a good day: every name shows its address, or there is a reason.
    pub(crate) fn all_is_well(&mut self) -> Result<usize, String> {
        let now = self.clock();
        let Some(engine) = &self.engine else {
            return Err("the process does not run".into());
        };
        let mut right = 0;
        for (at, key) in keys(self.observer.rules(), true) {
            let entry = &self.observer.rules().entries[at];
            let Some(wanted) = self.target(&key) else { continue };
            // A subnet needs what is delegated, and only a router knows that.
            let line = self.observer.rules().lines.iter().find(|line| line.name == entry.wan);
            let tells = |source: &Source| source.router() || *source == Source::Push;
            let routers = line.is_some_and(|line| line.sources.v6.iter().all(tells));
            // One request may be for both families.
            let subnet = entry.mode.wants(Family::V6) && entry.ipv6_host.is_some_and(|host| host.subnet() != 0);
            if subnet && !routers {
                continue;
            }
            if self.provider.stored(&key) == Some(wanted) {
                right += 1;
            } else if self.observer.excuse(entry, &key, wanted, self.now).is_none() {
                let picture = engine.snapshot(now).ddns.into_iter().find(|name| name.domain.as_str() == key.1);
                let picture = picture.map(|name| name.families[key.2].clone());
                return Err(format!(
                    "everything is healthy for a day, and {} {} shows {:?} instead of {wanted}: {picture:#?}",
                    key.1,
                    key.2,
                    self.provider.stored(&key)
                ));
            }
        }
        Ok(right)
    }
}

/// The request as the provider reads it: names and addresses out of the URL alone.
fn read_request(entry: &Entry, order: &Order, url: &str) -> Result<(Vec<String>, PerFamily<Option<IpAddr>>), String> {
    let url = url::Url::parse(url).map_err(|error| format!("8: {error}"))?;
    let host = url.host_str().unwrap_or_default();
    let own = ["dyn.example.net", "ipv4.api.freedyn.de", "ipv6.api.freedyn.de", "www.duckdns.org", "dyndns.inwx.com"];
    if url.scheme() != "https" || !(own.contains(&host) || host.ends_with(".dedyn.io")) {
        return Err(format!("8: the secret travels to {}://{host}", url.scheme()));
    }
    let mut names = Vec::new();
    let mut addresses = PerFamily { v4: None, v6: None };
    for (key, value) in url.query_pairs() {
        if matches!(&*key, "hostname" | "domains") {
            names.extend(value.split(',').map(|name| if key == "domains" { format!("{name}.duckdns.org") } else { name.to_owned() }));
        } else if let Ok(address) = value.parse::<IpAddr>() {
            addresses[Family::of(address)] = Some(address);
        } else if value.is_empty() {
            return Err(format!("5: {key} is empty"));
        }
    }
    if names.is_empty() {
        names.extend(order.domains.iter().map(|domain| domain.as_str().to_owned()));
    }
    if names.len() > entry.batch {
        return Err(format!("{} names in one request, {} are allowed", names.len(), entry.batch));
    }
    let families = order.families().collect::<Vec<_>>();
    let carried: Vec<Family> = Family::ALL.into_iter().filter(|family| addresses[*family].is_some()).collect();
    if families != carried {
        return Err(format!("the URL carries {carried:?}, the order {families:?}"));
    }
    Ok((names, addresses))
}

fn shown(answer: &Answer) -> String {
    use wanbeacon::rules::reply::Outcome;
    match &answer.outcome {
        Outcome::Replied(reply) => {
            let headers: Vec<String> = reply.headers.iter().map(|(name, value)| format!(" {name}: {value}")).collect();
            format!("{}{} {:?}", reply.status, headers.concat(), String::from_utf8_lossy(&reply.body))
        }
        Outcome::Failed(fault) => format!("{fault:?}"),
    }
}
