//! A typed view of TOML that remembers places and collects problems instead of stopping at the first.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Place, Report, suggestion};

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) place: Place,
    /// Byte offset of a text's first character in the file, if it stands there unescaped.
    content: Option<usize>,
}

impl<T> Placed<T> {
    /// A value whose inner places are not known.
    pub(super) const fn new(value: T, place: Place) -> Self {
        Self { value, place, content: None }
    }

    /// The place of byte `index` of the text.
    pub(super) fn at(&self, index: usize) -> Place {
        self.content.map_or_else(|| self.place.clone(), |start| self.place.moved(start + index))
    }
}

/// A key as found in a table.
#[derive(Clone, Debug)]
pub(super) enum Key<T> {
    /// Not there.
    Absent,
    /// There, but of no use; already reported.
    Bad,
    /// There.
    Given(T),
}

impl<T> Key<T> {
    /// The value, if it is there and good.
    pub(super) const fn given(&self) -> Option<&T> {
        match self {
            Self::Given(value) => Some(value),
            Self::Absent | Self::Bad => None,
        }
    }

    /// Is the key not there?
    pub(super) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

type Cell<'v, 'i> = (Place, &'v Spanned<DeValue<'i>>);

/// A table that is being read. Whatever nobody asked for is unknown.
pub(super) struct Table<'v, 'i> {
    pub(super) place: Place,
    cells: &'v DeTable<'i>,
    asked: Vec<Cow<'static, str>>,
}

impl<'v, 'i> Table<'v, 'i> {
    pub(super) const fn new(place: Place, cells: &'v DeTable<'i>) -> Self {
        Self { place, cells, asked: Vec::new() }
    }

    /// The value of `name`, which is from now on a known key. Its place is the key's.
    fn take(&mut self, name: impl Into<Cow<'static, str>>) -> Option<Cell<'v, 'i>> {
        let name = name.into();
        let found = self.cells.get_key_value(name.as_ref()).map(|(key, value)| (self.place.child(&name).moved(key.span().start), value));
        self.asked.push(name);
        found
    }

    fn read<T>(
        &mut self,
        name: &'static str,
        report: &mut Report<'_>,
        read: impl FnOnce(Cell<'v, 'i>, &mut Report<'_>) -> Option<T>,
    ) -> Key<T> {
        match self.take(name) {
            None => Key::Absent,
            Some(cell) => read(cell, report).map_or(Key::Bad, Key::Given),
        }
    }

    /// A text.
    pub(super) fn text(&mut self, name: &'static str, report: &mut Report<'_>) -> Key<Placed<String>> {
        self.read(name, report, text)
    }

    /// One text or a list of texts.
    pub(super) fn texts(&mut self, name: &'static str, report: &mut Report<'_>) -> Key<Placed<Vec<Placed<String>>>> {
        self.read(name, report, texts)
    }

    /// A duration, still as text; a number gets a remedy of its own.
    pub(super) fn span(&mut self, name: &'static str, report: &mut Report<'_>) -> Key<Placed<String>> {
        self.read(name, report, |(place, value), report| match value.get_ref() {
            DeValue::Integer(number) => {
                report.error(&place, "a duration needs a unit, found a bare number", format!("write it as text, such as \"{number}s\""));
                None
            }
            _ => text((place, value), report),
        })
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, name: &'static str, report: &mut Report<'_>) -> Key<Placed<bool>> {
        self.read(name, report, |(place, value), report| match value.get_ref() {
            DeValue::Boolean(flag) => Some(Placed::new(*flag, place)),
            other => wrong(&place, "true or false", other, report),
        })
    }

    /// A whole number.
    pub(super) fn number(&mut self, name: &'static str, report: &mut Report<'_>) -> Key<Placed<i64>> {
        self.read(name, report, |(place, value), report| match value.get_ref() {
            DeValue::Integer(number) => {
                let parsed = i64::from_str_radix(number.as_str(), number.radix()).ok();
                if parsed.is_none() {
                    report.error(&place, "the number is too large", "");
                }
                Some(Placed::new(parsed?, place))
            }
            other => wrong(&place, "a whole number", other, report),
        })
    }

    /// A text, or a table to be read by `inner`.
    pub(super) fn text_or<T>(
        &mut self,
        name: &'static str,
        report: &mut Report<'_>,
        plain: impl FnOnce(Placed<String>) -> T,
        inner: impl FnOnce(Table<'v, 'i>, &mut Report<'_>) -> T,
    ) -> Key<T> {
        self.read(name, report, |(place, value), report| match value.get_ref() {
            DeValue::Table(cells) => Some(inner(Table::new(place, cells), report)),
            DeValue::String(_) => text((place, value), report).map(plain),
            other => wrong(&place, "a text or a table", other, report),
        })
    }

    /// The table `name`; nothing if it is not there or not a table.
    pub(super) fn table(&mut self, name: &'static str, report: &mut Report<'_>) -> Option<Table<'v, 'i>> {
        let (place, value) = self.take(name)?;
        match value.get_ref() {
            DeValue::Table(cells) => Some(Table::new(place, cells)),
            other => wrong(&place, &format!("a table, [{}]", header(&place)), other, report),
        }
    }

    /// The tables `[[name]]`.
    pub(super) fn tables(&mut self, name: &'static str, report: &mut Report<'_>) -> Vec<Table<'v, 'i>> {
        let Some((place, value)) = self.take(name) else {
            return Vec::new();
        };
        let expected = format!("a list of tables, [[{}]]", header(&place));
        match value.get_ref() {
            DeValue::Array(items) => (items.iter().enumerate())
                .filter_map(|(index, item)| {
                    let place = place.element(index).moved(item.span().start);
                    match item.get_ref() {
                        DeValue::Table(cells) => Some(Table::new(place, cells)),
                        other => wrong(&place, &expected, other, report),
                    }
                })
                .collect(),
            DeValue::Table(cells) => {
                report.error(&place, "found a single table", format!("write [[{}]] with two brackets", header(&place)));
                vec![Table::new(place, cells)]
            }
            other => {
                wrong::<()>(&place, &expected, other, report);
                Vec::new()
            }
        }
    }

    /// Every remaining key with a text, in alphabetical order: a table whose keys are the user's.
    pub(super) fn rest(&mut self, report: &mut Report<'_>) -> Vec<(String, Placed<String>)> {
        let names: Vec<String> = self.cells.keys().map(|key| key.get_ref().to_string()).collect();
        (names.into_iter())
            .filter_map(|name| {
                let cell = self.take(name.clone())?;
                Some((name, text(cell, report)?))
            })
            .collect()
    }

    /// A key that a later version will understand.
    pub(super) fn later(&mut self, name: &'static str, report: &mut Report<'_>) {
        if let Some((place, _)) = self.take(name) {
            not_yet(&place, report);
        }
    }

    /// The remaining tables, whose names are the user's, in the order of the file.
    pub(super) fn inner_tables(&mut self) -> Vec<(String, Self)> {
        let mut found = Vec::new();
        for (key, value) in self.cells {
            let name: &str = key.get_ref();
            if let DeValue::Table(cells) = value.get_ref()
                && !self.asked.iter().any(|asked| asked == name)
            {
                found.push((name.to_owned(), Table::new(self.place.child(name).moved(key.span().start), cells)));
            }
        }
        self.asked.extend(found.iter().map(|(name, _)| Cow::from(name.clone())));
        found.sort_by_key(|(_, table)| table.place.origin);
        found
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(self, report: &mut Report<'_>) {
        for key in self.cells.keys() {
            let name: &str = key.get_ref();
            if !self.asked.iter().any(|asked| asked == name) {
                let place = self.place.child(name).moved(key.span().start);
                let hint = suggestion(name, self.asked.iter().map(AsRef::as_ref));
                report.error(&place, format!("unknown key{hint}"), "docs/reference.md lists every key");
            }
        }
    }
}

/// Reads a text as TOML, as far as its syntax allows.
pub(super) fn document<'t>(report: &mut Report<'t>) -> Spanned<DeTable<'t>> {
    let (document, errors) = DeTable::parse_recoverable(report.text());
    for error in errors {
        let end = report.text().len();
        report.syntax(error.span().map_or(end, |span| span.start), error.message());
    }
    document
}

/// How the header of the table at `place` is written: without the numbers that tell its likes apart.
fn header(place: &Place) -> String {
    place.key.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect()
}

/// Reports what this version cannot do yet.
fn not_yet(place: &Place, report: &mut Report<'_>) {
    report.error(place, "not supported by this version", "remove it, or use a later version");
}

fn text((place, value): Cell<'_, '_>, report: &mut Report<'_>) -> Option<Placed<String>> {
    let DeValue::String(found) = value.get_ref() else {
        return wrong(&place, "a text", value.get_ref(), report);
    };
    let span = value.span();
    let raw = report.text().get(span.clone()).unwrap_or_default();
    let content = raw.find(found.as_ref()).map(|at| span.start + at);
    Some(Placed { value: found.to_string(), place, content })
}

fn texts((place, value): Cell<'_, '_>, report: &mut Report<'_>) -> Option<Placed<Vec<Placed<String>>>> {
    match value.get_ref() {
        DeValue::String(_) => Some(Placed::new(vec![text((place.clone(), value), report)?], place)),
        DeValue::Array(items) => {
            let texts: Vec<_> = (items.iter().enumerate())
                .filter_map(|(index, item)| text((place.element(index).moved(item.span().start), item), report))
                .collect();
            // The good ones are read on: more may be wrong with them.
            (items.is_empty() || !texts.is_empty()).then(|| Placed::new(texts, place))
        }
        other => wrong(&place, "a text or a list of texts", other, report),
    }
}

fn wrong<T>(place: &Place, expected: &str, found: &DeValue<'_>, report: &mut Report<'_>) -> Option<T> {
    // The value itself is not shown: it may be a secret that lacks its quotes.
    let found = match found {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    report.error(place, format!("found {found}"), format!("write {expected}"));
    None
}
