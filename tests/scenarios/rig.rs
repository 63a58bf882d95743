//! Drives the production engine under virtual time: performs its actions as the daemon does, against the model world.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use wanbeacon::config::Settings;
use wanbeacon::daemon;
use wanbeacon::engine::event::{Action, Event, Level, Notice, Ticket};
use wanbeacon::engine::{Engine, Memory, Run};
use wanbeacon::rules::address::{Family, PerFamily};
use wanbeacon::rules::consensus::{Probe, ProbeFault};
use wanbeacon::rules::dialect::Class;
use wanbeacon::rules::domain::Entry;
use wanbeacon::rules::moment::{Moment, Now, RELEASED};
use wanbeacon::rules::order::{Order, prepare};
use wanbeacon::rules::reply::{Fault, Outcome};
use wanbeacon::rules::snapshot::Snapshot;
use wanbeacon::rules::write::Write;

use crate::conduct;
use crate::line::{Line, NameServers};
use crate::provider::Provider;

pub(crate) type Records = BTreeMap<String, String>;

/// More events than this at one instant: the engine does not come to rest.
const RESTLESS: u32 = 2_000;

const PROBE_MS: u64 = 30;
const DNS_MS: u64 = 40;

/// What a full or unwritable disk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiskFault {
    Full,
    ReadOnly,
}

/// Where the process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    BeforeSave,
    BeforeSend,
    AfterSend,
}

/// A request that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) at_ms: u64,
    process: u32,
    ticket: Ticket,
    /// How often it reached the provider (redirects count).
    pub(crate) reached: usize,
    pub(crate) account: String,
    pub(crate) names: Vec<String>,
    pub(crate) families: Vec<Family>,
    /// Sent again to the sibling endpoint.
    pub(crate) again: bool,
    pub(crate) spacing: Duration,
}

/// How things stood at one instant.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) at_ms: u64,
    pub(crate) now: Moment,
    pub(crate) records: Records,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) wan: PerFamily<Option<std::net::IpAddr>>,
}

/// A question to an address source.
pub(crate) struct Asked {
    pub(crate) at_ms: u64,
    pub(crate) probe: Probe,
    /// It left this machine.
    pub(crate) left: bool,
}

/// Everything that happened.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) requests: Vec<Request>,
    /// Provider's replies and faults, by the time they came.
    pub(crate) replies: Vec<u64>,
    pub(crate) probes: Vec<Asked>,
    pub(crate) questions: Vec<u64>,
    pub(crate) notices: Vec<(u64, Notice)>,
    /// Changes of the aggregated status.
    pub(crate) statuses: Vec<(u64, PerFamily<String>)>,
    /// Performed saves.
    pub(crate) saves: Vec<(u64, Vec<Write>)>,
    /// Breaches of the rules of conduct.
    pub(crate) breaches: Vec<String>,
    /// Samples that were asked for.
    pub(crate) samples: Vec<Sample>,
    /// Facts about the real store.
    pub(crate) facts: BTreeSet<&'static str>,
}

type Script = Box<dyn FnOnce(&mut Rig)>;

enum Deed {
    /// For the process with this number only.
    Event(u32, Event),
    World(Script),
}

/// The world, the process and the driver between them.
pub(crate) struct Rig {
    pub(crate) line: Line,
    pub(crate) provider: Provider,
    pub(crate) servers: NameServers,
    pub(crate) settings: Settings,
    pub(crate) memory: Memory,
    pub(crate) records: Records,
    pub(crate) disk_fault: Option<DiskFault>,
    pub(crate) crash: Option<Crash>,
    /// What to do after a process ended by itself or by a crash.
    pub(crate) supervisor: Option<Duration>,
    /// A sample is taken when this class is announced.
    pub(crate) watched: Option<String>,
    pub(crate) log: Log,
    pub(crate) boot_ms: u64,
    engine: Option<Engine>,
    process: u32,
    wall_offset_ms: i64,
    queue: BTreeMap<(u64, u64), Deed>,
    number: u64,
    wake_ms: Option<u64>,
    random: u64,
    restless: (u64, u32),
}

impl Rig {
    pub(crate) fn new(settings: Settings, line: Line, seed: u64) -> Self {
        let boot_ms = 1_000_000;
        // A year back is still a time that a clock can show.
        let start = RELEASED.plus(Duration::from_secs(400 * 86_400));
        Self {
            line,
            provider: Provider::default(),
            servers: NameServers { ttl: Duration::from_secs(60), ..NameServers::default() },
            settings,
            memory: Memory::Kept,
            records: Records::new(),
            disk_fault: None,
            crash: None,
            supervisor: None,
            watched: None,
            log: Log::default(),
            boot_ms,
            engine: None,
            process: 0,
            wall_offset_ms: start.0 - i64::try_from(boot_ms).expect("a small number"),
            queue: BTreeMap::new(),
            number: 0,
            wake_ms: None,
            random: seed,
            restless: (0, 0),
        }
    }

    /// The wall clock.
    pub(crate) fn wall(&self) -> Moment {
        Moment(i64::try_from(self.boot_ms).expect("a small number") + self.wall_offset_ms)
    }

    /// The boot time at which the wall clock shows `moment`.
    pub(crate) fn boot_of(&self, moment: Moment) -> i64 {
        moment.0 - self.wall_offset_ms
    }

    pub(crate) fn set_wall(&mut self, moment: Moment) {
        self.wall_offset_ms += moment.0 - self.wall().0;
    }

    fn now(&mut self) -> Now {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Now { boot: Duration::from_millis(self.boot_ms), wall: self.wall(), random: z ^ (z >> 31) }
    }

    /// Starts a process on what is remembered, as the daemon does.
    pub(crate) fn start(&mut self) {
        self.process += 1;
        self.wake_ms = None;
        let (memory, records) = match (self.disk_fault, self.memory) {
            // A folder that cannot be written is not opened at all.
            (Some(DiskFault::ReadOnly), Memory::Kept) => (Memory::Unwritable, Records::new()),
            (_, Memory::Kept) => (Memory::Kept, self.records.clone()),
            (_, memory) => (memory, Records::new()),
        };
        self.engine = Some(Engine::new(Run::Daemon, memory, daemon::rules(&self.settings), records));
        self.event(Event::Tick);
    }

    /// The process ends at once; what was under way is lost. A supervisor starts it again.
    pub(crate) fn kill(&mut self) {
        self.end();
        if let Some(after) = self.supervisor {
            self.after(after, |rig| {
                if !rig.is_running() {
                    rig.start();
                }
            });
        }
    }

    fn end(&mut self) {
        if self.is_running() {
            self.sample();
        }
        self.engine = None;
        self.wake_ms = None;
    }

    pub(crate) fn is_running(&self) -> bool {
        self.engine.is_some()
    }

    pub(crate) fn restart(&mut self) {
        self.end();
        self.start();
    }

    /// Does something later.
    pub(crate) fn after(&mut self, span: Duration, script: impl FnOnce(&mut Self) + 'static) {
        self.enqueue(millis(span), Deed::World(Box::new(script)));
    }

    fn enqueue(&mut self, after_ms: u64, deed: Deed) {
        self.number += 1;
        self.queue.insert((self.boot_ms + after_ms, self.number), deed);
    }

    fn event_after(&mut self, span: Duration, event: Event) {
        self.enqueue(millis(span), Deed::Event(self.process, event));
    }

    /// Runs for `span`.
    pub(crate) fn run(&mut self, span: Duration) {
        self.run_to(self.boot_ms + millis(span));
    }

    /// Runs until the boot time `end_ms`.
    pub(crate) fn run_to(&mut self, end_ms: u64) {
        loop {
            let deed = self.queue.keys().next().copied();
            let wake = self.wake_ms.filter(|_| self.engine.is_some());
            match (deed, wake) {
                (Some((at, _)), Some(wake)) if wake < at && wake <= end_ms => self.ring(wake),
                (Some((at, number)), _) if at <= end_ms => {
                    self.boot_ms = self.boot_ms.max(at);
                    match self.queue.remove(&(at, number)).expect("it was seen a moment ago") {
                        Deed::Event(process, event) if process == self.process && self.engine.is_some() => self.event(event),
                        Deed::Event(..) => {}
                        Deed::World(script) => script(self),
                    }
                }
                (_, Some(wake)) if wake <= end_ms => self.ring(wake),
                _ => break,
            }
        }
        self.boot_ms = self.boot_ms.max(end_ms);
    }

    /// Time passes while the machine sleeps.
    pub(crate) fn sleep(&mut self, span: Duration) {
        self.boot_ms += millis(span);
    }

    fn ring(&mut self, at: u64) {
        self.boot_ms = self.boot_ms.max(at);
        self.wake_ms = None;
        self.event(Event::Tick);
    }

    /// Something happened.
    pub(crate) fn event(&mut self, event: Event) {
        if self.restless.0 == self.boot_ms {
            self.restless.1 += 1;
            assert!(self.restless.1 < RESTLESS, "the engine does not come to rest at {}", self.wall());
        } else {
            self.restless = (self.boot_ms, 0);
        }
        let noticed = self.log.notices.len();
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let now = self.now();
            let Some(engine) = &mut self.engine else { return };
            if matches!(event, Event::Replied { .. }) {
                self.log.replies.push(self.boot_ms);
            }
            let actions = engine.handle(now, event);
            next = self.perform(actions);
        }
        self.observe();
        let watched = self.watched.clone();
        let heard = self.log.notices[noticed..].iter().any(|(_, notice)| notice.class.is_some() && name(notice.class) == watched);
        if heard {
            self.sample();
        }
    }

    fn perform(&mut self, actions: Vec<Action>) -> Option<Event> {
        let mut failed: Option<Vec<Ticket>> = None;
        for action in actions {
            match action {
                Action::Save(writes) => {
                    if self.crash == Some(Crash::BeforeSave) {
                        self.kill();
                        return None;
                    }
                    match self.disk_fault {
                        Some(_) => failed = Some(Vec::new()),
                        None => self.save(writes),
                    }
                }
                Action::Send { ticket, entry, order } => {
                    if let Some(tickets) = &mut failed {
                        tickets.push(ticket);
                        continue;
                    }
                    if self.crash == Some(Crash::BeforeSend) {
                        self.kill();
                        return None;
                    }
                    self.send(ticket, &entry, &order);
                    if self.crash == Some(Crash::AfterSend) {
                        self.kill();
                        return None;
                    }
                }
                Action::Detect { ticket, family, probe, via: _ } => {
                    let result = self.line.answer(&probe, family);
                    let left = !matches!(result, Err(ProbeFault::NoRoute(_)));
                    self.log.probes.push(Asked { at_ms: self.boot_ms, probe, left });
                    self.event_after(Duration::from_millis(PROBE_MS), Event::Detected { ticket, result });
                }
                Action::Ask { ticket, domain, family } => {
                    self.log.questions.push(self.boot_ms);
                    let process = self.process;
                    self.after(Duration::from_millis(DNS_MS), move |rig| {
                        let stored = rig.provider.zone.get(&(domain.clone(), family)).copied();
                        let exists = rig.provider.zone.keys().any(|(name, _)| *name == domain);
                        let answer = rig.servers.answer(&domain, family, stored, exists, rig.boot_ms);
                        if process == rig.process && rig.engine.is_some() {
                            rig.event(Event::Answered { ticket, answer });
                        }
                    });
                }
                Action::Announce(notice) => self.log.notices.push((self.boot_ms, notice)),
                Action::WakeAt(boot) => self.wake_ms = Some(millis(boot).max(self.boot_ms)),
                Action::Finish => {
                    self.kill();
                    return None;
                }
            }
        }
        failed.map(|tickets| Event::Unsaved { full: self.disk_fault == Some(DiskFault::Full), tickets })
    }

    fn save(&mut self, writes: Vec<Write>) {
        for write in &writes {
            match &write.value {
                Some(value) => self.records.insert(write.key.clone(), value.clone()),
                None => self.records.remove(&write.key),
            };
        }
        conduct::save(self, &writes);
        self.log.saves.push((self.boot_ms, writes));
    }

    fn send(&mut self, ticket: Ticket, entry: &Entry, order: &Order) {
        let prepared = match prepare(entry, order) {
            Ok(prepared) => prepared,
            Err(why) => {
                self.log.breaches.push(format!("a request that cannot be built: {why}"));
                let outcome = Outcome::Failed(Fault::Unsendable(why));
                return self.event_after(Duration::ZERO, Event::Replied { ticket, outcome });
            }
        };
        // The sibling endpoint is tried under the same ticket.
        let again = self.log.requests.last().is_some_and(|it| it.reached == 0 && (it.process, it.ticket) == (self.process, ticket));
        conduct::send(self, entry, order, &prepared, again);
        if let [only] = order.domains.as_slice() {
            self.servers.fixed.remove(only.as_str().split('.').next().unwrap_or_default());
        }
        let answer = self.provider.answer(entry, order, &prepared, self.wall());
        self.log.requests.push(Request {
            at_ms: self.boot_ms,
            process: self.process,
            ticket,
            reached: answer.reached,
            account: entry.account.clone(),
            names: order.domains.iter().map(ToString::to_string).collect(),
            families: order.families().collect(),
            again,
            spacing: entry.spacing,
        });
        self.event_after(answer.after, Event::Replied { ticket, outcome: answer.outcome });
    }

    /// The picture now.
    pub(crate) fn snapshot(&self) -> Option<Snapshot> {
        let now = Now { boot: Duration::from_millis(self.boot_ms), wall: self.wall(), random: 0 };
        self.engine.as_ref().map(|engine| engine.snapshot(now))
    }

    /// How things stand now.
    pub(crate) fn picture(&self) -> Sample {
        Sample { at_ms: self.boot_ms, now: self.wall(), records: self.records.clone(), snapshot: self.snapshot(), wan: self.line.wan }
    }

    /// The same, kept for the comparison with what must be on disk.
    pub(crate) fn sample(&mut self) -> Sample {
        let sample = self.picture();
        self.log.samples.push(sample.clone());
        sample
    }

    /// When the process wakes up next.
    pub(crate) fn wake(&self) -> Option<u64> {
        self.wake_ms
    }

    fn observe(&mut self) {
        let Some(snapshot) = self.snapshot() else { return };
        let shown = PerFamily::from_fn(|family| aggregated(&snapshot, family));
        if self.log.statuses.last().is_none_or(|(_, last)| *last != shown) {
            self.log.statuses.push((self.boot_ms, shown));
        }
    }

    /// Requests that reached the provider from `start_ms` to `end_ms`.
    pub(crate) fn reached(&self, start_ms: u64, end_ms: u64) -> usize {
        self.log.requests.iter().filter(|it| (start_ms..=end_ms).contains(&it.at_ms)).map(|it| it.reached).sum()
    }

    /// The line changes, and an event tells of it.
    pub(crate) fn change_wan(&mut self, wan: PerFamily<Option<std::net::IpAddr>>) {
        self.line.wan = wan;
        self.look();
    }

    /// The router or the kernel says that something changed.
    pub(crate) fn look(&mut self) {
        if self.is_running() {
            self.event(Event::LookNow);
        }
    }

    /// The settings are read again.
    pub(crate) fn reload(&mut self, settings: Settings) {
        self.settings = settings;
        self.event(Event::Reconfigured(Box::new(daemon::rules(&self.settings))));
    }

    pub(crate) fn link(&mut self, v4: bool, v6: bool) {
        self.line.up = PerFamily { v4, v6 };
        self.event(Event::LinkChanged(PerFamily { v4, v6 }));
    }
}

/// The value for a family over all names: the one that is earliest in the order of priority.
pub(crate) fn aggregated(snapshot: &Snapshot, family: Family) -> String {
    const ORDER: [&str; 10] = [
        "offline",
        "undefined",
        "account-disabled",
        "updating",
        "internet-not-connected",
        "checking",
        "new address",
        "verifying",
        "updated",
        "complete",
    ];
    let rank = |word: &str| ORDER.iter().position(|it| it.replace(' ', "-") == word.replace(' ', "-"));
    let words = snapshot.ddns.iter().map(|name| name.families[family].status.clone());
    words.min_by_key(|word| rank(word)).unwrap_or_else(|| "undefined".into())
}

/// A class as the catalogue writes it.
pub(crate) fn name(class: Option<Class>) -> Option<String> {
    class.map(|class| format!("{class:?}"))
}

pub(crate) fn is_loud(notice: &Notice) -> bool {
    notice.level >= Level::Warning
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).expect("a span of this century")
}
