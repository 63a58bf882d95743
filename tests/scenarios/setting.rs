//! A row → a configuration text, and through the production reader → settings.

use std::fmt::Write as _;

use serde_json::Value;
use wanbeacon::catalog;
use wanbeacon::config::{self, Settings, World};

use crate::catalogue::{Fields as _, Scenario};

/// Where own URLs point.
const OWN: &str = "https://update.scenario.test/nic/update";

/// The password of every entry: nothing else looks like it.
pub(crate) const PASSWORD: &str = "Geheim-9f3K-zz";

/// What the configuration says; changed by reloads.
#[derive(Clone)]
pub(crate) struct Wishes {
    dialect: String,
    template: Option<String>,
    hosts: Vec<String>,
    mode: String,
    enabled: bool,
    verify: Option<bool>,
    password: String,
    username: String,
    /// Keys that are passed on as they are.
    more: Vec<(String, String)>,
    sources: Sources,
    unrelated: u32,
}

/// Where addresses come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sources {
    /// Nothing is configured.
    Default,
    /// The built-in echo services.
    Web,
    /// So many echo services that the user names.
    Echoes(usize),
    Interface,
    Router,
}

/// The echo service `number` (from 0) of a row that names its own.
pub(crate) fn echo_url(number: usize) -> String {
    format!("https://echo{number}.scenario.test/")
}

impl Wishes {
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let stimulus = &scenario.stimulus;
        let config = scenario.kind() == "config";
        let own = |key: &str| stimulus.text(key).filter(|_| config);
        let list = |key: &str| stimulus.get(key).and_then(Value::as_array).map_or(1, Vec::len);
        let sources = match scenario.kind() {
            "detect" if list("results") > 1 => Sources::Echoes(list("results")),
            "detect" | "detect_body" | "detect_table" => Sources::Echoes(1),
            "detect_http" => Sources::Echoes(3),
            "iface" | "iface_event" => Sources::Interface,
            "igd" => Sources::Router,
            "proxy_env" | "load" | "restart" => Sources::Web,
            _ => Sources::Default,
        };
        let dialect = scenario.given("dialect").to_owned();
        let template = own("template").or_else(|| scenario.given.text("template"));
        let more = ["missing_family", "refresh", "server_ipv4", "server_ipv6", "fritz_compat"];
        let more = more.into_iter().filter_map(|key| {
            let value = stimulus.get(key).filter(|_| config).or_else(|| scenario.given.get(key))?;
            Some((key.to_owned(), value.to_string()))
        });
        let verify = stimulus.get("verify").filter(|_| config).or_else(|| scenario.given.get("verify"));
        let mut wishes = Self {
            template: None,
            hosts: scenario.hosts(),
            mode: own("mode").unwrap_or_else(|| scenario.given("mode")).to_owned(),
            enabled: true,
            verify: verify.and_then(Value::as_bool),
            password: PASSWORD.into(),
            username: own("username").unwrap_or("1234567890").into(),
            more: more.collect(),
            sources,
            unrelated: 0,
            dialect,
        };
        if scenario.given("note").contains("provider-detected") {
            wishes.template = Some(wishes.without_address());
        } else if let Some(template) = template {
            wishes.template = Some(wishes.template_of(template));
        }
        wishes
    }

    /// Applies one word of a reload.
    pub(crate) fn change(&mut self, what: &str, after: Option<&str>) {
        match what {
            "password" => self.password.push_str("-new"),
            "username" | "user" => self.username = after.unwrap_or("9876543210").into(),
            "mode" => self.mode = after.unwrap_or("ddns_v4").into(),
            "hosts" | "domain" | "host" => {
                self.hosts = after.map_or(vec!["other.freedyn.test".into()], |names| names.split(',').map(Into::into).collect());
            }
            "template" | "url" => self.template = Some(self.template_of(after.unwrap_or("http"))),
            "verify" => self.verify = Some(after == Some("true")),
            _ => self.unrelated += 1,
        }
    }

    /// The same, switched on or off.
    pub(crate) fn switched(&self, enabled: bool) -> Self {
        Self { enabled, ..self.clone() }
    }

    /// The settings, or every problem in words.
    pub(crate) fn settings(&self) -> Result<Settings, String> {
        let first = self.load(self.template.clone(), true);
        if self.template.is_some() || first.is_ok() {
            return first;
        }
        // The catalogue has no request for this mode, or no user name at all: the nearest that the user could write.
        let own = self.own_url();
        self.load(None, false).or_else(|_| self.load(Some(own.clone()), true)).or_else(|_| self.load(Some(own), false)).or(first)
    }

    fn load(&self, template: Option<String>, with_user: bool) -> Result<Settings, String> {
        let text = self.toml(template, with_user);
        config::load(&text, "scenario.toml", &World::given([], []))
            .map(|loaded| loaded.settings)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    fn toml(&self, template: Option<String>, with_user: bool) -> String {
        let quoted = |text: &str| Value::from(text).to_string();
        let mut text = String::from("[[ddns]]\n");
        let mut line = |key: &str, value: String| writeln!(text, "{key} = {value}").expect("a string takes everything");
        let custom = self.dialect == "custom";
        if !custom {
            line("provider", quoted(&self.dialect));
        }
        match template.or_else(|| custom.then(|| self.own_url())) {
            Some(url) if custom => {
                line("update_url", format!("{{ url = {}, good = [\"UPDATED\"], nochg = [\"UNCHANGED\"] }}", quoted(&url)));
            }
            Some(url) => line("update_url", quoted(&url)),
            None => {}
        }
        line("domain", Value::from(self.hosts.clone()).to_string());
        line("mode", quoted(&self.mode));
        if with_user {
            line("username", quoted(&self.username));
        }
        line("password", quoted(&self.password));
        if let Some(verify) = self.verify {
            line("verify", verify.to_string());
        }
        if !self.enabled {
            line("enabled", "false".into());
        }
        for (key, value) in &self.more {
            line(key, value.clone());
        }
        let sources = match self.sources {
            Sources::Default => None,
            Sources::Web => Some(vec!["web".to_owned()]),
            Sources::Echoes(count) => Some((0..count).map(echo_url).collect()),
            Sources::Interface => Some(vec!["interface".to_owned()]),
            Sources::Router => Some(vec!["fritzbox".to_owned()]),
        };
        if let Some(sources) = sources {
            let list = Value::from(sources).to_string();
            write!(text, "[wan]\nipv4 = {list}\nipv6 = {list}\n").expect("a string takes everything");
        }
        if self.unrelated % 2 == 1 {
            text.push_str("[fritzbox]\naddress = \"fritz.box\"\n");
        }
        text
    }

    /// A URL of the user's own for the mode.
    fn own_url(&self) -> String {
        let url = |rest: &str| format!("{OWN}?hostname=<domain>&{rest}");
        match self.mode.as_str() {
            "ddns_v6" => url("myip=<ip6addr>"),
            "ddns_both" => format!("{} {}", url("myip=<ipaddr>"), url("myip=<ip6addr>")),
            "ddns_together" | "ddns_both_together" => url("myip=<ipaddr>&myip2=<ip6addr>"),
            _ => url("myip=<ipaddr>"),
        }
    }

    /// What the catalogue sends for the mode, as one text.
    fn preset(&self) -> String {
        let shape = catalog::find(&self.dialect).map(|dialect| dialect.request.clone()).unwrap_or_default();
        match self.mode.as_str() {
            "ddns_v6" => shape.v6,
            "ddns_both" => shape.v4.zip(shape.v6).map(|(v4, v6)| format!("{v4} {v6}")),
            "ddns_together" | "ddns_both_together" => shape.together,
            _ => shape.v4,
        }
        .unwrap_or_else(|| self.own_url())
    }

    /// The same request, and the provider detects the address.
    fn without_address(&self) -> String {
        let strip = |url: &str| {
            let (base, query) = url.split_once('?').unwrap_or((url, ""));
            let kept: Vec<&str> = query.split('&').filter(|pair| !pair.contains("<ipaddr>") && !pair.contains("<ip6addr>")).collect();
            format!("{base}?{}", kept.join("&"))
        };
        self.preset().split(' ').map(strip).collect::<Vec<_>>().join(" ")
    }

    fn template_of(&self, text: &str) -> String {
        match text {
            "http" => self.preset().replace("https://", "http://"),
            _ if text.starts_with("one URL with") => format!("{OWN}?hostname=<domain>&myip=<ipaddr>&myip2=<ip6addr>"),
            _ if text.starts_with("...") => format!("{}{}", self.preset(), text[3..].replace("...", "x")),
            _ if !text.contains("://") && text.contains("no address") => self.without_address(),
            _ => text.to_owned(),
        }
    }
}
