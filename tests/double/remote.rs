//! `X_AVM-DE_RemoteAccess:1`: what the box keeps, and what it refuses.

use super::soap::Call;

const MODES: [&str; 4] = ["ddns_v4", "ddns_v6", "ddns_both", "ddns_together"];
const ALIAS: &str = "ddns_both_together";
pub(crate) const OWN: &str = "Benutzerdefiniert";
const PROVIDERS: [&str; 3] = ["dyndns.org", "FreeDYN", "STRATO AG"];

/// A result, or `UPnP`'s code of a fault.
pub(crate) type Results = Result<Vec<(&'static str, String)>, u32>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remote {
    pub(crate) enabled: bool,
    pub(crate) port: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) lets_encrypt: bool,
    pub(crate) ddns: Ddns,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ddns {
    pub(crate) enabled: bool,
    pub(crate) provider: String,
    pub(crate) update_url: String,
    pub(crate) domain: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) mode: String,
    pub(crate) server_v4: String,
    pub(crate) server_v6: String,
    pub(crate) status_v4: String,
    pub(crate) status_v6: String,
}

impl Remote {
    /// The values of a real answer that users published.
    pub(crate) fn new() -> Self {
        Self {
            enabled: false,
            port: "443".into(),
            username: String::new(),
            password: String::new(),
            lets_encrypt: false,
            ddns: Ddns {
                enabled: true,
                provider: OWN.into(),
                update_url: "https://ddns.example/update?host=<domain>&ip=<ipaddr>".into(),
                domain: "home.example.de".into(),
                username: "1234567890".into(),
                password: "geheim".into(),
                mode: "ddns_v4".into(),
                server_v4: String::new(),
                server_v6: String::new(),
                status_v4: "complete".into(),
                status_v6: "undefined".into(),
            },
        }
    }

    /// Calls `action`; `users` are the names that an account may not take.
    pub(crate) fn call(&mut self, action: &str, call: &Call, users: &[String]) -> Results {
        match action {
            "GetInfo" => Ok(vec![
                ("NewEnabled", bit(self.enabled)),
                ("NewPort", self.port.clone()),
                ("NewUsername", self.username.clone()),
                ("NewLetsEncryptEnabled", bit(self.lets_encrypt)),
                ("NewLetsEncryptState", if self.lets_encrypt { "valid" } else { "not_used" }.into()),
            ]),
            "SetConfig" => self.set_config(call, users),
            "SetEnable" => Ok(vec![("NewPort", self.set_enable(flag(call.get("NewEnabled"))?))]),
            "SetLetsEncryptEnable" => {
                self.lets_encrypt = flag(call.get("NewLetsEncryptEnabled"))?;
                Ok(Vec::new())
            }
            "GetDDNSInfo" => Ok(self.ddns.told()),
            "GetDDNSProviders" => Ok(vec![("NewProviderList", providers())]),
            "SetDDNSConfig" => self.ddns.set(call),
            _ => Ok(Vec::new()),
        }
    }

    fn set_config(&mut self, call: &Call, users: &[String]) -> Results {
        let enabled = flag(call.get("NewEnabled"))?;
        let port = call.get("NewPort");
        if port.parse::<u16>().is_ok_and(|port| port > 0) {
            let (username, password) = (call.get("NewUsername"), call.get("NewPassword"));
            if users.iter().any(|user| user == username) || password.len() < 8 {
                return Err(820);
            }
            (self.enabled, self.port) = (enabled, port.to_owned());
            (self.username, self.password) = (username.to_owned(), password.to_owned());
            return Ok(Vec::new());
        }
        Err(402)
    }

    /// Without a user who could come in from outside nothing is switched on, and the port is told as 0.
    fn set_enable(&mut self, on: bool) -> String {
        let nobody = on && !self.enabled && self.username.is_empty();
        if !nobody {
            self.enabled = on;
        }
        if nobody { "0".into() } else { self.port.clone() }
    }
}

impl Ddns {
    fn told(&self) -> Vec<(&'static str, String)> {
        vec![
            ("NewEnabled", bit(self.enabled)),
            ("NewProviderName", self.provider.clone()),
            ("NewUpdateURL", self.update_url.clone()),
            ("NewDomain", self.domain.clone()),
            ("NewStatusIPv4", self.status_v4.clone()),
            ("NewStatusIPv6", self.status_v6.clone()),
            ("NewUsername", self.username.clone()),
            ("NewMode", self.mode.clone()),
            ("NewServerIPv4", self.server_v4.clone()),
            ("NewServerIPv6", self.server_v6.clone()),
        ]
    }

    fn set(&mut self, call: &Call) -> Results {
        let enabled = flag(call.get("NewEnabled"))?;
        let get = |name: &str| call.get(name).to_owned();
        let mode = call.get("NewMode");
        let mode = if mode == ALIAS { "ddns_together" } else { mode };
        let provider = get("NewProviderName");
        let own = provider == OWN;
        let fits = MODES.contains(&mode)
            && (own || PROVIDERS.contains(&provider.as_str()))
            && (!own || is_update_url(call.get("NewUpdateURL")))
            && (!own || (call.get("NewServerIPv4").is_empty() && call.get("NewServerIPv6").is_empty()));
        if !fits {
            return Err(402);
        }
        // Stars, or nothing for the same account, leave the password alone.
        let (username, password) = (get("NewUsername"), get("NewPassword"));
        if password != "****" && !(password.is_empty() && username == self.username) {
            self.password = password;
        }
        let (status_v4, status_v6) = if enabled { ("checking", "checking") } else { ("offline", "offline") };
        *self = Self {
            enabled,
            provider,
            update_url: get("NewUpdateURL"),
            domain: get("NewDomain"),
            username,
            password: std::mem::take(&mut self.password),
            mode: mode.into(),
            server_v4: get("NewServerIPv4"),
            server_v6: get("NewServerIPv6"),
            status_v4: status_v4.into(),
            status_v6: status_v6.into(),
        };
        Ok(Vec::new())
    }
}

/// One or two URLs with a slash after the host.
fn is_update_url(text: &str) -> bool {
    let urls: Vec<&str> = text.split(' ').collect();
    urls.len() <= 2 && urls.iter().all(|url| url.split_once("://").map_or(*url, |(_, rest)| rest).contains('/'))
}

fn providers() -> String {
    let item = |name: &str| format!("<Item><ProviderName>{name}</ProviderName><InfoURL></InfoURL></Item>");
    let items: String = PROVIDERS.iter().chain([&OWN]).map(|name| item(name)).collect();
    format!("<List>{items}</List>")
}

fn bit(on: bool) -> String {
    u8::from(on).to_string()
}

fn flag(text: &str) -> Result<bool, u32> {
    match text {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err(402),
    }
}
