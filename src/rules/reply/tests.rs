//! One module per step from the reply to the verdict.

mod bodies;
mod dialects;
mod http_layer;
mod many_names;
mod properties;

use super::*;

const V4: &str = "91.12.34.57";
const V4_OTHER: &str = "91.12.34.56";
const V6: &str = "2003:f:ab::10";

/// FreeDYN's fourteen codes.
const FREEDYN: &str = r#"
name = "freedyn"
title = "FreeDYN"
source = ["table 2.4"]
[request]
batch = 20
sibling_endpoint = true
[words]
good = { class = "Updated" }
nochg = { class = "Unchanged" }
norecord = { class = "NotApplicable" }
badauth = { class = "BlockedAccount" }
notfqdn = { class = "BlockedHost" }
nohost = { class = "BlockedConfig", hint = "the provider saw no host name; check the URL" }
numhost = { class = "SplitBatch" }
abuse = { class = "BlockedAccount" }
badagent = { class = "BlockedClient" }
dnserr = { class = "BlockedAddress" }
dnserr_int = { class = "BlockedAddress" }
dnserr_lock = { class = "BlockedAddress", probe = "24h" }
911 = { class = "RetryLater" }
upallisdeprecated = { class = "BlockedConfig" }
"#;

/// The pessimistic union of 3.4.
const GENERIC: &str = r#"
name = "dyndns2"
title = "dyndns2"
source = ["table 3.4"]
[request]
[words]
good = { class = "Updated" }
nochg = { class = "Unchanged" }
norecord = { class = "NotApplicable" }
deleted = { class = "Removed" }
badauth = { class = "BlockedAccount" }
unauth = { class = "BlockedAccount" }
ko = { class = "BlockedAccount" }
abuse = { class = "BlockedAccount" }
blocked = { class = "BlockedAccount" }
badagent = { class = "BlockedClient" }
"!donator" = { class = "BlockedConfig" }
"!yours" = { class = "BlockedHost" }
conflict = { class = "BlockedHost", scope = "family" }
notfqdn = { class = "BlockedHost" }
nohost = { class = "BlockedHost" }
numhost = { class = "SplitBatch" }
badsys = { class = "BlockedConfig" }
"illegal input" = { class = "BlockedConfig" }
badip = { class = "BlockedAddress" }
noipv6 = { class = "BlockedAddress" }
dnserr = { class = "RetryLater" }
911 = { class = "RetryLater" }
servererror = { class = "RetryLater" }
toosoon = { class = "RateLimited" }
toomanyrequests = { class = "RateLimited" }
"abuse prevention triggered" = { class = "RateLimited", wait = "30m" }
"#;

fn dialect(text: &str) -> Dialect {
    toml::from_str(text).expect("tests write dialects")
}

fn freedyn() -> Dialect {
    dialect(FREEDYN)
}

fn generic() -> Dialect {
    dialect(GENERIC)
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("tests write addresses")
}

fn domains(count: usize) -> Vec<Domain> {
    (0..count).map(|number| Domain::parse(&format!("h{number}.example.org")).expect("a name")).collect()
}

/// Which addresses the request carries.
#[derive(Clone, Copy)]
enum Carries {
    V4,
    V6,
    Both,
}

impl Carries {
    fn addresses(self) -> PerFamily<Option<IpAddr>> {
        PerFamily { v4: matches!(self, Self::V4 | Self::Both).then(|| ip(V4)), v6: matches!(self, Self::V6 | Self::Both).then(|| ip(V6)) }
    }
}

/// 2026-11-22T00:00:00Z.
const NOW: Moment = Moment(1_795_305_600_000);

fn judged(dialect: &Dialect, hosts: usize, carries: Carries, outcome: &Outcome) -> Judgement {
    let domains = domains(hosts);
    let asked = Asked { domains: &domains, addresses: carries.addresses(), other_endpoint: false, now: NOW };
    judge(dialect, &asked, outcome)
}

fn reply(status: u16, body: &str) -> Reply {
    Reply { status, body: body.into(), ..Reply::default() }
}

fn page(status: u16, body: &str) -> Reply {
    Reply { headers: vec![("content-type".into(), "text/html; charset=utf-8".into())], ..reply(status, body) }
}

/// The judgement on a plain 200 for this many names.
fn said(dialect: &Dialect, hosts: usize, carries: Carries, body: &str) -> Judgement {
    judged(dialect, hosts, carries, &Outcome::Replied(reply(200, body)))
}

/// The only verdict of a reply about one name and IPv4.
fn only(dialect: &Dialect, reply: Reply) -> Verdict {
    let judgement = judged(dialect, 1, Carries::V4, &Outcome::Replied(reply));
    let [(0, Family::V4, verdict)] = &judgement.verdicts[..] else { panic!("one verdict: {judgement:?}") };
    verdict.clone()
}

fn only_said(dialect: &Dialect, body: &str) -> Verdict {
    only(dialect, reply(200, body))
}

fn classes(judgement: &Judgement) -> Vec<Class> {
    judgement.verdicts.iter().map(|(_, _, verdict)| verdict.class).collect()
}

fn first_seconds(verdict: &Verdict) -> Option<u64> {
    verdict.wait.map(|wait| wait.first.as_secs())
}

fn cap_seconds(verdict: &Verdict) -> Option<u64> {
    verdict.wait.map(|wait| wait.cap.as_secs())
}
