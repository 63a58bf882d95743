//! A desk at which the engine works: what it asks for is answered from a few fields, and what it sends is kept.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use wanbeacon::config::{World, load};
use wanbeacon::engine::event::{Action, Event, Notice, Ticket};
use wanbeacon::engine::{Engine, Memory, Rules, Run};
use wanbeacon::rules::address::{Family, PerFamily};
use wanbeacon::rules::answer::{DnsAnswer, Said, ServerAnswer};
use wanbeacon::rules::consensus::{InterfaceAddress, Probe, ProbeFault, Reading, RouterReading};
use wanbeacon::rules::moment::{Moment, Now, RELEASED};
use wanbeacon::rules::order::Order;
use wanbeacon::rules::reply::{Outcome, Reply};
use wanbeacon::rules::snapshot::{AddressPicture, StatusPicture};

pub(crate) const V4_OLD: IpAddr = IpAddr::V4(Ipv4Addr::new(91, 0, 0, 1));
pub(crate) const V4_NEW: IpAddr = IpAddr::V4(Ipv4Addr::new(91, 0, 0, 2));
pub(crate) const V4_NEXT: IpAddr = IpAddr::V4(Ipv4Addr::new(91, 0, 0, 3));
pub(crate) const V6_NEW: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2003, 0xe7, 0, 0, 1, 2, 3, 4));

/// One request.
pub(crate) struct Sent {
    pub(crate) ticket: Ticket,
    pub(crate) order: Order,
}

pub(crate) struct Desk {
    pub(crate) rules: Rules,
    pub(crate) run: Run,
    engine: Option<Engine>,
    /// Time since boot.
    pub(crate) boot: Duration,
    /// The wall clock at boot.
    pub(crate) wall: Moment,
    /// What the line shows.
    pub(crate) shown: PerFamily<Option<IpAddr>>,
    /// What the FRITZ!Box says; nothing: there is none.
    pub(crate) router: PerFamily<Option<RouterReading>>,
    /// What DNS shows; nothing: the servers have no such name.
    pub(crate) dns: PerFamily<Option<IpAddr>>,
    /// The name servers cannot be asked.
    pub(crate) dns_fails: bool,
    pub(crate) disk: BTreeMap<String, String>,
    pub(crate) disk_full: bool,
    pub(crate) sent: Vec<Sent>,
    pub(crate) looked: usize,
    /// What was asked, and through which interface.
    pub(crate) probes: Vec<(Option<String>, Probe)>,
    /// Address sources take their time: what they say waits here.
    pub(crate) slow: Option<Vec<Event>>,
    pub(crate) urls: Vec<String>,
    pub(crate) asked: usize,
    pub(crate) finished: bool,
    pub(crate) notices: Vec<Notice>,
    /// The last list of actions with a request in it.
    pub(crate) last: Vec<Action>,
    wake: Option<Duration>,
}

/// An entry at FreeDYN with one name, and a program as the source of both families.
pub(crate) fn freedyn(mode: &str, keys: &str) -> String {
    format!(
        "[[ddns]]\nprovider = \"freedyn\"\ndomain = \"home.example.org\"\nusername = \"1234567890\"\npassword = \"secret\"\n\
         mode = \"{mode}\"\n{keys}\n[wan]\nipv4 = [\"command:whatismyip\"]\nipv6 = [\"command:whatismyip\"]\n"
    )
}

/// The settings that `config` amounts to.
pub(crate) fn rules(config: &str) -> Rules {
    let loaded = load(config, "config.toml", &World::given([], [])).expect("the configuration of a test is right");
    let settings = loaded.settings;
    Rules {
        entries: settings.entries.into_iter().map(Arc::new).collect(),
        lines: settings.lines,
        interval: settings.daemon.interval,
        settle: settings.daemon.settle,
        version: "1".into(),
    }
}

impl Desk {
    pub(crate) fn new(config: &str) -> Self {
        Self {
            rules: rules(config),
            run: Run::Daemon,
            engine: None,
            boot: Duration::from_secs(10),
            wall: RELEASED.plus(Duration::from_secs(86_400)),
            shown: PerFamily { v4: Some(V4_OLD), v6: None },
            router: PerFamily::default(),
            dns: PerFamily { v4: None, v6: None },
            dns_fails: false,
            disk: BTreeMap::new(),
            disk_full: false,
            sent: Vec::new(),
            looked: 0,
            probes: Vec::new(),
            slow: None,
            urls: Vec::new(),
            asked: 0,
            finished: false,
            notices: Vec::new(),
            last: Vec::new(),
            wake: None,
        }
    }

    pub(crate) fn start(&mut self) {
        self.engine = Some(Engine::new(self.run, Memory::Kept, self.rules.clone(), self.disk.clone()));
        self.handle(Event::Tick);
    }

    /// The process dies and is started again.
    pub(crate) fn restart(&mut self) {
        self.start();
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("the test has started it")
    }

    pub(crate) fn now(&self) -> Now {
        let wall = self.wall.plus(self.boot);
        Now { boot: self.boot, wall, random: 7 }
    }

    /// One event, and the answers to what the engine asks for.
    pub(crate) fn handle(&mut self, event: Event) {
        let now = self.now();
        let actions = self.engine.as_mut().expect("the test has started it").handle(now, event);
        self.wake = None;
        let mut answers = Vec::new();
        let mut held = Vec::new();
        let mut failed = false;
        let sends = actions.iter().any(|action| matches!(action, Action::Send { .. }));
        for action in &actions {
            match action {
                Action::Detect { ticket, family, probe, via } => {
                    self.looked += 1;
                    self.probes.push((via.clone(), probe.clone()));
                    let answer = Event::Detected { ticket: *ticket, result: self.read(probe, *family) };
                    self.slow.as_mut().unwrap_or(&mut answers).push(answer);
                }
                Action::Ask { ticket, family, .. } => {
                    self.asked += 1;
                    answers.push(Event::Answered { ticket: *ticket, answer: self.look_up(*family) });
                }
                Action::Save(_) if self.disk_full => failed = true,
                Action::Save(writes) => {
                    for write in writes {
                        self.disk.insert(write.key.clone(), write.value.clone().expect("the engine removes nothing"));
                    }
                }
                Action::Send { ticket, .. } if failed => held.push(*ticket),
                Action::Send { ticket, order, .. } => self.sent.push(Sent { ticket: *ticket, order: order.clone() }),
                Action::Announce(notice) => self.notices.push(notice.clone()),
                Action::WakeAt(at) => self.wake = Some(*at),
                Action::Finish => self.finished = true,
            }
        }
        if sends {
            self.last = actions;
        }
        if failed {
            self.handle(Event::Unsaved { full: true, tickets: held });
        }
        for answer in answers {
            self.handle(answer);
        }
    }

    fn read(&mut self, probe: &Probe, family: Family) -> Result<Reading, ProbeFault> {
        let text = self.shown[family].map(|address| address.to_string());
        match probe {
            Probe::FritzBox => {
                let shown = || RouterReading { address: text.unwrap_or_default(), status: "Connected".into(), ..RouterReading::default() };
                Ok(Reading::Router(self.router[family].clone().unwrap_or_else(shown)))
            }
            Probe::Interface(_) => {
                let address =
                    InterfaceAddress { interface: "ppp0".into(), address: self.shown[family], up: true, ..InterfaceAddress::default() };
                Ok(Reading::Interface(vec![address]))
            }
            Probe::Echo { url } => {
                self.urls.push(url.clone());
                Ok(Reading::Echo { status: 200, retry_after: None, body: text.unwrap_or_default() })
            }
            _ => text.map(Reading::Text).ok_or_else(|| ProbeFault::NoRoute("no route".into())),
        }
    }

    fn look_up(&self, family: Family) -> DnsAnswer {
        if self.dns_fails {
            return DnsAnswer { servers: Vec::new(), failed: Some("no route".into()) };
        }
        let said = self.dns[family].map_or(Said::NoName, |address| Said::Addresses(vec![address], Duration::from_secs(60)));
        DnsAnswer { servers: vec![ServerAnswer { server: "ns1".into(), said }], failed: None }
    }

    /// Time passes; the engine is woken whenever it wants.
    pub(crate) fn pass(&mut self, span: Duration) {
        let until = self.boot + span;
        for _ in 0..100_000 {
            let Some(at) = self.wake.filter(|at| *at <= until && !self.finished) else {
                self.boot = until;
                return;
            };
            self.boot = self.boot.max(at);
            self.handle(Event::Tick);
        }
        panic!("the engine wants to be woken again and again");
    }

    /// The machine sleeps, and wakes up late.
    pub(crate) fn sleep(&mut self, span: Duration) {
        self.boot += span;
        self.handle(Event::Tick);
    }

    /// The line shows another IPv4 address, and says so.
    pub(crate) fn see(&mut self, address: Option<IpAddr>) {
        self.shown.v4 = address;
        self.look();
    }

    pub(crate) fn look(&mut self) {
        self.handle(Event::LookNow);
    }

    /// The sources that took their time say what they know.
    pub(crate) fn say_at_last(&mut self) {
        for answer in self.slow.take().unwrap_or_default() {
            self.handle(answer);
        }
    }

    pub(crate) fn unlock(&mut self) {
        self.handle(Event::Unlock { domain: None, by: "a test".into() });
    }

    /// The provider answers the last request with 200 and this text.
    pub(crate) fn say(&mut self, body: &str) {
        self.answer(Outcome::Replied(Reply { status: 200, body: body.into(), ..Reply::default() }));
    }

    pub(crate) fn answer(&mut self, outcome: Outcome) {
        let ticket = self.sent.last().expect("a request was sent").ticket;
        self.handle(Event::Replied { ticket, outcome });
    }

    /// The addresses of all requests, in order.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        self.sent.iter().flat_map(|sent| sent.order.addresses.iter().filter_map(|(_, address)| *address).collect::<Vec<_>>()).collect()
    }

    /// The first line.
    pub(crate) fn line(&self, family: Family) -> AddressPicture {
        let snapshot = self.engine().snapshot(self.now());
        snapshot.wan.into_iter().next().expect("there is a line").families[family].clone()
    }

    /// The first name.
    pub(crate) fn picture(&self, family: Family) -> StatusPicture {
        let snapshot = self.engine().snapshot(self.now());
        snapshot.ddns.into_iter().next().expect("there is a name").families[family].clone()
    }
}
