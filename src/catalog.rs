//! The providers that are built in, embedded from `catalog/*.toml`.

use std::sync::{Arc, LazyLock, OnceLock};

use crate::rules::dialect::Dialect;

/// Name of the generic dialect, whose words the others fall back to.
const GENERIC: &str = "dyndns2";

/// The files; a test compares this list with the folder.
macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../catalog/", $name, ".toml")))),*]
    };
}

const FILES: &[(&str, &str)] = embedded![
    "allinkl",
    "core-networks",
    "ddnss",
    "desec",
    "dnsomatic",
    "dnspark",
    "dode",
    "domeneshop",
    "duckdns",
    "dyfi",
    "dyn",
    "dyndns2",
    "dynu",
    "dynv6",
    "easydns",
    "freedns",
    "freedyn",
    "google",
    "he",
    "infomaniak",
    "inwx",
    "keysystems",
    "loopia",
    "noip",
    "nowdns",
    "nsupdate",
    "ovh",
    "regfish",
    "selfhost",
    "spdyn",
    "strato",
    "tiggerswelt",
    "variomedia",
    "zoneedit",
];

/// Each is read when somebody asks for it: a round needs one or two of them, and to read all takes longer than the round.
static DIALECTS: [OnceLock<Arc<Dialect>>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

static ALL: LazyLock<Vec<Arc<Dialect>>> = LazyLock::new(|| (0..FILES.len()).map(at).collect());

static FALLBACK: LazyLock<Dialect> = LazyLock::new(|| {
    let (_, text) = FILES.iter().find(|(name, _)| *name == GENERIC).expect("the generic dialect is in the list");
    read(text)
});

fn at(index: usize) -> Arc<Dialect> {
    Arc::clone(DIALECTS[index].get_or_init(|| Arc::new(read(FILES[index].1).inherit(&FALLBACK))))
}

fn read(text: &str) -> Dialect {
    Dialect::parse(text).expect("a test reads every embedded file")
}

/// The provider with this catalogue name.
#[must_use]
pub fn find(name: &str) -> Option<Arc<Dialect>> {
    // A test compares the list with the sorted names of the folder.
    FILES.binary_search_by(|(file, _)| (*file).cmp(name)).ok().map(at)
}

/// Every provider, by name.
#[must_use]
pub fn all() -> &'static [Arc<Dialect>] {
    &ALL
}

/// The dialect of a user-defined URL: of all known meanings of a word the most careful one (`catalog/dyndns2.toml`).
///
/// # Panics
///
/// Never: a test finds it in the catalogue.
#[must_use]
pub fn custom() -> Arc<Dialect> {
    find(GENERIC).expect("the generic dialect is part of the catalogue")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::dialect::Class::{BlockedAccount, BlockedAddress, RateLimited, RetryLater};

    #[test]
    fn every_file_of_the_folder_is_embedded_and_no_other() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/catalog");
        let names = std::fs::read_dir(folder).expect("the folder is part of the sources").map(|file| file.expect("readable").path());
        let tables = names.filter(|path| path.extension().is_some_and(|end| end == "toml"));
        let mut names: Vec<String> = tables.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
        names.sort();
        assert_eq!(names, FILES.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
    }

    #[test]
    fn every_file_can_be_read_and_has_the_name_of_its_file() {
        for (name, text) in FILES {
            match Dialect::parse(text) {
                Ok(dialect) => assert_eq!(dialect.name, *name),
                Err(problem) => panic!("catalog/{name}.toml: {problem}"),
            }
        }
    }

    #[test]
    fn dialects_inherit_the_generic_words_unless_they_refuse() {
        let class = |provider: &str, word: &str| find(provider).expect(provider).meaning_of_word(word).map(|meaning| meaning.class);
        assert_eq!(class("freedyn", "DNSERR"), Some(BlockedAddress));
        assert_eq!(class("dyn", "dnserr"), Some(RetryLater));
        assert_eq!(class("noip", "badauth"), Some(BlockedAccount));
        assert_eq!(class("strato", "abuse"), Some(RateLimited));
        assert_eq!(class("duckdns", "good"), None);
        assert!(find("nobody").is_none());
    }

    #[test]
    fn no_file_uses_the_generic_success_words_for_anything_else() {
        for dialect in all() {
            for (word, success) in [("good", true), ("nochg", true), ("badauth", false)] {
                if let Some(meaning) = dialect.meaning_of_word(word) {
                    assert_eq!(meaning.class.is_success(), success, "{} {word}", dialect.name);
                }
            }
        }
    }
}
