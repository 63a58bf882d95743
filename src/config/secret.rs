//! Passwords: plain, or from a file, a variable or a systemd credential.

use std::io;
use std::path::{Path, PathBuf};

use crate::rules::secret::Secret;

use super::file::Words;
use super::problem::{Place, Report, quoted};
use super::reader::{Key, Placed, Table};
use super::world::World;

/// Longest secret in bytes: API tokens have hundreds, a whole file given by mistake has more.
const LONGEST: u64 = 16 * 1024;

/// Container runtimes mount secrets here and choose the permissions themselves; inside there is one user.
const CONTAINER_SECRETS: &str = "/run/secrets";

/// How a named source becomes a secret.
type Form = fn(Placed<String>) -> RawSecret;

/// A secret as written.
#[derive(Clone, Debug)]
pub(super) enum RawSecret {
    /// In the configuration itself.
    Plain(Placed<Secret>),
    /// `{ file = "…" }`.
    File(Placed<String>),
    /// `{ env = "…" }`.
    Variable(Placed<String>),
    /// `{ credential = "…" }`.
    Credential(Placed<String>),
    /// Not understood; already reported.
    Bad,
}

impl RawSecret {
    /// A secret that stands in the configuration itself.
    pub(super) fn plain(text: Placed<String>) -> Self {
        Self::Plain(Placed::new(Secret::new(text.value), text.place))
    }

    /// Reads the table form.
    pub(super) fn read(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Self {
        const FORMS: &str = "write exactly one of { file = \"…\" }, { env = \"…\" } and { credential = \"…\" }";
        let forms: [(Words, Form); 3] = [
            (table.text("file", report), Self::File),
            (table.text("env", report), Self::Variable),
            (table.text("credential", report), Self::Credential),
        ];
        let place = table.place.clone();
        table.finish(report);
        let mut present = forms.into_iter().filter(|(key, _)| !key.is_absent());
        match (present.next(), present.next()) {
            (Some((Key::Given(text), form)), None) => form(text),
            (Some(_), None) => Self::Bad,
            (None, _) => {
                report.error(&place, "the table names no source", FORMS);
                Self::Bad
            }
            (Some(_), Some(_)) => {
                report.error(&place, "the table names several sources", FORMS);
                Self::Bad
            }
        }
    }

    /// Fetches the secret. Relative paths start at `base`. In a world that spares secrets, one that is elsewhere and cannot be read
    /// there is no problem.
    pub(super) fn fetch(&self, base: &Path, world: &World, report: &mut Report<'_>) -> Option<Secret> {
        let before = report.count();
        let fetched = self.read_now(base, world, report);
        match self.elsewhere().filter(|_| fetched.is_none() && world.spares_secrets()) {
            None => fetched,
            Some(place) => {
                report.forget_after(before);
                Some(Secret::unread(place))
            }
        }
    }

    /// Where it stands, if that is not in the configuration.
    fn elsewhere(&self) -> Option<String> {
        match self {
            Self::Bad | Self::Plain(_) => None,
            Self::File(name) => Some(format!("file {}", name.value)),
            Self::Variable(name) => Some(format!("env {}", name.value)),
            Self::Credential(name) => Some(format!("credential {}", name.value)),
        }
    }

    fn read_now(&self, base: &Path, world: &World, report: &mut Report<'_>) -> Option<Secret> {
        match self {
            Self::Bad => None,
            Self::Plain(secret) => checked(secret.value.clone(), &secret.place, report),
            Self::File(name) => {
                if name.value.is_empty() {
                    report.error(&name.place, "the file name is empty", "name the file that holds the secret");
                    return None;
                }
                let path = base.join(&name.value);
                let bytes = read(&path, &name.place, world, report)?;
                from_bytes(bytes, &name.place, report)
            }
            Self::Variable(name) => variable(name, world, report),
            Self::Credential(name) => {
                let path = credential(name, world, report)?;
                let bytes = read(&path, &name.place, world, report)?;
                from_bytes(bytes, &name.place, report)
            }
        }
    }
}

fn variable(name: &Placed<String>, world: &World, report: &mut Report<'_>) -> Option<Secret> {
    let shown = quoted(&name.value);
    let Some(value) = world.variable(&name.value) else {
        report.error(&name.place, format!("the variable {shown} is not set, or empty"), "set it for the wanbeacon process");
        return None;
    };
    from_bytes(value.as_encoded_bytes().to_vec(), &name.place, report)
}

fn credential(name: &Placed<String>, world: &World, report: &mut Report<'_>) -> Option<PathBuf> {
    if name.value.is_empty() || name.value.contains('/') || name.value.starts_with('.') {
        report.error(
            &name.place,
            format!("{} is not the name of a credential", quoted(&name.value)),
            "write the name from LoadCredential= without a path",
        );
        return None;
    }
    let Some(folder) = world.variable("CREDENTIALS_DIRECTORY") else {
        report.error(
            &name.place,
            "there are no systemd credentials: $CREDENTIALS_DIRECTORY is not set",
            "start wanbeacon from a unit with LoadCredential=, or use { file = \"…\" }",
        );
        return None;
    };
    Some(Path::new(folder).join(&name.value))
}

fn read(path: &Path, place: &Place, world: &World, report: &mut Report<'_>) -> Option<Vec<u8>> {
    let shown = quoted(&path.to_string_lossy());
    match world.read(path, LONGEST) {
        Ok(file) => {
            if file.open_to_all() && !path.starts_with(CONTAINER_SECRETS) {
                report.warn(
                    place,
                    format!("every user of this machine can read {shown}"),
                    "take the right away: chmod o-r, owned by the user that runs wanbeacon",
                );
            }
            Some(file.bytes)
        }
        Err(error) => {
            let remedy = match error.kind() {
                io::ErrorKind::NotFound => "create it, or correct the path".to_owned(),
                io::ErrorKind::PermissionDenied => world.way_to(path),
                _ => "name a small file that holds the secret and nothing else".to_owned(),
            };
            report.error(place, format!("failed to read {shown}: {error}"), remedy);
            None
        }
    }
}

/// Editors and `echo` end a file with a line feed that is no part of the secret; some begin it with a byte order mark.
fn from_bytes(bytes: Vec<u8>, place: &Place, report: &mut Report<'_>) -> Option<Secret> {
    let Ok(text) = String::from_utf8(bytes) else {
        report.error(place, "the secret is not UTF-8 text", "write it as plain text");
        return None;
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).trim_end_matches(['\r', '\n']);
    checked(Secret::new(text.into()), place, report)
}

fn checked(secret: Secret, place: &Place, report: &mut Report<'_>) -> Option<Secret> {
    if secret.is_empty() {
        report.error(place, "the secret is empty", "write it, or leave the key out if the service wants none");
        return None;
    }
    if secret.expose().chars().any(char::is_control) {
        report.error(place, "the secret holds a line break or another control character", "one line of text is expected");
        return None;
    }
    if secret.expose().trim() != secret.expose() {
        report.warn(place, "the secret begins or ends with a blank", "remove the blank if it is not part of the secret");
    }
    Some(secret)
}
