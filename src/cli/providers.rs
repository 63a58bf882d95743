//! `wanbeacon providers [NAME]`: the catalogue.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::exit::Exit;
use super::out::{Out, Tone};
use crate::catalog;
use crate::rules::dialect::{Class, Dialect, Meaning, RequestShape, Sibling};

/// Lists all providers, or shows the one called `name`.
pub(super) fn run(name: Option<&str>, out: &mut Out) -> Exit {
    let Some(name) = name else {
        list(catalog::all(), out);
        return Exit::Success;
    };
    let Some(dialect) = catalog::find(name) else {
        out.complain(format_args!("there is no provider {name:?} in the catalogue; `wanbeacon providers` lists all of them"));
        return Exit::Usage;
    };
    describe(&dialect, out);
    Exit::Success
}

fn list(dialects: &[Arc<Dialect>], out: &mut Out) {
    let width = dialects.iter().map(|dialect| dialect.name.len()).max().unwrap_or(0);
    for dialect in dialects {
        let families: Vec<_> = urls(&dialect.request).into_iter().map(|(what, _)| what).collect();
        let families = out.paint(Tone::Faint, format_args!("({})", families.join(", ")));
        out.line(format_args!("{:width$}  {} {families}", dialect.name, dialect.title));
    }
}

fn describe(dialect: &Dialect, out: &mut Out) {
    out.line(out.paint(Tone::Heading, format_args!("{} ({})", dialect.title, dialect.name)));
    pair("home page", &dialect.info_url, out);
    pair("login", &dialect.credentials, out);
    section("Requests", out);
    for (what, url) in urls(&dialect.request) {
        pair(what, url, out);
    }
    pair("other family", sibling(dialect.sibling), out);
    section("Limits", out);
    limits(dialect, out);
    words(dialect, out);
    meanings("HTTP statuses", &dialect.status, out);
    section("Example", out);
    out.line(example(dialect));
    section("Sources", out);
    for source in &dialect.source {
        out.line(format_args!("  {source}"));
    }
}

fn section(title: &str, out: &mut Out) {
    out.line("");
    out.line(out.paint(Tone::Heading, title));
}

fn pair(key: &str, value: &str, out: &mut Out) {
    if !value.is_empty() {
        out.line(format_args!("  {key:<18} {value}"));
    }
}

/// The URLs a provider has, with what each one carries.
fn urls(request: &RequestShape) -> Vec<(&'static str, &str)> {
    [("IPv4", &request.v4), ("IPv6", &request.v6), ("together", &request.together)]
        .into_iter()
        .filter_map(|(what, url)| Some((what, url.as_deref()?)))
        .collect()
}

const fn sibling(effect: Sibling) -> &'static str {
    match effect {
        Sibling::Keep => "is kept when one is sent alone",
        Sibling::KeepWith => "is kept by a word in the request",
        Sibling::Detect => "is filled with the address of the connection",
        Sibling::Delete => "is deleted when one is sent alone",
        Sibling::Poison => "becomes wrong when one is sent alone",
        Sibling::Unknown => "(not documented)",
    }
}

fn limits(dialect: &Dialect, out: &mut Out) {
    pair("names per request", &dialect.request.batch.to_string(), out);
    pair("between requests", &span(dialect.request.spacing), out);
    pair("refresh", &dialect.refresh.map_or_else(|| "never".into(), |every| format!("after {}", span(every))), out);
    pair("check", if dialect.verify { "DNS shows what was sent" } else { "DNS does not show what was sent" }, out);
}

fn words(dialect: &Dialect, out: &mut Out) {
    meanings("Reply words", &dialect.words, out);
    if !dialect.reply.own_words_only {
        out.line("  Other words mean what they mean in dyndns2.");
    }
}

fn meanings(title: &str, table: &BTreeMap<String, Meaning>, out: &mut Out) {
    if table.is_empty() {
        return;
    }
    section(title, out);
    for (word, meaning) in table {
        let wait = meaning.wait.map_or_else(String::new, |wait| format!(", after {}", span(wait)));
        let hint = meaning.hint.as_ref().map_or_else(String::new, |hint| format!(": {hint}"));
        pair(word, &format!("{}{wait}{hint}", effect(meaning.class)), out);
    }
}

/// What a class means for the operator.
const fn effect(class: Class) -> &'static str {
    match class {
        Class::Updated => "stored",
        Class::Unchanged => "was stored already",
        Class::NotApplicable => "this family is not set up there",
        Class::Removed => "the record was deleted",
        Class::Mismatch => "another address was stored",
        Class::RetryLater | Class::Ambiguous | Class::NetworkError | Class::TryOtherEndpoint => "tried again",
        Class::RateLimited => "tried again, slower",
        Class::SplitBatch => "tried again name by name",
        Class::BlockedHost => "locks the name",
        Class::BlockedAccount => "locks the account",
        Class::BlockedClient => "locks the program",
        Class::BlockedConfig => "locks the entry",
        Class::BlockedAddress => "this address is not offered again",
        Class::ProtocolError => "not an answer of this service, tried again",
        Class::DetectionFailed => "no address",
        Class::NoAction => "nothing",
    }
}

/// An entry to start from.
fn example(dialect: &Dialect) -> String {
    let all: String = urls(&dialect.request).into_iter().map(|(_, url)| url).collect();
    let (user, password) = (all.contains("<username>"), all.contains("<pass"));
    let basic = !user && !password;
    let suffix = dialect.request.strip_suffix.as_deref().unwrap_or(".example.org");
    let mut lines = vec!["[[ddns]]".to_owned(), format!("provider = {:?}", dialect.name), format!("domain   = \"home{suffix}\"")];
    if user || basic {
        lines.push("username = \"…\"".into());
    }
    if password || basic {
        lines.push(format!("password = {{ file = \"/run/secrets/{}\" }}", dialect.name));
    }
    lines.join("\n")
}

fn span(span: Duration) -> String {
    if span.is_zero() { "no limit".into() } else { humantime::format_duration(span).to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::out::tests::Page;
    use super::*;

    fn dialect(request: &str) -> Dialect {
        let text = format!(
            "name = \"ducks\"\ntitle = \"Ducks\"\nsource = [\"https://ducks.example/api\"]\nrefresh = \"28d\"\n[request]\n{request}\n\
             [words.ok]\nclass = \"Updated\"\n[words.abuse]\nclass = \"BlockedHost\"\nhint = \"write to them\""
        );
        toml::from_str(&text).expect("a dialect")
    }

    #[test]
    fn one_provider_is_shown_with_everything_a_user_needs() {
        let page = Page::default();
        describe(&dialect("v4 = \"https://ducks.example/?h=<domain>&a=<ipaddr>\"\nspacing = \"5s\""), &mut page.out());
        let text = page.text();
        for part in [
            "Ducks (ducks)",
            "IPv4               https://ducks.example/?h=<domain>&a=<ipaddr>",
            "names per request  1",
            "between requests   5s",
            "refresh            after 28days",
            "ok                 stored",
            "abuse              locks the name: write to them",
            "mean in dyndns2",
            "provider = \"ducks\"",
        ] {
            assert!(text.contains(part), "{part:?} is missing in:\n{text}");
        }
    }

    #[test]
    fn the_example_asks_for_the_keys_that_the_url_or_the_login_needs() {
        let token = example(&dialect("v4 = \"https://d.example/?t=<pass>&h=<domain>\"\nstrip_suffix = \".ducks.example\""));
        assert!(token.contains("home.ducks.example") && token.contains("password") && !token.contains("username"), "{token}");
        let login = example(&dialect("v6 = \"https://d.example/?h=<domain>\""));
        assert!(login.contains("password") && login.contains("username"), "{login}");
    }

    #[test]
    fn the_list_names_provider_and_families() {
        let page = Page::default();
        list(&[Arc::new(dialect("v4 = \"https://d.example/4\"\nv6 = \"https://d.example/6\""))], &mut page.out());
        assert_eq!(page.text(), "ducks  Ducks (IPv4, IPv6)\n");
    }

    #[test]
    fn an_unknown_name_is_wrong_use() {
        let page = Page::default();
        assert_eq!(run(Some("no such provider"), &mut page.out()), Exit::Usage);
        assert!(page.text().contains("\"no such provider\""));
    }
}
