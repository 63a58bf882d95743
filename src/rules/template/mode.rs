//! How many URLs there are decides how many requests are made (`docs/reference.md`, "`update_url`").

use super::{Text, UrlTemplate};
use crate::rules::address::{Family, PerFamily};
use crate::rules::domain::Mode;

/// Which URL serves what. The filled slots, not the mode, decide how many requests are made: `both` with one URL for
/// both families has only `together`, and `together` with a URL per family has only `single`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The mode as it was given, or what the URLs can do.
    pub mode: Mode,
    /// The URL for one family alone. Without an address placeholder the provider detects the address.
    pub single: PerFamily<Option<UrlTemplate>>,
    /// The URL that carries both addresses.
    pub together: Option<UrlTemplate>,
}

/// Distributes the one or two URLs of an UpdateURL.
///
/// # Errors
///
/// What does not fit the mode, each with its remedy.
pub fn check_mode(urls: &[UrlTemplate], mode: Option<Mode>) -> Result<Plan, Vec<String>> {
    check_mode_with(urls, &[], mode)
}

/// As [`check_mode`] for requests that carry addresses in header fields or a body as well: `texts` go with every URL.
///
/// # Errors
///
/// What does not fit the mode, each with its remedy.
pub fn check_mode_with(urls: &[UrlTemplate], texts: &[&Text], mode: Option<Mode>) -> Result<Plan, Vec<String>> {
    let carried = |url: &UrlTemplate| {
        let own = url.address_families();
        PerFamily::from_fn(|family| own[family] || texts.iter().any(|text| text.address_families()[family]))
    };
    match urls {
        [url] => one(url, carried(url), mode),
        [first, second] => two(PerFamily { v4: first, v6: second }, PerFamily { v4: carried(first), v6: carried(second) }, mode),
        _ => Err(vec![format!("{} update URLs; expected one, or two separated by one blank (IPv4 first)", urls.len())]),
    }
}

fn one(url: &UrlTemplate, carries: PerFamily<bool>, mode: Option<Mode>) -> Result<Plan, Vec<String>> {
    let present: Vec<Family> = Family::ALL.into_iter().filter(|family| carries[*family]).collect();
    let able = match present.as_slice() {
        [family] => only(*family),
        _ => Mode::Both,
    };
    let mode = mode.unwrap_or(able);
    let unwanted = present.iter().filter(|family| !mode.wants(**family)).map(|family| not_wanted(mode, *family, able));
    let lacking = Family::ALL.into_iter().filter(|family| !present.is_empty() && mode.wants(*family) && !carries[*family]);
    let lacking = lacking.filter(|_| matches!(mode, Mode::Both | Mode::Together));
    let problems: Vec<String> = unwanted
        .chain(lacking.map(|family| {
            format!(
                "mode {} with one update URL that has no {}; add it to the URL, add a second URL for {family}, or set mode = \"{}\"",
                mode.wire(),
                placeholder(family),
                able.wire()
            )
        }))
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    if present.len() == Family::ALL.len() {
        return Ok(Plan { mode, single: PerFamily::default(), together: Some(url.clone()) });
    }
    Ok(Plan { mode, single: PerFamily::from_fn(|family| mode.wants(family).then(|| url.clone())), together: None })
}

fn two(urls: PerFamily<&UrlTemplate>, carries: PerFamily<PerFamily<bool>>, mode: Option<Mode>) -> Result<Plan, Vec<String>> {
    let mode = mode.unwrap_or(Mode::Both);
    let misplaced = Family::ALL.into_iter().filter(|family| carries[*family][family.other()]).map(|family| {
        format!(
            "the {} of two update URLs is for {family} and has a placeholder of the other family ({}); \
             write the IPv4 URL first and the IPv6 URL second, or one URL with both",
            if family == Family::V4 { "first" } else { "second" },
            placeholder(family.other())
        )
    });
    let unwanted = Family::ALL.into_iter().filter(|family| !mode.wants(*family) && carries[*family][*family]);
    let problems: Vec<String> = misplaced.chain(unwanted.map(|family| not_wanted(mode, family, Mode::Both))).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Plan { mode, single: PerFamily::from_fn(|family| mode.wants(family).then(|| urls[family].clone())), together: None })
}

fn not_wanted(mode: Mode, family: Family, able: Mode) -> String {
    format!(
        "mode {} with {} in the update URL; set mode = \"{}\" or leave {family} out of the URL",
        mode.wire(),
        placeholder(family),
        able.wire()
    )
}

const fn only(family: Family) -> Mode {
    match family {
        Family::V4 => Mode::V4,
        Family::V6 => Mode::V6,
    }
}

const fn placeholder(family: Family) -> &'static str {
    match family {
        Family::V4 => "<ipaddr>",
        Family::V6 => "<ip6addr> or <ip6lanprefix>",
    }
}
