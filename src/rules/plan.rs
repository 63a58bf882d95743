//! (entry, memory, observed, now) → what is due, when, and why.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::address::{Family, PerFamily, Prefix};
use super::dialect::Sibling;
use super::domain::{Entry, MissingFamily};
use super::moment::Moment;
use super::schedule::{self, FIRST_REPAIR, NEXT_REPAIR};
use super::state::{AccountState, Record};

/// Why a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The address differs from the published one.
    NewAddress,
    /// The address is published, and the prefix of the LAN that goes along differs from the one that was sent.
    NewPrefix,
    /// A person asked for it.
    Manual,
    /// DNS shows something else, for good.
    Repair,
    /// The refused address is offered once more.
    Probe,
    /// The provider wants to hear from unchanged names now and then.
    Refresh,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NewAddress => "the address is new",
            Self::NewPrefix => "the prefix of the LAN is new",
            Self::Manual => "somebody asked for it",
            Self::Repair => "DNS shows another address",
            Self::Probe => "the provider refused this address a while ago",
            Self::Refresh => "the last update is long ago",
        })
    }
}

/// When something is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// Now.
    Now(Why),
    /// Later, with the reason why not now.
    At(Moment, String),
    /// Not on a timer, with the reason.
    Never(String),
}

/// The facts about one name and family.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The settings.
    pub entry: &'a Entry,
    /// What is remembered.
    pub record: &'a Record,
    /// What is remembered of the account.
    pub account: &'a AccountState,
    /// The address that should be published.
    pub wanted: Option<IpAddr>,
    /// The prefix of the LAN that the request would carry; none: it carries none, or it is not known just now.
    pub prefix: Option<Prefix>,
    /// From when on the observation may be acted on.
    pub settled_at: Moment,
    /// A person asked for an update.
    pub manual: bool,
    /// The state cannot be written: not before this.
    pub storage_until: Option<Moment>,
    /// Now.
    pub now: Moment,
}

/// Is a request due that settles these families of one name? One view per family: a reason from either is enough, and every
/// gate of each must be open.
#[must_use]
pub fn due(views: &[View<'_>]) -> Due {
    let mut open_at = (Moment(i64::MIN), String::new());
    for view in views {
        match gate(view) {
            Err(shut) => return Due::Never(shut),
            Ok(later) if later.0 > open_at.0 => open_at = later,
            Ok(_) => {}
        }
    }
    let mut nothing = String::from("nothing to do");
    let mut first: Option<(Why, Moment)> = None;
    for view in views {
        match reason(view) {
            Err(none) => nothing = none,
            Ok(it) if first.is_none_or(|earlier| it.1 < earlier.1) => first = Some(it),
            Ok(_) => {}
        }
    }
    let now = views.iter().map(|view| view.now).max().unwrap_or(open_at.0);
    match first {
        None => Due::Never(nothing),
        Some((why, at)) if at.max(open_at.0) <= now => Due::Now(why),
        Some((why, at)) if at >= open_at.0 => Due::At(at, why.to_string()),
        Some(_) => Due::At(open_at.0, open_at.1),
    }
}

/// From when on a request may be made at all, and what holds it back until then; or why never.
///
/// # Errors
///
/// The reason why no timer opens it.
pub fn gate(view: &View<'_>) -> Result<(Moment, String), String> {
    let View { entry, record, account, .. } = view;
    if !entry.enabled {
        return Err("switched off".into());
    }
    if let Some(lock) = account.lock.as_ref().or(record.lock.as_ref()) {
        return Err(format!("locked by {}", lock.code));
    }
    let waits = [
        record.wait.as_ref().map(|it| (it.until, format!("waiting after {}", it.code))),
        record.hiccup.as_ref().map(|it| (it.until, format!("waiting after {}", it.code))),
        account.slow_until.map(|until| (until, "the provider wants a slower pace".to_owned())),
        record
            .last_sent
            .map(|at| (at.plus(entry.dialect.request.rest.max(schedule::SPACING)), "the last request was a moment ago".to_owned())),
        schedule::REQUESTS.allows_at(record.budget_full_at).map(|at| (at, "many changes in a short time".to_owned())),
        view.storage_until.map(|at| (at, "the state cannot be written".to_owned())),
    ];
    Ok(waits.into_iter().flatten().max_by_key(|(until, _)| *until).unwrap_or((Moment(i64::MIN), String::new())))
}

/// Why a request should be made, and from when on; or why none.
///
/// # Errors
///
/// The reason why there is nothing to do.
pub fn reason(view: &View<'_>) -> Result<(Why, Moment), String> {
    let View { entry, record, now, .. } = view;
    let Some(wanted) = view.wanted else {
        return Err("no publishable address".into());
    };
    if view.manual {
        return Ok((Why::Manual, *now));
    }
    if let Some(muted) = &record.muted {
        return match entry.refresh {
            Some(refresh) => Ok((Why::Refresh, muted.since.plus(refresh))),
            None => Err(format!("the provider has no such record for this name ({})", muted.code)),
        };
    }
    // Before everything else: a repair or a refresh would be refused as well.
    if let Some(blocked) = record.blocked.as_ref().filter(|it| it.address == wanted) {
        return match blocked.probe_at {
            Some(at) => Ok((Why::Probe, at)),
            None => Err(format!("the provider refuses this address ({})", blocked.code)),
        };
    }
    let has = |address: Option<IpAddr>| address == Some(wanted);
    if has(record.published.as_ref().map(|it| it.address)) || has(record.claim.as_ref().map(|it| it.address)) {
        return if has_new_prefix(entry, record, wanted, view.prefix) { Ok((Why::NewPrefix, view.settled_at)) } else { again(view) };
    }
    Ok((Why::NewAddress, view.settled_at))
}

/// Did the provider get another prefix than `prefix` with this address? One that is not known, now or then, is no other one.
#[must_use]
pub fn has_new_prefix(entry: &Entry, record: &Record, address: IpAddr, prefix: Option<Prefix>) -> bool {
    // A doubtful success is the later one.
    let claimed = record.claim.as_ref().filter(|it| it.address == address).map(|it| it.prefix);
    let published = || record.published.as_ref().filter(|it| it.address == address).map(|it| it.prefix);
    let sent = claimed.or_else(published).flatten();
    let bare = entry.dialect.request.prefix_without_length;
    sent.zip(prefix).is_some_and(|(sent, prefix)| if bare { sent.network != prefix.network } else { sent != prefix })
}

/// Is a further request due for an address that the provider has already?
fn again(view: &View<'_>) -> Result<(Why, Moment), String> {
    let View { entry, record, now, .. } = view;
    // An older address may still be noted beside a doubtful success; and doubt is settled by DNS, not by a refresh.
    let doubtful = record.claim.as_ref().is_some_and(|it| Some(it.address) == view.wanted);
    let published = record.published.as_ref().filter(|it| Some(it.address) == view.wanted && !doubtful);
    let repair = match (&record.verification, &record.claim) {
        (Some(it), _) if it.repair => Some(*now),
        // The late check comes first; whether a repair follows is decided by its answer.
        (Some(it), _) if it.over && it.stale => Some(it.next).filter(|at| at > now),
        // A batch that is accepted as a whole is sent one by one if DNS does not show it.
        (Some(it), _) if !it.over && published.is_some_and(|it| it.assumed) => {
            Some(it.deadline.plus(schedule::SPLIT)).filter(|at| at > now)
        }
        (None, Some(claim)) if !entry.verify => Some(claim.at.plus(repair_after(record.repairs))),
        _ => None,
    };
    let refresh = published.zip(entry.refresh).map(|(published, refresh)| {
        let spread = Duration::from_millis(u64::try_from(published.refresh_spread_ms).unwrap_or(0));
        published.at.plus(refresh + spread)
    });
    match (repair, refresh) {
        (Some(repair), Some(refresh)) if refresh < repair => Ok((Why::Refresh, refresh)),
        (Some(repair), _) => Ok((Why::Repair, repair)),
        (None, Some(refresh)) => Ok((Why::Refresh, refresh)),
        (None, None) => Err("up to date".into()),
    }
}

/// How long after the provider's success DNS is asked whether a repair is needed.
#[must_use]
pub const fn repair_after(repairs: u32) -> Duration {
    if repairs == 0 { FIRST_REPAIR } else { NEXT_REPAIR }
}

/// What a request for both families does with the family that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Both are there: one request.
    Nothing,
    /// Send the present one through its own URL.
    Drop(Family),
    /// Wait until then.
    Grace(Moment),
    /// Send nothing, with the reason.
    Hold(String),
}

/// Decides on a request for both families with these wanted addresses. `grace_until`: from when on the missing one is given up.
#[must_use]
pub fn together(entry: &Entry, wanted: PerFamily<Option<IpAddr>>, grace_until: Moment, now: Moment) -> Missing {
    let present = match (wanted.v4, wanted.v6) {
        (Some(_), Some(_)) => return Missing::Nothing,
        (None, None) => return Missing::Hold("no publishable address".into()),
        (Some(_), None) => Family::V4,
        (None, Some(_)) => Family::V6,
    };
    let missing = present.other();
    if now < grace_until {
        return Missing::Grace(grace_until);
    }
    match entry.missing_family {
        MissingFamily::Drop if entry.sending.single[present].is_some() => Missing::Drop(present),
        _ => Missing::Hold(format!("there is no {missing} address, and {}", needs_both(entry, present))),
    }
}

/// Why one address alone is not sent, with what would change that where anything can.
fn needs_both(entry: &Entry, present: Family) -> String {
    let missing = present.other();
    let only = if present == Family::V4 { "v4" } else { "v6" };
    if entry.sending.single[present].is_some() {
        "this request carries both; set mode = \"both\", or missing_family = \"drop\" if the provider keeps the other record".to_owned()
    } else if matches!(entry.dialect.sibling, Sibling::Delete | Sibling::Poison) {
        format!("{} takes both at once or none", entry.dialect.title)
    } else {
        format!(
            "this URL needs both; write two URLs with a blank between them, IPv4 first, or set mode = \"{only}\" and leave {missing} out \
             of the URL"
        )
    }
}

/// Does the entry settle both families with one request?
#[must_use]
pub fn is_combined(entry: &Entry) -> bool {
    let has_singles = entry.sending.single.v4.is_some() || entry.sending.single.v6.is_some();
    entry.sending.together.is_some()
        && entry.mode.wants(Family::V4)
        && entry.mode.wants(Family::V6)
        && (entry.mode == super::domain::Mode::Together || !has_singles)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::config::{World, load};

    fn entry(keys: &str) -> Result<Entry, String> {
        let text = format!("[[ddns]]\ndomain = \"home.example.de\"\nusername = \"1234567890\"\npassword = \"x\"\n{keys}");
        let loaded = load(&text, "config.toml", &World::given([], []));
        loaded.map(|mut loaded| loaded.settings.entries.remove(0)).map_err(|problems| format!("{problems:?}"))
    }

    /// What an entry with these keys is told on a line without IPv6.
    fn without_ipv6(keys: &str) -> Missing {
        let wanted = PerFamily { v4: Some(IpAddr::V4(Ipv4Addr::new(91, 12, 34, 56))), v6: None };
        together(&entry(keys).expect(keys), wanted, Moment(0), Moment(1))
    }

    #[test]
    fn the_remedy_for_a_missing_family_can_be_followed() {
        const URL: &str = "https://dyn.example.org/update?host=<domain>";
        let one = format!("update_url = \"{URL}&ip=<ipaddr>&ip6=<ip6addr>\"");
        let Missing::Hold(why) = without_ipv6(&one) else { panic!("{one}") };
        assert!(why.contains("two URLs with a blank between them, IPv4 first, or set mode = \"v4\" and leave IPv6 out"), "{why}");
        // What it says loads and is no longer held back; what it does not say would change nothing.
        let two = entry(&format!("update_url = \"{URL}&ip=<ipaddr> {URL}&ip6=<ip6addr>\"")).expect("two URLs");
        let alone = entry(&format!("mode = \"v4\"\nupdate_url = \"{URL}&ip=<ipaddr>\"")).expect("one family");
        assert!(!is_combined(&two) && !is_combined(&alone));
        assert!(entry(&format!("mode = \"v4\"\n{one}")).is_err() && is_combined(&entry(&format!("mode = \"both\"\n{one}")).expect("both")));
        assert_eq!(without_ipv6(&format!("missing_family = \"drop\"\n{one}")), Missing::Hold(why));

        let preset = "provider = \"freedyn\"\nmode = \"together\"\nmissing_family = ";
        let Missing::Hold(why) = without_ipv6(&format!("{preset}\"hold\"")) else { panic!("{preset}") };
        assert!(why.contains("mode = \"both\", or missing_family = \"drop\""), "{why}");
        assert_eq!(without_ipv6(&format!("{preset}\"drop\"")), Missing::Drop(Family::V4));
        assert!(!is_combined(&entry("provider = \"freedyn\"\nmode = \"both\"").expect("both")));

        let Missing::Hold(why) = without_ipv6("provider = \"inwx\"") else { panic!("inwx") };
        assert_eq!(why, "there is no IPv6 address, and INWX takes both at once or none");
    }
}
