//! The schema of the configuration, for editors: the keys and what is said of them from docs/reference.md, their form from here.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use wanbeacon::config::{Problem, World, load};
use wanbeacon::rules::rights::Right;

use crate::document::{Document, Part, Text};

/// Where it is kept.
pub(crate) const FILE: &str = "packaging/wanbeacon.schema.json";

/// The table whose unknown names are lines, with the keys of the table itself.
const LINES: &str = "wan";

/// `true` or `false`.
const FLAGS: [&str; 8] = [
    "ddns.enabled",
    "ddns.verify",
    "ddns.fritz_compat",
    "web.enabled",
    "web.dyndns.enabled",
    "web.tr064.enabled",
    "web.tr064.content_login",
    "web.tr064.strict_uri",
];

/// A text with something in it.
const TEXTS: [&str; 23] = [
    "ddns.provider",
    "ddns.update_url",
    "ddns.update_url.url",
    "ddns.username",
    "ddns.server_ipv4",
    "ddns.server_ipv6",
    "ddns.ipv6_host",
    "ddns.wan",
    "wan.interface",
    "fritzbox.address",
    "fritzbox.username",
    "fritzbox.tls_fingerprint",
    "daemon.state_dir",
    "daemon.ca_file",
    "daemon.user_agent",
    "web.listen",
    "web.tls_listen",
    "web.user.name",
    "web.dyndns.listen",
    "web.dyndns.tls_listen",
    "web.tr064.listen",
    "web.tr064.tls_listen",
    "web.tr064.entry",
];

/// One text or a list of texts.
const LISTS: [&str; 7] =
    ["ddns.domain", "ddns.update_url.good", "ddns.update_url.nochg", "ddns.update_url.fail", "wan.ipv4", "wan.ipv6", "daemon.resolver"];

/// A number and a unit; more of both may follow.
const SPANS: [&str; 3] = ["ddns.update_url.spacing", "daemon.interval", "daemon.settle"];

/// The form of the value at a path; every table has its keys from the reference.
fn form(path: &str) -> Option<Value> {
    let span = json!({ "type": "string", "pattern": "^[0-9]+ *[a-zA-Z]" });
    Some(match path {
        path if FLAGS.contains(&path) => json!({ "type": "boolean" }),
        path if TEXTS.contains(&path) => json!({ "type": "string", "minLength": 1 }),
        path if LISTS.contains(&path) => json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] }),
        path if SPANS.contains(&path) => span,
        "version" => json!({ "const": 1 }),
        "ddns.update_url.method" => json!({ "type": "string", "enum": ["GET", "POST", "PUT", "PATCH"] }),
        "ddns.update_url.headers" => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        "ddns.update_url.batch" => json!({ "type": "integer", "minimum": 1, "maximum": 100 }),
        "ddns.update_url.body" => json!({ "type": "string" }),
        "ddns.refresh" => json!({ "anyOf": [span, { "const": "off" }] }),
        "ddns.mode" => json!({ "type": "string", "enum": modes() }),
        "ddns.missing_family" => json!({ "type": "string", "enum": ["hold", "drop"] }),
        "ddns.password" | "fritzbox.password" | "web.user.password" => password(),
        "web.user.rights" => {
            let right = json!({ "type": "string", "enum": Right::ALL.map(Right::word) });
            json!({ "anyOf": [right, { "type": "array", "items": right }] })
        }
        "web.tr064.digest" => json!({ "type": "string", "enum": ["MD5", "SHA-256"] }),
        "web.tr064.language" => json!({ "type": "string", "enum": ["de", "en"] }),
        _ => return None,
    })
}

fn modes() -> Vec<&'static str> {
    vec!["v4", "v6", "both", "together", "ddns_v4", "ddns_v6", "ddns_both", "ddns_together", "ddns_both_together"]
}

fn password() -> Value {
    let place = |key: &str| json!({ "type": "object", "properties": { key: { "type": "string", "minLength": 1 } }, "required": [key], "additionalProperties": false });
    json!({ "anyOf": [{ "type": "string", "minLength": 1 }, place("file"), place("env"), place("credential")] })
}

/// How a table is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `[name]`
    Table,
    /// `[[name]]`
    List,
    /// In place of a text.
    Alternative,
}

/// What the reference says.
#[derive(Default)]
struct Reference {
    /// Of every key, by its path: what is said of it, and whether it must be there.
    keys: BTreeMap<String, (String, bool)>,
    tables: BTreeMap<String, Kind>,
}

impl Reference {
    fn read() -> Self {
        let document = Document::read("docs/reference.md");
        let mut found = Self::default();
        let mut headings: Vec<(u8, String, Kind)> = Vec::new();
        for part in document.below("The configuration") {
            match part {
                Part::Heading(level, title) => {
                    headings.retain(|(above, _, _)| above < level);
                    let above = headings.last().map_or("", |(_, path, _)| path.as_str());
                    let (path, kind) = named(above, title);
                    headings.push((*level, path, kind));
                }
                Part::Table(rows) if rows[0][0].plain() == "key" => {
                    let (path, kind) = headings.last().map_or((String::new(), Kind::Table), |(_, path, kind)| (path.clone(), *kind));
                    for (key, row) in rows[1..].iter().flat_map(|row| row[0].code().map(move |key| (key, row))) {
                        found.keys.insert(below(&path, key), said(row));
                    }
                    found.tables.insert(path, kind);
                }
                _ => {}
            }
        }
        assert!(found.keys.len() >= 30, "only {} keys found", found.keys.len());
        found
    }

    /// The table at `path`, with all that is in it.
    fn table(&self, path: &str) -> Value {
        let inside = |it: &&String| it.rsplit_once('.').map_or("", |(parent, _)| parent) == path && !it.is_empty();
        let mut properties = Map::new();
        let mut required = Vec::new();
        for key in self.keys.keys().filter(inside) {
            let (said, must) = &self.keys[key];
            let name = key.rsplit('.').next().expect("a path has parts");
            properties.insert(name.to_owned(), self.value(key, said));
            required.extend(must.then_some(name));
        }
        for (table, kind) in self.tables.iter().filter(|(table, kind)| inside(table) && **kind != Kind::Alternative) {
            let inner = self.table(table);
            let inner = if *kind == Kind::List { json!({ "type": "array", "items": inner }) } else { inner };
            properties.insert(table.rsplit('.').next().expect("a path has parts").to_owned(), inner);
        }
        let mut table = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        if !required.is_empty() {
            table["required"] = json!(required);
        }
        if path == LINES {
            table["additionalProperties"] = table.clone();
        }
        table
    }

    fn value(&self, path: &str, said: &str) -> Value {
        let form =
            form(path).unwrap_or_else(|| panic!("docs/reference.md has the key {path}: give it a form in tests/packaging/schema.rs"));
        let mut value = if self.tables.get(path) == Some(&Kind::Alternative) { json!({ "anyOf": [form, self.table(path)] }) } else { form };
        value["description"] = json!(said);
        value
    }
}

/// The table that a heading is about; one without a name goes on with the one above.
fn named(above: &str, title: &Text) -> (String, Kind) {
    match title.code().next() {
        None => (above.to_owned(), Kind::Table),
        Some(name) if name.starts_with("[[") => (name.trim_matches(['[', ']']).to_owned(), Kind::List),
        Some(name) if name.starts_with('[') => (name.trim_matches(['[', ']']).to_owned(), Kind::Table),
        Some(name) => (below(above, name), Kind::Alternative),
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// What the cells behind a key say, and whether it must be there.
fn said(row: &[Text]) -> (String, bool) {
    let (meaning, default) = (row[1].marked(), row[2].marked());
    let said = match default.strip_prefix("required") {
        Some(when) => format!("{meaning}. Required{when}."),
        None => format!("{meaning}. Default: {default}."),
    };
    (said, default == "required")
}

fn schema() -> Value {
    let mut schema = Reference::read().table("");
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("Configuration of wanbeacon");
    schema
}

/// The file.
pub(crate) fn text() -> String {
    format!("{:#}\n", schema())
}

// -- Against the reader ------------------------------------------------------------------------------------------------

/// A value of each kind that TOML has, as the schema calls it.
fn samples() -> [(&'static str, Value); 5] {
    [("string", json!("x")), ("integer", json!(1)), ("boolean", json!(true)), ("array", json!(["x"])), ("object", json!({}))]
}

/// Does `schema` allow values of this kind?
fn takes(schema: &Value, kind: &str) -> bool {
    if let Some(forms) = schema["anyOf"].as_array() {
        return forms.iter().any(|form| takes(form, kind));
    }
    match (&schema["const"], schema["type"].as_str()) {
        (Value::String(_), _) => kind == "string",
        (Value::Number(_), _) => kind == "integer",
        (_, found) => found == Some(kind),
    }
}

/// The way to a key: names, each with whether it is a list of tables.
type Way = Vec<(String, bool)>;

/// Every key in `schema`, with its own schema.
fn walk<'a>(schema: &'a Value, way: &Way, found: &mut Vec<(Way, &'a Value)>) {
    let alternatives = schema["anyOf"].as_array().into_iter().flatten();
    for table in std::iter::once(schema).chain(alternatives) {
        for (name, inner) in table["properties"].as_object().into_iter().flatten() {
            let list = inner["type"] == "array" && inner["items"]["type"] == "object";
            let inner_way: Way = way.iter().cloned().chain([(name.clone(), list)]).collect();
            // Where a text or a table can stand, a table with one key is one of several forms.
            walk(if list { &inner["items"] } else { inner }, &inner_way, found);
            found.push((inner_way, inner));
        }
    }
    if let Some(named) = schema.get("additionalProperties").filter(|named| named.get("properties").is_some()) {
        let inner_way: Way = way.iter().cloned().chain([("some".to_owned(), false)]).collect();
        walk(named, &inner_way, found);
    }
}

/// A file with `value` at the end of `way`, and the key's path as problems write it.
fn written(way: &Way, value: &Value) -> (String, String) {
    let (last, tables) = way.split_last().expect("a way leads somewhere");
    let mut written = json!({ last.0.as_str(): value });
    for (name, list) in tables.iter().rev() {
        written = json!({ name.as_str(): if *list { json!([written]) } else { written } });
    }
    let path = tables.iter().map(|(name, list)| if *list { format!("{name}[0]") } else { name.clone() }).chain([last.0.clone()]);
    (toml::to_string(&written).expect("it can be written"), path.collect::<Vec<_>>().join("."))
}

fn problems(text: &str) -> Vec<Problem> {
    load(text, "config.toml", &World::given([], [])).map_or_else(|problems| problems, |loaded| loaded.warnings)
}

#[test]
fn every_key_that_has_a_form_is_in_the_reference() {
    let reference = Reference::read();
    for path in [&FLAGS[..], &TEXTS[..], &LISTS[..], &SPANS[..]].concat() {
        assert!(reference.keys.contains_key(path), "docs/reference.md has no {path}");
    }
}

#[test]
fn the_reader_takes_the_keys_of_the_schema_in_the_same_form() {
    let schema = schema();
    let mut keys = Vec::new();
    walk(&schema, &Vec::new(), &mut keys);
    assert!(keys.len() >= 40, "only {} keys found", keys.len());
    for (way, schema) in keys {
        for (kind, sample) in samples() {
            let (text, path) = written(&way, &sample);
            let found: Vec<String> = problems(&text).into_iter().filter(|it| it.key == path).map(|it| it.message).collect();
            assert!(!found.iter().any(|message| message.starts_with("unknown key")), "the reader does not know {path}");
            let refused = found.iter().any(|message| message.contains("found a ") || message.contains("found true"));
            assert_eq!(takes(schema, kind), !refused, "{path} as {kind}: {found:?}");
        }
    }
}

#[test]
fn the_schema_knows_every_key_that_the_reader_asks_for() {
    let schema = text();
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/config")).expect("the reader is there");
    let mut asked = 0;
    for path in folder.map(|entry| entry.expect("the folder can be listed").path()).filter(|path| path.is_file()) {
        let code = std::fs::read_to_string(&path).expect("sources are text");
        for call in code.split("table.").skip(1).filter(|call| !call.starts_with("later(")) {
            let Some(key) = call.split_once("(\"").filter(|(method, _)| method.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')) else {
                continue;
            };
            let key = key.1.split('"').next().expect("a text has an end");
            assert!(schema.contains(&format!("\"{key}\": {{")), "{}: the schema does not know {key:?}", path.display());
            asked += 1;
        }
    }
    assert!(asked >= 40, "only {asked} keys found");
}
