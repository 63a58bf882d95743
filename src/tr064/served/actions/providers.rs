//! Which providers there are, and how they are called: the names are an interface, for `SetDDNSConfig` takes what the list says.

use std::sync::Arc;

use crate::catalog;
use crate::rules::dialect::Dialect;
use crate::tr064::served::writing::line;

/// What clients call the user-defined provider, whatever the list says: its name depends on the language of the box.
const OWN: [&str; 4] = ["Benutzerdefiniert", "User-defined", "Userdefined", "<userdefined>"];

/// What a client chose.
pub(super) enum Choice {
    /// The user-defined one.
    Own,
    /// One of the catalogue.
    Listed(&'static Arc<Dialect>),
}

/// The provider of this name in the list, in any case, or a common name of the user-defined one.
pub(super) fn choice(name: &str, own_name: &str) -> Option<Choice> {
    let wanted = name.trim().to_lowercase();
    if std::iter::once(own_name).chain(OWN).any(|own| own.trim().to_lowercase() == wanted) {
        return Some(Choice::Own);
    }
    listed(own_name).find(|dialect| dialect.title.to_lowercase() == wanted).map(Choice::Listed)
}

/// What the list calls the provider with this catalogue name; one that needs the user's own URL is the user-defined one.
pub(in crate::tr064::served) fn name(provider: Option<&str>, own_name: &str) -> String {
    let found = provider.and_then(|provider| listed(own_name).find(|dialect| dialect.name == provider));
    found.map_or_else(|| own_name.to_owned(), |dialect| dialect.title.clone())
}

/// The value of `NewProviderList`: in alphabetical order whatever the case, the user-defined one last.
pub(super) fn list(own_name: &str) -> String {
    let mut items: Vec<(&str, &str)> = listed(own_name).map(|dialect| (dialect.title.as_str(), dialect.info_url.as_str())).collect();
    items.sort_by_key(|(title, _)| title.to_lowercase());
    items.push((own_name, ""));
    let mut out = String::from("<List>\n");
    for (name, info_url) in items {
        out.push_str("<Item>\n");
        line(&mut out, "ProviderName", name);
        line(&mut out, "InfoURL", info_url);
        out.push_str("</Item>\n");
    }
    out + "</List>"
}

/// Those that bring their own URLs. Whoever gives the user-defined one the name of another provider hides that.
fn listed(own_name: &str) -> impl Iterator<Item = &'static Arc<Dialect>> {
    let own = own_name.trim().to_lowercase();
    catalog::all().iter().filter(move |dialect| {
        let request = &dialect.request;
        [&request.v4, &request.v6, &request.together].into_iter().any(Option::is_some) && dialect.title.to_lowercase() != own
    })
}
