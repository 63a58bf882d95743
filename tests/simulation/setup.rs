//! A random configuration as somebody would write it, and what a person changes in it later.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use wanbeacon::config::{World, load};
use wanbeacon::engine::Rules;
use wanbeacon::rules::address::{Family, PerFamily};
use wanbeacon::rules::consensus::Source;

use super::dice::Dice;

/// Which provider, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    FreeDyn,
    /// A URL of one's own, read as generic dyndns2; two URLs in `both`.
    Custom,
    /// One URL of one's own that carries both addresses.
    CustomOneUrl,
    DuckDns,
    Inwx,
    Desec,
}

#[derive(Clone, Debug)]
struct Wish {
    kind: Kind,
    names: Vec<String>,
    user: String,
    password: u64,
    mode: &'static str,
    enabled: bool,
    verify: bool,
    refresh: Option<&'static str>,
    batch: u64,
    drop_missing: Option<bool>,
    /// The line, where there are two.
    wan: Option<&'static str>,
    /// A machine behind the router.
    host: Option<&'static str>,
}

/// One `[wan]` table.
#[derive(Clone, Debug)]
struct Way {
    name: &'static str,
    interface: Option<&'static str>,
    v4: Vec<&'static str>,
    v6: Vec<&'static str>,
    /// Where among these `push` stands.
    push: PerFamily<Option<Rank>>,
}

/// Where the calls of a router stand in the order of trust.
#[derive(Clone, Copy, Debug)]
enum Rank {
    /// There is no other source.
    Alone,
    /// Behind so many others.
    Behind(usize),
}

fn rank(dice: &mut Dice) -> Option<Rank> {
    match dice.below(6) {
        0 => Some(Rank::Alone),
        1 => Some(Rank::Behind(0)),
        2 => Some(Rank::Behind(1)),
        3 => Some(Rank::Behind(2)),
        _ => None,
    }
}

/// Everything that is configured.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    wishes: Vec<Wish>,
    ways: Vec<Way>,
    /// What came later: lists of sources, several lines, machines behind the router.
    pub(crate) novel: bool,
    interval: &'static str,
    version: u32,
    fresh_name: u64,
}

const KINDS: [Kind; 6] = [Kind::FreeDyn, Kind::Custom, Kind::CustomOneUrl, Kind::DuckDns, Kind::Inwx, Kind::Desec];
const SOURCES: [&str; 5] = ["interface", "command:whatismyip", "fritzbox", "web", "https://echo.example.net/"];
const LISTED: [&str; 9] = ["interface", "interface", "fritzbox", "upnp", "pcp", "dns", "stun", "web", "command:whatismyip"];
const HOSTS: [&str; 4] = ["::1a2b:3c4d:5e6f:7788", "::1:2", "::3:0:0:0:42", "::5:1:2:3:4"];

/// Several sources in some order of trust.
fn listed(family: Family, dice: &mut Dice) -> Vec<&'static str> {
    if dice.percent(15) {
        return vec!["interface", "fritzbox", "upnp", "web"];
    }
    let mut list = Vec::new();
    for _ in 0..dice.between(1, 4) {
        let source = dice.pick(&LISTED);
        if !list.contains(&source) && (source != "pcp" || family == Family::V4) {
            list.push(source);
        }
    }
    if list.is_empty() { vec!["fritzbox"] } else { list }
}

impl Setup {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let novel = dice.percent(40);
        let source = dice.pick(&SOURCES);
        let mut ways = vec![Way { name: "default", interface: None, v4: vec![source], v6: vec![source], push: PerFamily::default() }];
        if novel {
            (ways[0].v4, ways[0].v6) = (listed(Family::V4, dice), listed(Family::V6, dice));
            if dice.percent(50) {
                ways[0].interface = Some("wan0");
                let (v4, v6) = (listed(Family::V4, dice), listed(Family::V6, dice));
                ways.push(Way { name: "cable", interface: Some("wan1"), v4, v6, push: PerFamily::default() });
            }
            for way in &mut ways {
                way.push = if dice.percent(70) { PerFamily::from_fn(|_| rank(dice)) } else { PerFamily::default() };
            }
        }
        let mut setup = Self { wishes: Vec::new(), ways, novel, interval: dice.pick(&["3h", "6h", "12h"]), version: 1, fresh_name: 0 };
        for _ in 0..dice.between(1, 3) {
            let kind = if dice.percent(35) { Kind::FreeDyn } else { dice.pick(&KINDS) };
            let wish = setup.wish(kind, dice);
            setup.wishes.push(wish);
        }
        if dice.percent(if novel { 60 } else { 30 }) {
            // A second entry for the same account.
            let first = setup.wishes[0].clone();
            if first.kind != Kind::Inwx {
                let mut second = setup.wish(first.kind, dice);
                (second.user, second.password) = (first.user.clone(), first.password);
                if novel && dice.percent(70) {
                    // Their names may travel together.
                    second = Wish { names: second.names, host: second.host, ..first };
                }
                setup.wishes.push(second);
            }
        }
        setup
    }

    fn wish(&mut self, kind: Kind, dice: &mut Dice) -> Wish {
        let modes: &[&'static str] = match kind {
            Kind::FreeDyn | Kind::Desec | Kind::DuckDns => &["v4", "v6", "both", "both", "together"],
            Kind::Custom => &["v4", "v6", "both", "both"],
            Kind::CustomOneUrl => &["both", "together"],
            Kind::Inwx => &["together"],
        };
        let many = if kind == Kind::Inwx { 1 } else { dice.pick(&[1, 1, 1, 2, 3, 8, 25]) };
        let names = (0..many).map(|_| self.name(kind)).collect();
        Wish {
            kind,
            names,
            user: format!("{:010}", dice.below(1_000_000_000)),
            password: dice.below(1_000_000),
            mode: dice.pick(modes),
            enabled: true,
            verify: dice.percent(80),
            refresh: dice.pick(&[None, None, Some("off"), Some("3d"), Some("10d")]),
            batch: dice.pick(&[1, 5, 20]),
            drop_missing: dice.pick(&[None, None, Some(true), Some(false)]),
            wan: (self.ways.len() > 1 && dice.percent(50)).then_some("cable"),
            host: (self.novel && dice.percent(35)).then(|| dice.pick(&HOSTS)),
        }
    }

    fn name(&mut self, kind: Kind) -> String {
        self.fresh_name += 1;
        match kind {
            Kind::DuckDns => format!("n{}.duckdns.org", self.fresh_name),
            Kind::Desec => format!("n{}.home.dedyn.io", self.fresh_name),
            _ => format!("n{}.example.org", self.fresh_name),
        }
    }

    /// A person edits the file; what was done, for the trace.
    pub(crate) fn edit(&mut self, dice: &mut Dice) -> &'static str {
        let at = usize::try_from(dice.below(self.wishes.len() as u64)).expect("an index fits");
        let kind = self.wishes[at].kind;
        if self.novel && dice.percent(40) {
            return self.edit_lines(at, dice);
        }
        match dice.below(9) {
            0 => "nothing",
            1 => {
                self.wishes[at].password += 1;
                "a password"
            }
            2 if kind != Kind::Inwx => {
                let name = self.name(kind);
                self.wishes[at].names.push(name);
                "a name more"
            }
            3 if self.wishes[at].names.len() > 1 => {
                self.wishes[at].names.pop();
                "a name less"
            }
            4 if !matches!(kind, Kind::CustomOneUrl | Kind::Inwx) => {
                self.wishes[at].mode = dice.pick(&["v4", "v6", "both"]);
                "the mode"
            }
            5 => {
                self.wishes[at].enabled = !self.wishes[at].enabled;
                "on or off"
            }
            6 => {
                self.wishes[at].verify = !self.wishes[at].verify;
                "verify"
            }
            7 => {
                self.version += 1;
                "another version of the program"
            }
            _ => {
                self.wishes[at].refresh = dice.pick(&[None, Some("off"), Some("3d")]);
                "the refresh"
            }
        }
    }

    fn edit_lines(&mut self, at: usize, dice: &mut Dice) -> &'static str {
        let two = self.ways.len() > 1;
        let way = usize::try_from(dice.below(self.ways.len() as u64)).expect("an index fits");
        match dice.below(6) {
            5 => {
                let family = if dice.percent(50) { Family::V4 } else { Family::V6 };
                self.ways[way].push[family] = rank(dice);
                "whether a router is heard"
            }
            0 if two => {
                self.wishes[at].wan = if self.wishes[at].wan.is_some() { None } else { Some("cable") };
                "the line of an entry"
            }
            1 if two => {
                let (a, b) = (self.ways[0].interface, self.ways[1].interface);
                let free = ["wan0", "wan1", "wan2"].into_iter().find(|it| Some(*it) != a && Some(*it) != b);
                self.ways[way].interface = free;
                "the interface of a line"
            }
            2 => {
                self.wishes[at].host = if self.wishes[at].host.is_some() { None } else { Some(dice.pick(&HOSTS)) };
                "the machine of an entry"
            }
            3 => {
                self.ways[way].v4 = listed(Family::V4, dice);
                "the IPv4 sources of a line"
            }
            _ => {
                self.ways[way].v6 = listed(Family::V6, dice);
                "the IPv6 sources of a line"
            }
        }
    }

    /// Every lock opens: the passwords are changed, and everything is switched on.
    pub(crate) fn renew(&mut self) {
        for wish in &mut self.wishes {
            wish.password += 1;
            wish.enabled = true;
        }
    }

    /// The file, as `wanbeacon check` would read it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for wish in &self.wishes {
            text.push_str("[[ddns]]\n");
            let host = "https://dyn.example.net/nic/update?hostname=<domain>";
            let _ = match wish.kind {
                Kind::FreeDyn => writeln!(text, "provider = \"freedyn\""),
                Kind::DuckDns => writeln!(text, "provider = \"duckdns\""),
                Kind::Inwx => writeln!(text, "provider = \"inwx\""),
                Kind::Desec => writeln!(text, "provider = \"desec\""),
                Kind::CustomOneUrl => writeln!(text, "update_url = \"{host}&myip=<ipaddr>&myip6=<ip6addr>\""),
                Kind::Custom => {
                    let url = match wish.mode {
                        "v4" => format!("{host}&myip=<ipaddr>"),
                        "v6" => format!("{host}&myip=<ip6addr>"),
                        _ => format!("{host}&myip=<ipaddr> {host}&myip=<ip6addr>"),
                    };
                    writeln!(text, "update_url = {{ url = \"{url}\", batch = {}, spacing = \"2s\" }}", wish.batch)
                }
            };
            let names: Vec<String> = wish.names.iter().map(|name| format!("{name:?}")).collect();
            let _ = writeln!(text, "domain = [{}]", names.join(", "));
            if wish.kind != Kind::DuckDns {
                let _ = writeln!(text, "username = \"{}\"", wish.user);
            }
            let _ = writeln!(text, "password = \"secret{}\"\nmode = \"{}\"", wish.password, wish.mode);
            let _ = writeln!(text, "enabled = {}\nverify = {}", wish.enabled, wish.verify);
            if let Some(wan) = wish.wan {
                let _ = writeln!(text, "wan = {wan:?}");
            }
            if let Some(host) = wish.host.filter(|_| wish.mode != "v4") {
                let _ = writeln!(text, "ipv6_host = {host:?}");
            }
            if let Some(refresh) = wish.refresh {
                let _ = writeln!(text, "refresh = \"{refresh}\"");
            }
            if let Some(drop) = wish.drop_missing.filter(|_| matches!(wish.kind, Kind::FreeDyn | Kind::Desec)) {
                let _ = writeln!(text, "missing_family = \"{}\"", if drop { "drop" } else { "hold" });
            }
        }
        for Way { name, interface, v4, v6, push } in &self.ways {
            let _ = writeln!(text, "[wan{}]", if *name == "default" { String::new() } else { format!(".{name}") });
            if let Some(interface) = interface {
                let _ = writeln!(text, "interface = {interface:?}");
            }
            let _ = writeln!(text, "ipv4 = {v4:?} # push {:?}\nipv6 = {v6:?} # push {:?}", push.v4, push.v6);
        }
        let _ = writeln!(text, "[daemon]\ninterval = {:?}", self.interval);
        text
    }

    /// The same through the production reader.
    pub(crate) fn load(&self) -> Rules {
        let text = self.text();
        let loaded = load(&text, "config.toml", &World::given([], [])).unwrap_or_else(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            panic!("{}\n{text}", lines.join("\n"))
        });
        let mut settings = loaded.settings;
        for way in &self.ways {
            let line = settings.lines.iter_mut().find(|line| line.name == way.name).expect("every line was read");
            for family in Family::ALL {
                let sources = &mut line.sources[family];
                match way.push[family] {
                    None => {}
                    Some(Rank::Alone) => *sources = vec![Source::Push],
                    Some(Rank::Behind(others)) => sources.insert(others.min(sources.len()), Source::Push),
                }
            }
        }
        Rules {
            entries: settings.entries.into_iter().map(Arc::new).collect(),
            lines: settings.lines,
            interval: settings.daemon.interval,
            settle: settings.daemon.settle,
            version: self.version.to_string(),
        }
    }

    pub(crate) fn interval(&self) -> Duration {
        Duration::from_secs(match self.interval {
            "3h" => 3 * 3600,
            "6h" => 6 * 3600,
            _ => 12 * 3600,
        })
    }
}
