//! A request from the catalogue's templates.

use std::sync::Arc;

use crate::rules::address::{Family, PerFamily};
use crate::rules::dialect::{Dialect, Sibling};
use crate::rules::domain::Mode;
use crate::rules::template::{Plan, UrlTemplate, check_mode, parse_update_url};

use super::problem::{Place, Report};
use super::request::{Request, Wish};

/// Builds the request of a provider that needs no URL from the user.
pub(super) fn request(dialect: Arc<Dialect>, wish: &Wish<'_>, report: &mut Report<'_>) -> Option<Request> {
    let place = wish.provider.given()?.place.clone();
    let shape = &dialect.request;
    let single = PerFamily { v4: shape.v4.as_deref(), v6: shape.v6.as_deref() };
    if single.v4.is_none() && single.v6.is_none() && shape.together.is_none() {
        report.missing(
            wish.table,
            "update_url",
            format!("{} names how replies are read; write the URL that is to be called", dialect.title),
        );
        return None;
    }
    let single = PerFamily { v4: template(single.v4, &place, report), v6: template(single.v6, &place, report) };
    let together = template(shape.together.as_deref(), &place, report);
    let plan = match plan(&dialect, single, together, wish.mode()) {
        Ok(plan) => plan,
        Err(problems) => {
            for problem in problems {
                report.error(wish.mode_place(&place), problem, "");
            }
            return None;
        }
    };
    let Plan { mode, single, together } = with_servers(plan, wish, report);
    let texts = [&single.v4, &single.v6, &together].map(|url| url.as_ref().map_or_else(String::new, |url| url.source_text().into()));
    Some(Request {
        place,
        own_url: false,
        provider: dialect.name.clone(),
        service: dialect.name.clone(),
        mode,
        single,
        together,
        method: "GET".into(),
        headers: Vec::new(),
        body: None,
        batch: shape.batch,
        spacing: shape.spacing,
        texts: texts.into(),
        dialect,
    })
}

fn template(text: Option<&str>, place: &Place, report: &mut Report<'_>) -> Option<UrlTemplate> {
    if let Ok([url]) = parse_update_url(text?).as_deref() {
        return Some(url.clone());
    }
    report.error(place, "the catalogue's template for this service is broken", "this is a defect of wanbeacon; please report it");
    None
}

/// Chooses the mode where none is given, and the templates for it.
fn plan(
    dialect: &Dialect,
    single: PerFamily<Option<UrlTemplate>>,
    together: Option<UrlTemplate>,
    wish: Option<Mode>,
) -> Result<Plan, Vec<String>> {
    let able = able(dialect, single.as_ref().map(Option::is_some), together.is_some());
    let refused = |what: &str| {
        let remedy = able.wire().trim_start_matches("ddns_");
        Err(vec![format!("{} has no request for {what}; set mode = \"{remedy}\"", dialect.title)])
    };
    let mode = wish.unwrap_or(able);
    match mode {
        Mode::Together if together.is_none() => refused("both addresses at once"),
        // The single ones serve while a family is missing.
        Mode::Together => Ok(Plan { mode, single, together }),
        Mode::Both => match (&single.v4, &single.v6, together) {
            (Some(_), Some(_), _) => Ok(Plan { mode, single, together: None }),
            // How many URLs there are decides how many requests are made.
            (_, _, Some(url)) => check_mode(&[url], Some(mode)),
            _ => refused("each of the two families"),
        },
        Mode::V4 | Mode::V6 => {
            let family = if mode == Mode::V4 { Family::V4 } else { Family::V6 };
            let mut only: PerFamily<Option<UrlTemplate>> = PerFamily::default();
            only[family].clone_from(&single[family]);
            if only[family].is_none() { refused(&format!("{family} alone")) } else { Ok(Plan { mode, single: only, together: None }) }
        }
    }
}

/// The most a dialect can do without harm.
const fn able(dialect: &Dialect, single: PerFamily<bool>, together: bool) -> Mode {
    let harmful = matches!(dialect.sibling, Sibling::Delete | Sibling::Poison);
    match (single.v4, single.v6) {
        _ if together && harmful => Mode::Together,
        (true, true) | (false, false) => Mode::Both,
        _ if together => Mode::Together,
        (true, false) => Mode::V4,
        (false, true) => Mode::V6,
    }
}

/// Replaces the hosts by `server_ipv4` and `server_ipv6`; the request for both goes where IPv4's goes.
fn with_servers(mut plan: Plan, wish: &Wish<'_>, report: &mut Report<'_>) -> Plan {
    for (family, key) in wish.servers.iter() {
        let Some(server) = key.given() else { continue };
        let together = if family == Family::V4 { plan.together.as_mut() } else { None };
        let mut used = false;
        for url in plan.single[family].as_mut().into_iter().chain(together) {
            used = true;
            match url.with_host(&server.value) {
                Ok(moved) => *url = moved,
                Err(problem) => {
                    report.error(&server.at(problem.at), problem.message, "");
                    break;
                }
            }
        }
        if !used {
            report.warn(&server.place, format!("has no effect: mode {} sends nothing there", plan.mode.wire()), "remove it");
        }
    }
    plan
}
