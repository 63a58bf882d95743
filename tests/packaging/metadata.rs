//! `[package.metadata.deb]` and `[package.metadata.generate-rpm]`: what goes into the packages.

use std::collections::BTreeSet;

use toml::Value;

use crate::made;

/// What only Debian asks for.
const DEBIAN_ONLY: [&str; 1] = ["usr/share/lintian/overrides/wanbeacon"];

/// What `cargo-deb` takes from another key: the copyright.
const RPM_ONLY: [&str; 2] = ["usr/share/licenses/wanbeacon/LICENSE-APACHE", "usr/share/licenses/wanbeacon/LICENSE-MIT"];

/// Places that the two call differently: Debian's name, the other one's.
const NAMES: [(&str, &str); 3] = [
    ("lib/systemd/", "usr/lib/systemd/"),
    ("usr/share/zsh/vendor-completions/", "usr/share/zsh/site-functions/"),
    ("usr/share/doc/wanbeacon/third-party", "usr/share/licenses/wanbeacon/third-party"),
];

/// Made by `packaging/licences.py` when packages are: it tells of the toolchain too.
const MADE_LATE: &str = "packaging/third-party.txt.gz";

fn packages() -> Value {
    let manifest: Value = toml::from_str(&made::read("Cargo.toml")).expect("Cargo.toml is TOML");
    manifest["package"]["metadata"].clone()
}

/// Who packages: name and address.
pub(crate) fn maintainer() -> String {
    packages()["deb"]["maintainer"].as_str().expect("a text").to_owned()
}

/// An asset: where it comes from, where it goes, and its mode.
type Asset = (String, String, String);

fn assets(kind: &str) -> BTreeSet<Asset> {
    let text = |asset: &Value, key: &str| asset[key].as_str().unwrap_or_default().trim_start_matches('/').to_owned();
    let packages = packages();
    let assets = packages[kind]["assets"].as_array().expect("a list");
    assets.iter().map(|asset| (text(asset, "source"), text(asset, "dest"), text(asset, "mode"))).collect()
}

/// Without the form of a mode: "644", "0644" and "100644" are the same.
fn mode(mode: &str) -> &str {
    &mode[mode.len().saturating_sub(3)..]
}

#[test]
fn both_packages_carry_the_same_files() {
    let kept = |assets: BTreeSet<Asset>, except: &[&str]| -> BTreeSet<(String, String)> {
        let kept = assets.into_iter().filter(|(_, destination, _)| !except.contains(&destination.as_str()));
        kept.map(|(_, destination, rights)| (destination, mode(&rights).to_owned())).collect()
    };
    let renamed = |path: String| NAMES.iter().find_map(|(from, to)| Some(format!("{to}{}", path.strip_prefix(from)?))).unwrap_or(path);
    let deb: BTreeSet<_> = kept(assets("deb"), &DEBIAN_ONLY).into_iter().map(|(path, rights)| (renamed(path), rights)).collect();
    assert!(deb.len() >= 10, "only {} files found", deb.len());
    assert_eq!(deb, kept(assets("generate-rpm"), &RPM_ONLY));
}

#[test]
fn everything_that_packages_carry_is_there() {
    for (source, _, _) in assets("deb").into_iter().chain(assets("generate-rpm")) {
        if !source.starts_with("target/") && source != MADE_LATE {
            made::read(&source);
        }
    }
}

#[test]
fn licences_go_where_the_program_goes() {
    assert!(assets("deb").iter().any(|(source, _, _)| source == MADE_LATE));
}
