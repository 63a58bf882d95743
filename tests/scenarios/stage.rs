//! The state before, and then the stimulus.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use wanbeacon::engine::event::Event;
use wanbeacon::rules::address::{Family, PerFamily};
use wanbeacon::rules::moment::Moment;
use wanbeacon::rules::reply::Fault;
use wanbeacon::rules::state::{Published, Record, record_key};

use crate::catalogue::{Fields as _, Scenario};
use crate::disk;
use crate::line::{EchoSays, Line, flagged_address, servers};
use crate::provider::{Act, CONNECT, TOTAL};
use crate::rig::{Crash, DiskFault, Rig};
use crate::setting::Wishes;

/// What lies before the stimulus: long enough for every pace to be free again.
const BEFORE: Duration = Duration::from_secs(4 * 3600);

/// Between what "was received before" and the stimulus.
const LATER: Duration = Duration::from_secs(400);

/// A service manager starts an ended process again after this.
const SUPERVISOR: Duration = Duration::from_secs(10);

/// When things began.
pub(crate) struct Window {
    /// From here on requests count.
    pub(crate) start_ms: u64,
    /// What waits are counted from, where it is not the reply.
    pub(crate) event_ms: Option<u64>,
    /// The stimulus lasts longer than the window: it is added.
    pub(crate) lead: Duration,
}

/// Seconds of the stimulus.
fn seconds(scenario: &Scenario, key: &str, otherwise: u64) -> u64 {
    scenario.stimulus.number(key).and_then(|number| u64::try_from(number).ok()).unwrap_or(otherwise)
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Brings the world to what is given.
pub(crate) fn prepare(rig: &mut Rig, scenario: &Scenario) -> Result<(), String> {
    let published = scenario.pair("published");
    rig.line = Line::new(published);
    rig.line.own_addresses = matches!(scenario.kind(), "iface" | "iface_event");
    rig.start();
    rig.run(BEFORE);
    if shown(rig) != published_for(rig, published) {
        // No provider would have taken it so: it was published under other settings.
        rig.kill();
        seed(rig, published);
        rig.start();
        rig.run(secs(3600));
    }
    if shown(rig) != published_for(rig, published) {
        return Err(format!("the given state was not reached: {:?}", rig.log.notices.iter().map(|it| &it.1.text).collect::<Vec<_>>()));
    }
    if let Some(earlier) = scenario.earlier().filter(|earlier| !earlier.inside) {
        rig.provider.script(vec![say(200, &earlier.body)]);
        rig.change_wan(scenario.pair("wan"));
        rig.run(LATER);
        if !earlier.again {
            rig.provider.script(vec![Act::Good]);
        }
    }
    if scenario.given("credentials") != "valid" {
        rig.provider.script(vec![say(200, "badauth")]);
    }
    if let Some(reply) = scenario.given.text("reply") {
        rig.provider.script(vec![say(200, &scenario.words(reply))]);
    }
    Ok(())
}

/// What is published, by name and family.
fn shown(rig: &Rig) -> BTreeMap<(String, Family), std::net::IpAddr> {
    let names = rig.snapshot().map(|snapshot| snapshot.ddns).unwrap_or_default();
    names
        .iter()
        .flat_map(|name| {
            let published = |family: Family| Some(((name.domain.to_string(), family), name.families[family].published?));
            Family::ALL.into_iter().filter_map(published).collect::<Vec<_>>()
        })
        .collect()
}

fn published_for(rig: &Rig, published: PerFamily<Option<std::net::IpAddr>>) -> BTreeMap<(String, Family), std::net::IpAddr> {
    let entries = rig.settings.entries.iter();
    entries
        .flat_map(|entry| {
            let families = Family::ALL.into_iter().filter(|family| entry.mode.wants(*family));
            let known: Vec<_> = families.filter_map(|family| Some((family, published[family]?))).collect();
            let names = entry.domains.iter().map(ToString::to_string);
            names.flat_map(move |name| known.clone().into_iter().map(move |(family, address)| ((name.clone(), family), address)))
        })
        .collect()
}

/// Writes records as an earlier run left them.
fn seed(rig: &mut Rig, published: PerFamily<Option<std::net::IpAddr>>) {
    let now = rig.wall();
    rig.records.clear();
    for entry in rig.settings.entries.clone() {
        for domain in &entry.domains {
            for family in Family::ALL.into_iter().filter(|family| entry.mode.wants(*family)) {
                let Some(address) = published[family] else { continue };
                let record = Record {
                    published: Some(Published {
                        address,
                        at: now,
                        reply_address: None,
                        assumed: false,
                        refresh_spread_ms: 0,
                        prefix: None,
                    }),
                    verified_at: Some(now),
                    worked_with: Some(entry.fingerprint.clone()),
                    last_sent: Some(now),
                    ..Record::default()
                };
                let text = serde_json::to_string(&record).expect("plain data becomes JSON");
                rig.records.insert(record_key(&entry, domain, family), text);
                rig.provider.zone.insert((domain.clone(), family), address);
            }
        }
    }
}

fn say(status: u16, body: &str) -> Act {
    Act::Say { status, headers: Vec::new(), body: body.to_owned() }
}

/// An element of `replies`: a status, a word, or a line; what stands in brackets is for people.
fn entry(text: &str, scenario: &Scenario) -> Act {
    let text = text.split(" (").next().unwrap_or(text).trim();
    match text.parse::<u16>() {
        Ok(status) if (100..600).contains(&status) => say(status, ""),
        _ => match text {
            "timeout" | "no reply" | "no answer" => no_reply(false),
            _ => say(200, &scenario.words(text)),
        },
    }
}

fn no_reply(stores: bool) -> Act {
    let fault = Fault::Ambiguous("no complete reply within 60s".into());
    Act::Broken { fault, reached: true, stores, after: TOTAL }
}

/// Many characters in few: `xxx... (4000 characters)`.
fn body(text: &str, scenario: &Scenario) -> String {
    let long = text.split_once("... (").and_then(|(start, rest)| {
        let length: usize = rest.strip_suffix(" characters)")?.parse().ok()?;
        Some(start.chars().cycle().take(length).collect())
    });
    long.unwrap_or_else(|| scenario.words(text))
}

/// Applies the stimulus and says from when on to count.
pub(crate) fn stimulate(rig: &mut Rig, scenario: &Scenario, wishes: &Wishes) -> Result<Window, String> {
    let start_ms = rig.boot_ms;
    rig.servers.since_ms = start_ms;
    rig.servers.old = scenario.pair("published");
    let mut window = Window { start_ms, event_ms: None, lead: Duration::ZERO };
    if let Some(earlier) = scenario.earlier().filter(|earlier| earlier.inside) {
        rig.provider.script(vec![say(200, &earlier.body)]);
        rig.change_wan(scenario.pair("wan"));
    }
    let handled = replies(rig, scenario)? || sources(rig, scenario, &mut window) || line(rig, scenario, &mut window);
    if !handled && !process(rig, scenario, wishes, &mut window)? {
        return Err(format!("unknown kind of stimulus {:?}", scenario.kind()));
    }
    Ok(window)
}

/// The provider or the way to it: the address changes, and this comes back.
fn replies(rig: &mut Rig, scenario: &Scenario) -> Result<bool, String> {
    let stimulus = &scenario.stimulus;
    let text = |key: &str| stimulus.text(key).map(|text| scenario.words(text));
    let never_sent = |fault| Act::Broken { fault, reached: false, stores: false, after: Duration::from_millis(100) };
    let ambiguous = |why: &str, after| Act::Broken { fault: Fault::Ambiguous(why.into()), reached: true, stores: false, after };
    let acts = match scenario.kind() {
        "http_reply" => {
            let headers = stimulus.get("headers").and_then(Value::as_object).cloned().unwrap_or_default();
            let headers = headers.into_iter().map(|(name, value)| (name, value.as_str().map_or(value.to_string(), str::to_owned)));
            let status = u16::try_from(seconds(scenario, "status", 200)).map_err(|error| error.to_string())?;
            vec![Act::Say { status, headers: headers.collect(), body: body(stimulus.text("body").unwrap_or_default(), scenario) }]
        }
        "http_sequence" => {
            let list = stimulus.get("replies").and_then(Value::as_array).cloned().unwrap_or_default();
            list.iter().filter_map(Value::as_str).map(|text| entry(text, scenario)).collect()
        }
        "http_by_family" => {
            let act = |key: &str| Box::new(entry(stimulus.text(key).unwrap_or("good"), scenario));
            vec![Act::ByFamily(act("ipv4"), act("ipv6"))]
        }
        "http_reply_all" | "inspect_request" => vec![Act::Good],
        "http_reply_raw" => vec![raw(scenario)],
        "http_then_dns" => {
            let dns = stimulus.get("dns").and_then(Value::as_object).cloned().unwrap_or_default();
            let shown = |value: Value| value.as_str().and_then(|text| scenario.address(text));
            rig.servers.fixed = dns.into_iter().map(|(name, value)| (name, shown(value))).collect();
            vec![say(200, &text("reply").unwrap_or_default())]
        }
        "redirect" => {
            let status = u16::try_from(seconds(scenario, "status", 302)).map_err(|error| error.to_string())?;
            vec![Act::Redirect { status, to: text("to").unwrap_or_default() }]
        }
        "slow_drip" => vec![ambiguous("no complete reply within 60s", TOTAL)],
        "no_reply" => vec![no_reply(false)],
        "no_reply_then" => vec![no_reply(true), say(200, &text("reply").unwrap_or_default())],
        "reset_after" => vec![ambiguous("connection reset by peer", secs(1))],
        "delay" => vec![Act::Later(secs(seconds(scenario, "seconds", 1)), Box::new(say(200, &text("then").unwrap_or_default())))],
        "dns_fault" => vec![never_sent(Fault::Lookup(format!("the name servers answer {}", text("rcode").unwrap_or_default())))],
        "tcp_fault" => match stimulus.text("fault").unwrap_or_default() {
            "blackhole" | "timeout" => {
                let fault = Fault::Connect("no connection within 10s".into());
                vec![Act::Broken { fault, reached: false, stores: false, after: CONNECT }]
            }
            "reset" | "reset_after_send" | "closed" => vec![ambiguous("connection reset by peer", secs(1))],
            fault => vec![never_sent(Fault::Connect(format!("connection {fault}")))],
        },
        "tls_fault" => {
            let fault = stimulus.text("fault").unwrap_or_default();
            let wrong_name = fault.contains("name") || fault.contains("host");
            vec![never_sent(Fault::Tls { text: format!("invalid peer certificate: {fault}"), wrong_name })]
        }
        "endpoint_fault" => {
            let down = stimulus.get("down").and_then(Value::as_array).cloned().unwrap_or_default();
            rig.provider.down = down.iter().filter_map(|host| host.as_str().map(str::to_owned)).collect();
            vec![Act::Good]
        }
        "verify" => {
            rig.servers.told = servers(stimulus.get("authoritative").unwrap_or(&Value::Null), scenario);
            if let Some(ttl) = stimulus.number("ttl_s").or_else(|| stimulus.number("ttl")) {
                rig.servers.ttl = secs(u64::try_from(ttl).unwrap_or(60));
            }
            vec![Act::Good]
        }
        "change_mid_update" => {
            mid_update(rig, scenario);
            return Ok(true);
        }
        "change_during_verify" => {
            let to = scenario.address(stimulus.text("to").unwrap_or_default());
            rig.servers.lag_until_ms = rig.boot_ms + 30_000;
            rig.after(secs(4), move |rig| rig.change_wan(with(rig.line.wan, to)));
            vec![Act::Good]
        }
        _ => return Ok(false),
    };
    rig.provider.script(acts);
    rig.change_wan(scenario.pair("wan"));
    Ok(true)
}

fn with(wan: PerFamily<Option<std::net::IpAddr>>, address: Option<std::net::IpAddr>) -> PerFamily<Option<std::net::IpAddr>> {
    PerFamily::from_fn(|family| address.filter(|it| Family::of(*it) == family).or(wan[family]))
}

/// The answer takes three seconds; the address changes after one.
fn mid_update(rig: &mut Rig, scenario: &Scenario) {
    let to = scenario.address(scenario.stimulus.text("to").unwrap_or_default());
    let first = scenario.stimulus.text("reply").map_or(Act::Good, |text| say(200, &scenario.words(text)));
    rig.provider.script(vec![Act::Later(secs(3), Box::new(first)), Act::Good]);
    rig.change_wan(scenario.pair("wan"));
    when_sent(rig, move |rig| rig.after(secs(1), move |rig| rig.change_wan(with(rig.line.wan, to))));
}

/// Does something when the next request has gone out.
fn when_sent(rig: &mut Rig, then: impl FnOnce(&mut Rig) + 'static) {
    fn watch(rig: &mut Rig, sent: usize, then: Box<dyn FnOnce(&mut Rig)>) {
        if rig.log.requests.len() > sent {
            then(rig);
        } else {
            rig.after(Duration::from_millis(50), move |rig| watch(rig, sent, then));
        }
    }
    let sent = rig.log.requests.len();
    watch(rig, sent, Box::new(then));
}

/// A reply as bytes; what `src/http` makes of it is what the rules get.
fn raw(scenario: &Scenario) -> Act {
    let stimulus = &scenario.stimulus;
    let flag = |key: &str| stimulus.get(key).is_some_and(|value| value != &Value::Bool(false) && !value.is_null());
    let text = scenario.words(stimulus.text("text").or_else(|| stimulus.text("body")).unwrap_or_default());
    let status = u16::try_from(seconds(scenario, "status", 200)).unwrap_or(200);
    if flag("bad_chunks") || flag("truncated") || flag("bad_gzip") || flag("short_content_length") {
        let fault = Fault::Ambiguous("the framing of the reply is broken".into());
        return Act::Broken { fault, reached: true, stores: false, after: secs(1) };
    }
    let known = |name: &str| matches!(name, "" | "gzip" | "x-gzip" | "deflate" | "identity");
    let encoding = stimulus.text("encoding").unwrap_or_default();
    let longest = seconds(scenario, "size_decoded", 0).max(seconds(scenario, "filler", 0)).max(text.len() as u64);
    let charset = stimulus.text("charset").or_else(|| stimulus.text("bom")).unwrap_or_default().to_lowercase();
    let utf16 =
        |unit: fn(u16) -> [u8; 2], mark: [u8; 2]| -> Vec<u8> { mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect() };
    let body = if charset.contains("16be") {
        utf16(u16::to_be_bytes, [0xfe, 0xff])
    } else if charset.contains("16") {
        utf16(u16::to_le_bytes, [0xff, 0xfe])
    } else if flag("bom") {
        [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat()
    } else {
        text.clone().into_bytes()
    };
    let unknown_encoding = (!known(encoding)).then(|| encoding.to_owned());
    Act::Raw { text, body, status, oversized: longest > 64 * 1024, unknown_encoding }
}

/// What the address sources say.
fn sources(rig: &mut Rig, scenario: &Scenario, window: &mut Window) -> bool {
    let stimulus = &scenario.stimulus;
    let texts = |key: &str| -> Vec<String> {
        let list = stimulus.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
    };
    let everywhere = |says: Vec<EchoSays>| PerFamily { v4: says.clone(), v6: says };
    let mut wan = scenario.pair("wan");
    match scenario.kind() {
        "detect" => {
            rig.line.echoes = everywhere(texts("results").iter().map(|text| EchoSays::of(text, scenario)).collect());
            // What all of them see is what the line has.
            wan = with(wan, texts("results").first().and_then(|text| scenario.address(text)));
        }
        "detect_body" => rig.line.echoes = everywhere(vec![EchoSays::of(stimulus.text("body").unwrap_or_default(), scenario)]),
        "detect_http" => {
            let status = u16::try_from(seconds(scenario, "status", 429)).unwrap_or(429);
            let retry_after = stimulus.number("retry_after").and_then(|it| u64::try_from(it).ok()).map(secs);
            let page = |address: Option<std::net::IpAddr>| match address {
                Some(address) => EchoSays::of(&address.to_string(), scenario),
                None => EchoSays::NoRoute,
            };
            rig.line.echoes = PerFamily::from_fn(|family| {
                vec![EchoSays::Page { status, retry_after, body: String::new() }, page(wan[family]), page(wan[family])]
            });
        }
        "detect_table" => {
            let results = texts("results");
            table(rig, scenario, &results);
            window.event_ms = Some(rig.boot_ms + 30_000 * (results.len().max(1) as u64 - 1));
            return true;
        }
        "iface" => rig.line.interface = Some(texts("addrs").iter().map(|text| flagged_address(text, scenario)).collect()),
        "iface_event" => {
            let (new, old) = (stimulus.text("new").unwrap_or_default(), stimulus.text("old").unwrap_or_default());
            let list = |new: &str| [new, old].iter().filter(|it| !it.is_empty()).map(|it| flagged_address(it, scenario)).collect();
            rig.line.interface = Some(list(&format!("{new} tentative")));
            let settled = list(new);
            // Duplicate address detection takes a second (RFC 4862 5.1: one probe, RetransTimer).
            rig.after(secs(1), move |rig| {
                rig.line.interface = Some(settled);
                rig.link(true, true);
            });
            rig.line.wan = with(wan, scenario.address(new));
            rig.link(true, true);
            return true;
        }
        "igd" => router(rig, scenario, stimulus.text("external").unwrap_or_default()),
        "igd_vs_echo" => {
            router(rig, scenario, stimulus.text("igd").unwrap_or_default());
            rig.line.echoes = everywhere(Vec::new());
            wan = with(wan, scenario.address(stimulus.text("echo").unwrap_or_default()));
        }
        // The program takes no proxy from the environment: where only the proxy leads out, echo services are out of reach.
        "proxy_env" => rig.line.echoes = everywhere(vec![EchoSays::Fails("failed to connect: connection refused".into())]),
        _ => return false,
    }
    rig.provider.script(vec![Act::Good]);
    rig.change_wan(wan);
    true
}

fn router(rig: &mut Rig, scenario: &Scenario, external: &str) {
    let address = scenario.words(external);
    let family = if address.contains(':') { Family::V6 } else { Family::V4 };
    let status = scenario.stimulus.text("status").unwrap_or("Connected").to_owned();
    rig.line.router[family] = Some((address, status));
}

/// One address after the other, half a minute each.
fn table(rig: &mut Rig, scenario: &Scenario, results: &[String]) {
    for (number, text) in results.iter().enumerate() {
        let family = if text.contains(':') { Family::V6 } else { Family::V4 };
        let says = EchoSays::of(text, scenario);
        rig.after(secs(30) * u32::try_from(number).expect("a short list"), move |rig| {
            rig.line.echoes[family] = vec![says];
            rig.line.echoes[family.other()] = vec![EchoSays::Fails("failed to connect: timeout".into())];
            rig.look();
        });
    }
}

/// Link, address and time.
fn line(rig: &mut Rig, scenario: &Scenario, window: &mut Window) -> bool {
    let stimulus = &scenario.stimulus;
    let wan = scenario.pair("wan");
    match scenario.kind() {
        "link" => {
            rig.line.wan = wan;
            let up = stimulus.text("state") != Some("down");
            rig.link(up, up);
        }
        "link6" => {
            rig.line.wan = PerFamily { v6: None, ..wan };
            rig.link(true, stimulus.text("state") == Some("up"));
        }
        "link_flap" => {
            let times = u32::try_from(seconds(scenario, "times", 10)).unwrap_or(10);
            let period = secs(60) / (2 * times.max(1));
            rig.line.wan = wan;
            for number in 0..times {
                rig.after(period * (2 * number), |rig| rig.link(false, false));
                rig.after(period * (2 * number + 1), |rig| rig.link(true, true));
            }
        }
        "address_flap" => {
            let values: Vec<_> = stimulus.get("values").and_then(Value::as_array).cloned().unwrap_or_default();
            let values: Vec<_> = values.iter().filter_map(Value::as_str).map(|text| scenario.address(text)).collect();
            let period = seconds(scenario, "period_s", 20).max(1);
            for number in 0..seconds(scenario, "duration_s", 600) / period {
                let value = values[usize::try_from(number).expect("a small number") % values.len()];
                rig.after(secs(period * number), move |rig| rig.change_wan(with(rig.line.wan, value)));
            }
        }
        "address" => {
            let changed =
                PerFamily::from_fn(|family| stimulus.text(family.key()).and_then(|text| scenario.address(text)).or(rig.line.wan[family]));
            rig.change_wan(changed);
        }
        "late_family" => {
            let missing = if stimulus.text("family") == Some("ipv4") { Family::V4 } else { Family::V6 };
            // A reconnect: everything is gone, one family is back at once.
            rig.link(false, false);
            rig.line.wan = PerFamily::from_fn(|family| wan[family].filter(|_| family != missing));
            rig.after(secs(1), |rig| rig.link(true, true));
            if let Some(after) = stimulus.number("after_s") {
                rig.after(secs(u64::try_from(after).unwrap_or(0)), move |rig| rig.change_wan(wan));
            }
        }
        "load" => {
            for number in 0..30_u64 {
                rig.after(secs(20 * number), |rig| rig.link(true, true));
            }
        }
        "suspend" => {
            rig.line.wan = wan;
            rig.sleep(secs(seconds(scenario, "seconds", 3600)));
            window.start_ms = rig.boot_ms;
        }
        "time" => {
            if let Some(then) = stimulus.text("then") {
                rig.provider.script(vec![entry(then, scenario)]);
            }
            rig.line.wan = wan;
            // Counted from when the address was published.
            let published = rig
                .snapshot()
                .into_iter()
                .flat_map(|it| it.ddns)
                .filter_map(|it| it.families.v4.published_at.or(it.families.v6.published_at));
            let since = published.min().map_or(0, |at| rig.wall().since(at).as_secs());
            let advance = secs(seconds(scenario, "advance_s", 0).saturating_sub(since));
            if scenario.expect.requests.within_s < seconds(scenario, "advance_s", 0) {
                window.lead = advance;
            }
        }
        "foreign_change" => {
            let to = scenario.address(stimulus.text("to").unwrap_or_default());
            for (_, stored) in rig.provider.zone.iter_mut().filter(|((_, family), _)| to.is_some_and(|to| Family::of(to) == *family)) {
                *stored = to.expect("looked at above");
            }
        }
        _ => return false,
    }
    true
}

/// The process, its state, its clock, its settings, and the people around it.
fn process(rig: &mut Rig, scenario: &Scenario, wishes: &Wishes, window: &mut Window) -> Result<bool, String> {
    let stimulus = &scenario.stimulus;
    let wan = scenario.pair("wan");
    let times = u32::try_from(seconds(scenario, "times", 1)).unwrap_or(1);
    match scenario.kind() {
        "restart" => {
            rig.line.wan = wan;
            if let Some(at) = stimulus.number("at_s") {
                let at = secs(u64::try_from(at).unwrap_or(0));
                window.event_ms = Some(rig.boot_ms + u64::try_from(at.as_millis()).expect("short"));
                rig.after(at, Rig::restart);
            } else {
                for number in 0..times {
                    rig.after(secs(600) * number / times, Rig::restart);
                }
            }
        }
        "command" => {
            rig.line.wan = wan;
            let update = stimulus.text("name").is_some_and(|name| name.starts_with("update"));
            for number in 0..times {
                rig.after(secs(60) * number / times, move |rig| {
                    let by = "command".to_owned();
                    rig.event(if update { Event::Update { domain: None } } else { Event::Unlock { domain: None, by } });
                });
            }
            window.event_ms = Some(rig.boot_ms);
        }
        "signal" => signal(rig, scenario, wishes, window),
        "crash_loop" => {
            let point = stimulus.text("point").unwrap_or("after send");
            rig.crash = Some(match point {
                "before save" => Crash::BeforeSave,
                "before send" | "after save" => Crash::BeforeSend,
                _ => Crash::AfterSend,
            });
            rig.supervisor = Some(secs(1));
            window.event_ms = Some(rig.boot_ms);
            for number in 1..=times {
                rig.after(secs(300) * number / (times + 1), Rig::restart);
            }
            rig.after(secs(300), |rig| {
                rig.crash = None;
                rig.supervisor = None;
                if !rig.is_running() {
                    rig.start();
                }
            });
            rig.change_wan(wan);
        }
        "clock" => clock(rig, scenario, window),
        "state_fault" => {
            state_fault(rig, scenario)?;
            rig.change_wan(wan);
        }
        "second_instance" => disk::second_instance(rig)?,
        "reload" => {
            rig.line.wan = wan;
            let changed: Vec<String> = stimulus
                .get("changed")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|it| it.as_str().map(str::to_owned))
                .collect();
            let mut wishes = wishes.clone();
            for number in 0..times {
                for what in &changed {
                    wishes.change(what, stimulus.text(&format!("{what}_after")));
                }
                // A broken configuration is reported, and the old one stays in force.
                if let Ok(settings) = wishes.settings() {
                    rig.after(secs(60) * number / times, move |rig| rig.reload(settings));
                }
            }
        }
        "config" => config(rig, scenario, wishes, window)?,
        "config_sequence" => {
            let steps = stimulus.get("enabled").and_then(Value::as_array).cloned().unwrap_or_default();
            rig.line.wan = wan;
            for (number, enabled) in steps.iter().enumerate() {
                let settings = wishes.switched(enabled == &Value::Bool(true)).settings()?;
                rig.after(secs(number as u64), move |rig| rig.reload(settings));
            }
        }
        "inspect_status" => {}
        _ => return Ok(false),
    }
    Ok(true)
}

fn signal(rig: &mut Rig, scenario: &Scenario, wishes: &Wishes, window: &mut Window) {
    let name = scenario.stimulus.text("name").unwrap_or("TERM").trim_start_matches("SIG").to_owned();
    let settings = wishes.settings().ok();
    window.event_ms = Some(rig.boot_ms);
    if matches!(name.as_str(), "TERM" | "INT" | "KILL") {
        // During a request: it is under way for a second, and its reply does not come.
        rig.provider.script(vec![no_reply(false)]);
        rig.supervisor = Some(SUPERVISOR);
        rig.change_wan(scenario.pair("wan"));
        when_sent(rig, move |rig| {
            rig.after(secs(1), move |rig| {
                if name == "KILL" {
                    return rig.kill();
                }
                rig.event(Event::Stop);
                // A stop waits so long for replies.
                rig.after(secs(5), |rig| {
                    if rig.is_running() {
                        rig.kill();
                    }
                });
            });
        });
        return;
    }
    rig.line.wan = scenario.pair("wan");
    match (name.as_str(), settings) {
        ("HUP", Some(settings)) => rig.reload(settings),
        _ => rig.look(),
    }
}

fn clock(rig: &mut Rig, scenario: &Scenario, window: &mut Window) {
    let stimulus = &scenario.stimulus;
    rig.line.wan = scenario.pair("wan");
    if stimulus.text("set").is_some_and(|date| date.starts_with("1970")) {
        // A boot without a battery behind the clock.
        rig.kill();
        rig.set_wall(Moment(3_000));
        window.start_ms = rig.boot_ms;
        window.event_ms = Some(rig.boot_ms);
        return rig.start();
    }
    let jump = stimulus.number("jump_s").unwrap_or(0);
    let at = secs(seconds(scenario, "at_s", 600));
    window.event_ms = Some(rig.boot_ms + u64::try_from(at.as_millis()).expect("short"));
    rig.after(at, move |rig| {
        rig.sample();
        let wall = rig.wall();
        rig.set_wall(wall.shifted(jump * 1000));
        // The kernel tells of a set clock, and the alarm runs on the other one.
        rig.event(Event::Tick);
    });
}

fn state_fault(rig: &mut Rig, scenario: &Scenario) -> Result<(), String> {
    match scenario.stimulus.text("fault").unwrap_or_default() {
        "read_only" => rig.disk_fault = Some(DiskFault::ReadOnly),
        "enospc" | "full" => rig.disk_fault = Some(DiskFault::Full),
        "truncated" => disk::truncated(rig)?,
        "power_loss" => disk::power_loss(rig)?,
        other => return Err(format!("unknown state fault {other:?}")),
    }
    Ok(())
}

/// What a person writes into the configuration. Most of it was read at the start.
fn config(rig: &mut Rig, scenario: &Scenario, wishes: &Wishes, window: &mut Window) -> Result<(), String> {
    let Some(enabled) = scenario.stimulus.get("enabled").and_then(Value::as_bool) else {
        rig.provider.script(vec![Act::Good]);
        rig.change_wan(scenario.pair("wan"));
        return Ok(());
    };
    rig.line.wan = scenario.pair("wan");
    if enabled {
        let off = wishes.switched(false).settings()?;
        rig.reload(off);
        rig.run(secs(60));
        window.start_ms = rig.boot_ms;
    }
    let settings = wishes.switched(enabled).settings()?;
    rig.reload(settings);
    Ok(())
}
