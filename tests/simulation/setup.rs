//! A random configuration as somebody would write it, and what a person changes in it later.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use wanbeacon::config::{World, load};
use wanbeacon::engine::Rules;

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
}

/// Everything that is configured.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    wishes: Vec<Wish>,
    source: &'static str,
    interval: &'static str,
    version: u32,
    fresh_name: u64,
}

const KINDS: [Kind; 6] = [Kind::FreeDyn, Kind::Custom, Kind::CustomOneUrl, Kind::DuckDns, Kind::Inwx, Kind::Desec];
const SOURCES: [&str; 5] = ["interface", "command:whatismyip", "fritzbox", "web", "https://echo.example.net/"];

impl Setup {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let mut setup =
            Self { wishes: Vec::new(), source: dice.pick(&SOURCES), interval: dice.pick(&["3h", "6h", "12h"]), version: 1, fresh_name: 0 };
        for _ in 0..dice.between(1, 3) {
            let kind = if dice.percent(35) { Kind::FreeDyn } else { dice.pick(&KINDS) };
            let wish = setup.wish(kind, dice);
            setup.wishes.push(wish);
        }
        if dice.percent(30) {
            // A second entry for the same account.
            let first = setup.wishes[0].clone();
            if first.kind != Kind::Inwx {
                let mut second = setup.wish(first.kind, dice);
                (second.user, second.password) = (first.user, first.password);
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
            if let Some(refresh) = wish.refresh {
                let _ = writeln!(text, "refresh = \"{refresh}\"");
            }
            if let Some(drop) = wish.drop_missing.filter(|_| matches!(wish.kind, Kind::FreeDyn | Kind::Desec)) {
                let _ = writeln!(text, "missing_family = \"{}\"", if drop { "drop" } else { "hold" });
            }
        }
        let _ = writeln!(text, "[wan]\nipv4 = [{0:?}]\nipv6 = [{0:?}]\n[daemon]\ninterval = {1:?}", self.source, self.interval);
        text
    }

    /// The same through the production reader.
    pub(crate) fn load(&self) -> Rules {
        let text = self.text();
        let loaded = load(&text, "config.toml", &World::given([], [])).unwrap_or_else(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            panic!("{}\n{text}", lines.join("\n"))
        });
        let settings = loaded.settings;
        Rules {
            entries: settings.entries.into_iter().map(Arc::new).collect(),
            lines: settings.lines,
            interval: settings.daemon.interval,
            settle: settings.daemon.settle,
            version: self.version.to_string(),
        }
    }

    /// Does one answer of this source settle the address? (The built-in echo services must agree first.)
    pub(crate) fn one_voice(&self) -> bool {
        !matches!(self.source, "web" | "https://echo.example.net/")
    }

    pub(crate) fn interval(&self) -> Duration {
        Duration::from_secs(match self.interval {
            "3h" => 3 * 3600,
            "6h" => 6 * 3600,
            _ => 12 * 3600,
        })
    }
}
