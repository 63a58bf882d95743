//! The names of an entry.

use crate::rules::dialect::Dialect;
use crate::rules::domain::Domain;

use super::file::Texts;
use super::problem::{Place, Report};
use super::reader::{Key, Placed};

/// Reads `domain`: unique names in the order of the file. `None` if there is none.
pub(super) fn domains(key: &Texts, table: &Place, report: &mut Report<'_>) -> Option<Vec<Placed<Domain>>> {
    let texts = match key {
        Key::Bad => return None,
        Key::Absent => {
            report.missing(table, "domain", "name what is to be kept up to date, such as \"home.example.org\"");
            return None;
        }
        Key::Given(texts) => texts,
    };
    if texts.value.is_empty() {
        report.error(&texts.place, "the list is empty", "name what is to be kept up to date, such as \"home.example.org\"");
        return None;
    }
    let mut found: Vec<Placed<Domain>> = Vec::new();
    for text in &texts.value {
        match Domain::parse(&text.value) {
            // Written twice is meant once.
            Ok(domain) if found.iter().any(|known| known.value == domain) => {}
            Ok(domain) => found.push(Placed::new(domain, text.place.clone())),
            Err(message) => report.error(&text.place, message, remedy(&text.value)),
        }
    }
    (!found.is_empty()).then_some(found)
}

fn remedy(text: &str) -> &'static str {
    if text.contains(',') {
        "write several names as a list: [\"a.example.org\", \"b.example.org\"]"
    } else if text.contains("://") || text.contains('/') {
        "write the name alone, without https:// and path"
    } else {
        ""
    }
}

/// Says what is odd about names that are legal.
pub(super) fn lint(domains: &[Placed<Domain>], dialect: &Dialect, report: &mut Report<'_>) {
    for Placed { value: domain, place, .. } in domains {
        let name = domain.as_str();
        match &dialect.request.strip_suffix {
            Some(suffix) if !name.ends_with(suffix.as_str()) && !name.contains('.') => {
                report.error(place, format!("names at {} end in {suffix}", dialect.title), format!("write \"{name}{suffix}\""));
            }
            None if !name.contains('.') => {
                report.warn(place, format!("{name:?} has no dot"), "write the whole name as DNS knows it");
            }
            _ => {}
        }
    }
}
