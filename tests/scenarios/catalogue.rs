//! The catalogue as it is written, and the small languages inside of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::{Map, Value};
use wanbeacon::rules::address::PerFamily;

/// An object of the catalogue whose keys depend on its kind.
pub(crate) type Object = Map<String, Value>;

/// The whole file.
#[derive(Deserialize)]
pub(crate) struct Catalogue {
    fixture: Fixture,
    pub(crate) scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Fixture {
    addresses: BTreeMap<String, String>,
    default_given: Object,
}

/// One row.
#[derive(Clone, Deserialize)]
pub(crate) struct Scenario {
    pub(crate) id: String,
    pub(crate) given: Object,
    pub(crate) stimulus: Object,
    pub(crate) expect: Expect,
    /// Filled in from the fixture.
    #[serde(skip)]
    pub(crate) addresses: BTreeMap<String, String>,
}

/// What a row expects.
#[derive(Clone, Deserialize)]
pub(crate) struct Expect {
    pub(crate) class: String,
    pub(crate) requests: Requests,
    pub(crate) status: Words,
    pub(crate) status_path: Option<String>,
    pub(crate) next_attempt: Next,
    pub(crate) persist: Vec<String>,
}

/// How many requests reach the provider.
#[derive(Clone, Deserialize)]
pub(crate) struct Requests {
    pub(crate) within_s: u64,
    pub(crate) min: usize,
    pub(crate) max: usize,
}

/// Status words.
#[derive(Clone, Deserialize)]
pub(crate) struct Words {
    pub(crate) ipv4: String,
    pub(crate) ipv6: String,
}

/// When the next request is due.
#[derive(Clone, Deserialize)]
pub(crate) struct Next {
    pub(crate) not_before_s: Option<u64>,
    pub(crate) not_after_s: Option<u64>,
    #[serde(default)]
    pub(crate) trigger: String,
}

impl Catalogue {
    /// Reads the text; every row gets what it leaves open from the defaults.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut catalogue: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        for scenario in &mut catalogue.scenarios {
            scenario.addresses.clone_from(&catalogue.fixture.addresses);
            for (key, value) in &catalogue.fixture.default_given {
                scenario.given.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        Ok(catalogue)
    }
}

impl Scenario {
    /// The kind of the stimulus.
    pub(crate) fn kind(&self) -> &str {
        self.stimulus.text("kind").unwrap_or_default()
    }

    /// A text of `given`; empty if there is none.
    pub(crate) fn given(&self, key: &str) -> &str {
        self.given.text(key).unwrap_or_default()
    }

    /// `text` with the names of addresses replaced by the addresses.
    pub(crate) fn words(&self, text: &str) -> String {
        let mut names: Vec<_> = self.addresses.iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        names.into_iter().fold(text.to_owned(), |text, (name, address)| text.replace(name.as_str(), address))
    }

    /// An address by name or as it is.
    pub(crate) fn address(&self, text: &str) -> Option<IpAddr> {
        self.words(text.trim()).parse().ok()
    }

    /// `published` or `wan`.
    pub(crate) fn pair(&self, key: &str) -> PerFamily<Option<IpAddr>> {
        PerFamily::from_fn(|family| self.given.get(key)?.get(family.key())?.as_str().and_then(|text| self.address(text)))
    }

    /// The names to keep up to date, as a person would write them.
    pub(crate) fn hosts(&self) -> Vec<String> {
        host_list(self.stimulus.get("hosts").or_else(|| self.given.get("hosts")).unwrap_or(&Value::Null))
    }

    /// What the note says was received earlier.
    pub(crate) fn earlier(&self) -> Option<Earlier> {
        let note = self.given("note");
        if note.contains("held back by a provider wait") {
            return Some(Earlier { body: "911".into(), inside: false, again: true });
        }
        let (body, rest) = note.split_once(" was received ")?;
        let body = body.rsplit([',', ';']).next().unwrap_or(body).trim();
        Some(Earlier {
            body: self.words(body),
            inside: rest.starts_with("at t=0"),
            again: rest.contains("again") || rest.starts_with("at t=0"),
        })
    }
}

/// A reply before the stimulus.
pub(crate) struct Earlier {
    pub(crate) body: String,
    /// The window begins with it.
    pub(crate) inside: bool,
    /// The provider goes on saying it.
    pub(crate) again: bool,
}

/// "a,b,c", "3 names", "20 names of 250 characters", or a list.
fn host_list(value: &Value) -> Vec<String> {
    let full = |name: &str| if name.contains('.') { name.to_owned() } else { format!("{name}.freedyn.test") };
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(full).collect(),
        Value::String(text) => {
            let numbers: Vec<usize> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            match numbers.as_slice() {
                [count, length, ..] => (1..=*count).map(|n| long_name(n, *length)).collect(),
                [count] => (1..=*count).map(|n| full(&format!("n{n}"))).collect(),
                [] => text.split(',').map(|name| full(name.trim())).collect(),
            }
        }
        _ => vec![full("a")],
    }
}

/// A legal name of exactly `length` characters.
fn long_name(number: usize, length: usize) -> String {
    let end = ".freedyn.test";
    let mut name = format!("n{number:02}");
    while name.len() + end.len() < length {
        let room = length - end.len() - name.len();
        // A label has at most 63 characters; no label may be empty.
        let label = (room - 1).min(if room == 65 { 62 } else { 63 });
        if label == 0 {
            name.push('x');
        } else {
            name.push('.');
            name.push_str(&"x".repeat(label));
        }
    }
    name + end
}

/// Reading objects.
pub(crate) trait Fields {
    fn text(&self, key: &str) -> Option<&str>;
    fn number(&self, key: &str) -> Option<i64>;
}

impl Fields for Object {
    fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.get(key)?.as_i64()
    }
}
