//! Files that are made from others and kept in the repository: who packages needs no Rust to make them.

use std::fs;
use std::path::Path;

/// Set and not empty: the files are written instead of compared.
const RENEW: &str = "WANBEACON_RENEW";

/// A file of the repository.
pub(crate) fn read(path: &str) -> String {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&place).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Fails unless the file at `path` holds `made`, or writes it.
pub(crate) fn compare(path: &str, made: &str) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os(RENEW).is_some_and(|value| !value.is_empty()) {
        fs::create_dir_all(place.parent().expect("it is in a folder")).expect("the folder can be made");
        fs::write(&place, made).expect("the file can be written");
        return;
    }
    let kept = fs::read_to_string(&place).unwrap_or_default();
    let different = kept.lines().zip(made.lines()).position(|(kept, made)| kept != made);
    let line = different.unwrap_or_else(|| kept.lines().count().min(made.lines().count()));
    assert!(
        kept == made,
        "{path} is not what the sources make of it, from line {} on:\n  kept {:?}\n  made {:?}\n\
         write it anew with: {RENEW}=1 cargo test --test packaging",
        line + 1,
        kept.lines().nth(line).unwrap_or_default(),
        made.lines().nth(line).unwrap_or_default(),
    );
}
