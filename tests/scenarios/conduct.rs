//! Rules of conduct that hold for every request, save and question of every row (`docs/behaviour.md`).

use std::net::IpAddr;

use url::{Position, Url};
use wanbeacon::rules::address::{Family, publishable};
use wanbeacon::rules::consensus::Probe;
use wanbeacon::rules::consensus::services::BUILT_IN;
use wanbeacon::rules::domain::Entry;
use wanbeacon::rules::moment::{Moment, RELEASED};
use wanbeacon::rules::order::{Endpoint, Order, Prepared, Slot};
use wanbeacon::rules::state::{Record, record_key};
use wanbeacon::rules::write::Write;

use crate::rig::Rig;
use crate::setting::PASSWORD;

const LONGEST_TARGET: usize = 4000;
const SPACING_MS: u64 = 60_000;
const HOUR_MS: u64 = 3_600_000;
const MOST_PER_HOUR: usize = 11;
const ECHO_REST_MS: u64 = 600_000;

/// Looks at a request before it goes out; `again`: the second try of one that reached nobody.
pub(crate) fn send(rig: &mut Rig, entry: &Entry, order: &Order, prepared: &Prepared, again: bool) {
    let mut wrong = Vec::new();
    let url = prepared.url.expose();
    let names: Vec<String> = order.domains.iter().map(ToString::to_string).collect();
    let families: Vec<Family> = order.families().collect();

    if order.domains.is_empty() || order.domains.len() > entry.batch {
        wrong.push(format!("{} names, {} are allowed", order.domains.len(), entry.batch));
    }
    let places: Vec<_> = names.iter().map(|name| entry.domains.iter().position(|it| it.as_str() == name)).collect();
    if places.iter().any(Option::is_none) || !places.is_sorted() {
        wrong.push(format!("names out of order: {names:?}"));
    }
    match Url::parse(url) {
        Ok(parsed) => wrong.extend(target(&parsed, entry, order, &names)),
        Err(error) => wrong.push(format!("not a URL: {error}")),
    }
    if prepared.shown.contains(PASSWORD) || (prepared.basic.is_some() && url.contains(PASSWORD)) {
        wrong.push("the password is in the URL".into());
    }
    if entry.sending.basic && prepared.basic.as_ref().is_none_or(|(_, password)| password.expose() != entry.sending.password.expose()) {
        wrong.push("no Basic authentication".into());
    }
    let agent = &rig.settings.daemon.user_agent;
    if !agent.starts_with(concat!("wanbeacon/", env!("CARGO_PKG_VERSION"))) || !agent.contains("+http") {
        wrong.push(format!("the User-Agent {agent:?} lacks name, version or contact"));
    }
    for (family, address) in order.addresses.iter() {
        let Some(address) = address else { continue };
        if publishable(*address).is_err() || Family::of(*address) != family {
            wrong.push(format!("{address} is sent as {family}"));
        }
        wrong.extend(intent(rig, entry, order, family, *address));
    }
    if !again {
        wrong.extend(pace(rig, entry, &names, &families));
    }
    let at = rig.wall();
    rig.log.breaches.extend(wrong.into_iter().map(|wrong| format!("request at {at}: {wrong}")));
}

/// Path and query.
fn target(url: &Url, entry: &Entry, order: &Order, names: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    let target = &url[Position::BeforePath..Position::AfterQuery];
    if target.len() > LONGEST_TARGET {
        wrong.push(format!("a target of {} bytes", target.len()));
    }
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let has = |key: &str| pairs.iter().any(|(name, _)| name == key);
    if has("myip2") && !has("myip") {
        wrong.push("myip2 without myip: the first field would be detected".into());
    }
    wrong.extend(pairs.iter().filter(|(name, value)| name.contains("ip") && value.is_empty()).map(|(name, _)| format!("{name} is empty")));
    let template = match order.slot {
        Slot::Single(family) => entry.sending.single[family].as_ref(),
        Slot::Together => entry.sending.together.as_ref(),
    };
    if template.is_some_and(wanbeacon::rules::template::UrlTemplate::has_address) {
        let carried: Vec<IpAddr> = pairs.iter().filter_map(|(_, value)| value.parse().ok()).collect();
        for (_, address) in order.addresses.iter() {
            if address.is_some_and(|address| !carried.contains(&address)) {
                wrong.push(format!("{address:?} is not in {target:?}"));
            }
        }
    }
    if let Some((_, value)) = pairs.iter().find(|(name, _)| name == "hostname").filter(|_| entry.dialect.request.strip_suffix.is_none()) {
        let written: Vec<&str> = value.split(',').collect();
        if written.len() > 1 && written != names {
            wrong.push(format!("hostname={value:?}"));
        }
    }
    // The endpoint that connects over the family of the address, as long as it can be reached.
    let host = url.host_str().unwrap_or_default();
    if let (Slot::Single(family), Endpoint::Own) = (order.slot, order.endpoint)
        && host.starts_with(family.other().key())
    {
        wrong.push(format!("{family} goes to {host}"));
    }
    wrong
}

/// The intent is on disk before the request goes out.
fn intent(rig: &Rig, entry: &Entry, order: &Order, family: Family, address: IpAddr) -> Vec<String> {
    if rig.disk_fault.is_some() {
        return Vec::new();
    }
    let written = |key: &str| {
        let record: Record = serde_json::from_str(rig.records.get(key)?).ok()?;
        record.intent.filter(|it| it.address == address)
    };
    let missing = order.domains.iter().map(|domain| record_key(entry, domain, family)).filter(|key| written(key).is_none());
    missing.map(|key| format!("{key}: the intent is not on disk")).collect()
}

/// Distances and numbers.
fn pace(rig: &Rig, entry: &Entry, names: &[String], families: &[Family]) -> Vec<String> {
    let mut wrong = Vec::new();
    let now = rig.boot_ms;
    let earlier = || rig.log.requests.iter().rev().filter(|it| it.reached > 0);
    if let Some(last) = earlier().find(|it| it.account == entry.account) {
        let gap = now - last.at_ms;
        if u128::from(gap) < entry.spacing.max(last.spacing).as_millis() {
            wrong.push(format!("{gap} ms after the account's last one"));
        }
    }
    for name in names {
        let same =
            || earlier().filter(|it| !it.again && it.names.contains(name) && families.iter().any(|family| it.families.contains(family)));
        if let Some(last) = same().next().filter(|last| now - last.at_ms < SPACING_MS) {
            wrong.push(format!("{} ms after the last one for {name}", now - last.at_ms));
        }
        if same().take_while(|it| now - it.at_ms < HOUR_MS).count() >= MOST_PER_HOUR {
            wrong.push(format!("the twelfth in an hour for {name}"));
        }
    }
    wrong
}

/// Looks at what is written.
pub(crate) fn save(rig: &mut Rig, writes: &[Write]) {
    for write in writes {
        let Some(value) = &write.value else { continue };
        if value.contains(PASSWORD) {
            rig.log.breaches.push(format!("{}: the password is in the state", write.key));
        }
        let early = |text: &str| {
            let moment: Option<Moment> = serde_json::from_value(serde_json::Value::from(text)).ok();
            moment.is_some_and(|moment| moment < RELEASED)
        };
        let texts = value.split('"').filter(|text| text.ends_with('Z') && text.contains('T'));
        let wrong: Vec<String> =
            texts.filter(|text| early(text)).map(|text| format!("{}: {text} is before the build", write.key)).collect();
        rig.log.breaches.extend(wrong);
    }
}

/// Looks at everything at the end.
pub(crate) fn review(rig: &mut Rig) {
    let told = rig.log.notices.iter().filter(|(_, notice)| notice.text.contains(PASSWORD)).map(|(_, notice)| notice.text.clone());
    let mut wrong: Vec<String> = told.map(|text| format!("the password is in a notice: {text}")).collect();
    let mut asked: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for asking in rig.log.probes.iter().filter(|asking| asking.left) {
        let (at, Probe::Echo { url }) = (asking.at_ms, &asking.probe) else { continue };
        if !BUILT_IN.iter().any(|service| service.url.iter().any(|(_, it)| it == url)) {
            continue;
        }
        if let Some(last) = asked.insert(url, at).filter(|last| at - last < ECHO_REST_MS) {
            wrong.push(format!("{url} was asked again after {} ms", at - last));
        }
    }
    rig.log.breaches.extend(wrong);
}
