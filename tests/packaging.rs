//! What packages carry beside the program is made from the sources, and is up to date: man pages, completions, the schema of the
//! configuration, Debian's changelog.
//!
//! `WANBEACON_RENEW=1 cargo test --test packaging` writes it anew.

#[path = "packaging/changelog.rs"]
mod changelog;
#[path = "packaging/document.rs"]
mod document;
#[path = "packaging/made.rs"]
mod made;
#[path = "packaging/man.rs"]
mod man;
#[path = "packaging/metadata.rs"]
mod metadata;
#[path = "packaging/schema.rs"]
mod schema;
#[path = "packaging/units.rs"]
mod units;

use clap::CommandFactory as _;
use clap_complete::Shell;
use wanbeacon::cli::args::Args;

#[test]
fn the_man_pages_say_what_the_sources_say() {
    made::compare("packaging/man/wanbeacon.1", &man::program());
    made::compare("packaging/man/wanbeacon.toml.5", &man::configuration());
}

#[test]
fn the_completions_know_every_command() {
    let files = [(Shell::Bash, "wanbeacon.bash"), (Shell::Zsh, "_wanbeacon"), (Shell::Fish, "wanbeacon.fish")];
    for (shell, file) in files {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Args::command(), "wanbeacon", &mut text);
        made::compare(&format!("packaging/completions/{file}"), &String::from_utf8(text).expect("completions are text"));
    }
}

#[test]
fn the_schema_says_what_the_reference_says() {
    made::compare(schema::FILE, &schema::text());
}

#[test]
fn debian_is_told_what_the_changelog_says() {
    made::compare("packaging/deb/changelog", &changelog::debian());
}
