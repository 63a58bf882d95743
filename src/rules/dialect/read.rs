//! Reading a catalogue file, checking it, and looking things up in it.

use super::{Class, Dialect, Meaning, Scope, Style};
use crate::rules::address::{Family, PerFamily};
use crate::rules::template::parse_update_url;

impl Dialect {
    /// Reads a catalogue file and checks it. Inherited words are added by [`Dialect::inherit`].
    ///
    /// # Errors
    ///
    /// Every problem, one per line: what is wrong in which key, and what was expected.
    pub fn parse(toml: &str) -> Result<Self, String> {
        let dialect: Self = toml::from_str(toml).map_err(|error| error.to_string())?;
        let problems = dialect.problems();
        if problems.is_empty() { Ok(dialect) } else { Err(problems.join("\n")) }
    }

    /// Adds the words of `generic` that this dialect does not know, unless it wants its own words only.
    #[must_use]
    pub fn inherit(mut self, generic: &Self) -> Self {
        if !self.reply.own_words_only {
            for (word, meaning) in &generic.words {
                self.words.entry(word.clone()).or_insert_with(|| meaning.clone());
            }
        }
        self
    }

    /// What a word means; `word` is compared whole and without regard to case.
    #[must_use]
    pub fn meaning_of_word(&self, word: &str) -> Option<&Meaning> {
        self.words.get(&word.to_lowercase())
    }

    /// The longest phrase that `line` begins with, and what it means. A phrase ends where a word ends, unless it ends
    /// with `|`.
    #[must_use]
    pub fn meaning_of_line(&self, line: &str) -> Option<(&str, &Meaning)> {
        let line = line.trim_start().to_lowercase();
        let ends_well = |phrase: &str| {
            phrase.ends_with('|') || !line[phrase.len()..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-'))
        };
        let phrases = self.words.iter().filter(|(key, _)| is_phrase(key) && line.starts_with(key.as_str()) && ends_well(key));
        phrases.max_by_key(|(key, _)| key.len()).map(|(key, meaning)| (key.as_str(), meaning))
    }

    /// What an HTTP status means here beyond the protocol's own meaning.
    #[must_use]
    pub fn meaning_of_status(&self, status: u16) -> Option<&Meaning> {
        self.status.get(&status.to_string())
    }

    /// `base` with the patterns of a user-defined service. What the user calls a failure locks the entry: nobody but
    /// the user knows whether trying again would help.
    #[must_use]
    pub fn with_patterns(base: &Self, good: &[String], nochg: &[String], fail: &[String]) -> Self {
        let mut dialect = base.clone();
        dialect.reply.style = Style::Patterns;
        let locks = Meaning {
            scope: Some(Scope::Entry),
            hint: Some("the reply matches one of the patterns in `fail`; see what the service says, then unlock".into()),
            ..Meaning::from(Class::BlockedConfig)
        };
        // Later ones win: failure beats success beats unchanged.
        for (patterns, meaning) in [(nochg, Class::Unchanged.into()), (good, Class::Updated.into()), (fail, locks)] {
            let keys = patterns.iter().map(|pattern| pattern.trim().to_lowercase()).filter(|key| !key.is_empty());
            dialect.words.extend(keys.map(|key| (key, meaning.clone())));
        }
        dialect
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        if self.name.is_empty() || !self.name.chars().all(named) {
            problems.push(format!("name {:?}: lower-case letters, digits, \"-\" and \".\" were expected", self.name));
        }
        if self.title.is_empty() || self.source.is_empty() {
            problems.push("title and source must not be empty: every fact has an origin".into());
        }
        if self.request.batch == 0 {
            problems.push("request.batch is 0; expected 1 or more names in one request".into());
        }
        let single = |family, key, text| slot_problem(key, text, PerFamily::from_fn(|carried| carried == family));
        problems.extend(single(Family::V4, "v4", self.request.v4.as_deref()));
        problems.extend(single(Family::V6, "v6", self.request.v6.as_deref()));
        problems.extend(slot_problem("together", self.request.together.as_deref(), PerFamily { v4: true, v6: true }));
        for key in self.words.keys().filter(|key| key.is_empty() || **key != key.trim().to_lowercase()) {
            problems.push(format!("words.{key:?}: a word in lower case without blanks around it was expected"));
        }
        for key in self.status.keys().filter(|key| !key.parse().is_ok_and(|status: u16| (100..600).contains(&status))) {
            problems.push(format!("status.{key:?}: an HTTP status of three digits was expected"));
        }
        let meanings = self.words.iter().chain(&self.status);
        for (key, _) in meanings.filter(|(_, meaning)| meaning.wait_cap.is_some_and(|cap| meaning.wait.is_none_or(|wait| wait > cap))) {
            problems.push(format!("{key:?}: wait_cap needs a wait that is not longer"));
        }
        problems
    }
}

impl From<Class> for Meaning {
    fn from(class: Class) -> Self {
        Self { class, scope: None, wait: None, wait_cap: None, probe: None, escalate: None, hint: None }
    }
}

fn is_phrase(key: &str) -> bool {
    key.contains(' ') || key.ends_with('|')
}

/// Why a template does not fit its slot, which may carry the families `allowed`.
fn slot_problem(key: &str, text: Option<&str>, allowed: PerFamily<bool>) -> Option<String> {
    let urls = match parse_update_url(text?) {
        Ok(urls) => urls,
        Err(problems) => {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            return Some(format!("request.{key}: {}", problems.join("; ")));
        }
    };
    let [url] = urls.as_slice() else {
        return Some(format!("request.{key}: one URL was expected"));
    };
    let carried = url.address_families();
    let fits = carried == allowed || (!url.has_address() && key != "together");
    (!fits).then(|| format!("request.{key}: the address placeholders do not fit; <ipaddr> for v4, <ip6addr> for v6, both for together"))
}

#[cfg(test)]
mod tests;
