//! `X_AVM-DE_RemoteAccess:1` (document v12).

use std::collections::BTreeMap;

use super::providers::{self, Choice};
use super::{Caller, Facts, Outcome, invalid, results, unknown};
use crate::config::Served;
use crate::rules::address::Family;
use crate::rules::domain::Mode;
use crate::rules::rights::Right;
use crate::rules::secret::Secret;
use crate::rules::snapshot::{NamePicture, Snapshot};
use crate::rules::status::Status;
use crate::rules::template::masked;
use crate::tr064::remote_access::{DdnsConfig, RemoteConfig, RemoteInfo, StatusWord, boolean, short, truth};
use crate::tr064::served::Change;
use crate::tr064::served::change::UNCHANGED;
use crate::tr064::soap::{ACTION_FAILED, INTERNAL, SoapFault};

/// Longest user name and password of the remote access, in characters.
pub(super) const LONGEST: usize = 128;

/// What a picture calls the provider of an entry that names none.
const OWN_PROVIDER: &str = "custom";

/// Most URLs that an update URL may hold, one for each family.
const URLS: usize = 2;

pub(super) fn answer(action: &str, arguments: &BTreeMap<String, String>, caller: &Caller, facts: &Facts<'_>) -> Result<Outcome, SoapFault> {
    // They were checked: what is missing here is an argument that the action does not have.
    let given = |name: &str| arguments.get(name).map_or("", String::as_str);
    let enabled = truth(given("NewEnabled")).unwrap_or_default();
    let view = facts.view;
    match action {
        "GetInfo" => Ok(info(&view.remote)),
        "SetConfig" => {
            set_config(enabled, given("NewPort"), given("NewUsername"), given("NewPassword")).map(Change::Remote).map(Outcome::Change)
        }
        "SetEnable" => Ok(Outcome::Change(Change::Enable(enabled))),
        "SetLetsEncryptEnable" => {
            let text = "Action Failed: certificates of Let's Encrypt are not obtained here; give the listener a certificate instead";
            Err(SoapFault { code: ACTION_FAILED, text: text.into() })
        }
        "GetDDNSInfo" => Ok(ddns_info(&view.served, &view.picture, caller.rights.has(Right::Config))),
        "GetDDNSProviders" => Ok(results([("NewProviderList", &providers::list(&view.served.own_name))])),
        "SetDDNSConfig" if asks_for_nothing(arguments, &view.served) => Ok(results([])),
        "SetDDNSConfig" => set_ddns(arguments, &view.served.own_name).map(Change::Ddns).map(Outcome::Change),
        _ => Err(unknown(action)),
    }
}

fn info(remote: &RemoteInfo) -> Outcome {
    results([
        ("NewEnabled", boolean(remote.enabled)),
        ("NewPort", &remote.port.to_string()),
        ("NewUsername", &remote.username),
        ("NewLetsEncryptEnabled", boolean(false)),
        ("NewLetsEncryptState", "not_used"),
    ])
}

fn set_config(enabled: bool, port: &str, name: &str, password: &str) -> Result<RemoteConfig, SoapFault> {
    let number = port.trim().parse().ok().filter(|port| *port > 0);
    let port: u16 = number.ok_or_else(|| invalid(format!("NewPort is {:?}; 1 to 65535 was expected", short(port))))?;
    let refused = |why: &str| Err(SoapFault { code: INTERNAL, text: format!("Internal Error: {why}") });
    let name = name.trim();
    let length = |text: &str| (1..=LONGEST).contains(&text.chars().count());
    // Basic authentication ends the name at a colon, digest authentication at a quotation mark.
    if !length(name) || name.contains(|c: char| c.is_control() || matches!(c, ':' | '"')) {
        return refused(&format!(
            "NewUsername must have 1 to {LONGEST} characters, none of them a colon, a quotation mark or a control character"
        ));
    }
    if !length(password) || password.contains(char::is_control) {
        return refused(&format!("NewPassword must have 1 to {LONGEST} characters, none of them a control character"));
    }
    Ok(RemoteConfig { enabled, port, username: name.to_owned(), password: Secret::new(password.to_owned()) })
}

/// Whoever may not change the settings does not see the keys in the URL either.
fn ddns_info(served: &Served, picture: &Snapshot, whole: bool) -> Outcome {
    let url = served.update_url.expose();
    let domains: Vec<&str> = served.domains.iter().map(crate::rules::domain::Domain::as_str).collect();
    results([
        ("NewEnabled", boolean(served.enabled)),
        ("NewProviderName", &providers::name(served.provider.as_deref(), &served.own_name)),
        ("NewUpdateURL", &if whole { url.to_owned() } else { masked(url) }),
        ("NewDomain", &domains.join(",")),
        ("NewStatusIPv4", status(served, picture, Family::V4).word(Family::V4)),
        ("NewStatusIPv6", status(served, picture, Family::V6).word(Family::V6)),
        ("NewUsername", &served.username),
        ("NewMode", served.mode.wire()),
        ("NewServerIPv4", &served.server_ipv4),
        ("NewServerIPv6", &served.server_ipv6),
    ])
}

/// Of several names the status that needs somebody most. The same name may be at another service as well.
fn status(served: &Served, picture: &Snapshot, family: Family) -> Status {
    if !served.mode.wants(family) {
        return Status::Undefined;
    }
    let provider = served.provider.as_deref().unwrap_or(OWN_PROVIDER);
    let here = |name: &&NamePicture| name.provider == provider && name.mode.wants(family) && served.domains.contains(&name.domain);
    let names = picture.ddns.iter().filter(here);
    let worst = names.filter_map(|name| StatusWord::read(&name.families[family].status).status).min();
    let unseen = if served.enabled && !served.domains.is_empty() { Status::Undefined } else { Status::Offline };
    worst.unwrap_or(unseen)
}

/// Switching off what is not there, as a client does that gives back what it read: nothing is different then.
fn asks_for_nothing(arguments: &BTreeMap<String, String>, served: &Served) -> bool {
    let given = |name: &str| arguments.get(name).map_or("", |value| value.trim());
    let texts = ["NewUpdateURL", "NewDomain", "NewUsername", "NewServerIPv4", "NewServerIPv6"];
    let (provider, mode) = (given("NewProviderName"), given("NewMode"));
    served.domains.is_empty()
        && truth(given("NewEnabled")) == Some(false)
        && texts.into_iter().all(|name| given(name).is_empty())
        && matches!(given("NewPassword"), "" | UNCHANGED)
        && (provider.is_empty() || providers::choice(provider, &served.own_name).is_some())
        && (mode.is_empty() || Mode::parse(mode).is_some())
}

/// `provider_name` in the result is the catalogue name, or `own_name` for the user-defined one.
fn set_ddns(arguments: &BTreeMap<String, String>, own_name: &str) -> Result<DdnsConfig, SoapFault> {
    let config = DdnsConfig::from(arguments).map_err(invalid)?;
    if let Some((name, _)) = arguments.iter().find(|(_, value)| value.contains(char::is_control)) {
        return Err(invalid(format!("{name} holds a control character")));
    }
    let provider_name = match providers::choice(&config.provider_name, own_name) {
        Some(Choice::Own) => {
            check_url(config.update_url.expose())?;
            own_name.to_owned()
        }
        Some(Choice::Listed(dialect)) => dialect.name.clone(),
        None => {
            let name = short(&config.provider_name);
            return Err(invalid(format!("NewProviderName is {name:?}; a name of GetDDNSProviders was expected")));
        }
    };
    let trimmed = |text: &str| text.trim().to_owned();
    Ok(DdnsConfig {
        provider_name,
        update_url: Secret::new(trimmed(config.update_url.expose())),
        domain: trimmed(&config.domain),
        server_ipv4: trimmed(&config.server_ipv4),
        server_ipv6: trimmed(&config.server_ipv6),
        ..config
    })
}

/// What the document says of the URL of a user-defined provider; the rest shows when the settings are read as a whole. The URL is
/// not repeated: there may be a key in it.
fn check_url(field: &str) -> Result<(), SoapFault> {
    let urls: Vec<&str> = field.split_whitespace().collect();
    if !(1..=URLS).contains(&urls.len()) {
        return Err(invalid(format!("NewUpdateURL holds {} URLs; one, or two with a blank between them, were expected", urls.len())));
    }
    for url in urls {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        if rest.split_once('/').is_none_or(|(host, _)| host.is_empty()) {
            return Err(invalid("NewUpdateURL needs a host and a slash behind it"));
        }
    }
    Ok(())
}
