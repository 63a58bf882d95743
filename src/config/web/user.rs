//! Who may log in.

use crate::config::entry::Surroundings;
use crate::config::file::Texts;
use crate::config::overlay::{Remote, RemoteUser};
use crate::config::problem::{Place, Report, quoted, suggestion};
use crate::config::reader::{Key, Placed};
use crate::config::secret::RawSecret;
use crate::config::served::User;
use crate::rules::rights::{Right, Rights};

use super::raw::RawUser;

/// Longest name, in characters: an e-mail address fits, a log line stays readable.
const LONGEST_NAME: usize = 128;

/// The rights, for messages.
const RIGHTS: &str = "write any of \"config\", \"app\", \"phone\", \"nas\" and \"homeauto\"";

/// Checks every user; those with a problem are left out.
pub(super) fn users(raw: Vec<RawUser>, surroundings: &Surroundings<'_>, report: &mut Report<'_>) -> Vec<User> {
    let mut seen: Vec<Placed<String>> = Vec::new();
    let mut users = Vec::new();
    for RawUser { place, name, password, rights } in raw {
        if name.is_absent() {
            report.missing(&place, "name", "write what the user logs in with");
        }
        let name = name.given().and_then(|name| fit_name(name, report));
        let twin = name.as_ref().and_then(|name| seen.iter().find(|known| known.value == name.value));
        if let (Some(twin), Some(name)) = (twin, &name) {
            let message = format!("{} is a user already, see {}", quoted(&name.value), report.elsewhere(&twin.place));
            report.error(&name.place, message, "give each user a name of its own");
        }
        if password.is_absent() {
            report.missing(&place, "password", "nobody is let in by name alone; password = { file = \"…\" } keeps it out of this file");
        }
        let password = password.given().and_then(|password| password.fetch(surroundings.base, surroundings.world, report));
        let rights = self::rights(&rights, &place, report);
        seen.extend(name.clone());
        if let (Some(name), Some(password)) = (name, password) {
            users.push(User { name: name.value, password, rights });
        }
    }
    users
}

fn fit_name(name: &Placed<String>, report: &mut Report<'_>) -> Option<Placed<String>> {
    let wrong = if name.value.is_empty() {
        "the user name is empty"
    } else if name.value.contains(':') {
        "the user name holds a colon, which Basic authentication cannot carry (RFC 7617)"
    } else if name.value.contains('"') {
        "the user name holds a quote, which digest logins of old clients cannot carry"
    } else if name.value.chars().any(char::is_control) {
        "the user name holds a control character"
    } else if name.value.chars().count() > LONGEST_NAME {
        "the user name is too long"
    } else {
        return Some(name.clone());
    };
    report.error(&name.place, wrong, format!("write 1 to {LONGEST_NAME} characters without colons and quotes"));
    None
}

fn rights(key: &Texts, user: &Place, report: &mut Report<'_>) -> Rights {
    let words = match key {
        Key::Bad => return Rights::NONE,
        Key::Given(list) if !list.value.is_empty() => &list.value,
        Key::Absent | Key::Given(_) => {
            let place = key.given().map_or_else(|| user.child("rights"), |list| list.place.clone());
            report.warn(&place, "this user has no rights, and so can do nothing", RIGHTS);
            return Rights::NONE;
        }
    };
    let read = |word: &Placed<String>| {
        let right = Right::parse(word.value.trim());
        if right.is_none() {
            let hint = suggestion(&word.value, Right::ALL.map(Right::word));
            report.error(&word.place, format!("{} is no right{hint}", quoted(&word.value)), RIGHTS);
        }
        right
    };
    words.iter().filter_map(read).collect()
}

/// May the overlay's user be let in? Without a password of its own it is one of the file's, who may have lost the right since.
pub(super) fn entitled(user: &RemoteUser, in_the_file: &[User], report: &mut Report<'_>) -> bool {
    let may = |known: &User| known.name == user.name && known.rights.has(Right::Config);
    let entitled = user.password.is_some() || in_the_file.iter().any(may);
    // It may be in a part that could not be read.
    if !entitled && !report.broken() {
        let message = format!("no [[web.user]] {} has the right \"config\" any more, so it is not used", quoted(&user.name));
        report.warn(&Place::overlay("remote.user"), message, "set it anew, or delete the table [remote.user] there");
    }
    entitled
}

/// May a user of the file still be let in? A password that was replaced does not come back when the remote access goes to another user.
pub(super) fn keeps_its_login(name: &str, remote: &Remote) -> bool {
    let renewed = remote.user.as_ref().is_some_and(|user| user.name == name && user.password.is_some());
    renewed || !remote.replaced.iter().any(|replaced| replaced == name)
}

/// Lets the user of the remote access in: with the rights that a user of this name has anyway, and the right to configure.
pub(super) fn admit(users: &mut Vec<User>, remote: User) {
    let known = users.iter().position(|user| user.name == remote.name);
    let before = known.map_or(Rights::NONE, |at| users.remove(at).rights);
    let rights = Right::ALL.into_iter().filter(|right| *right == Right::Config || before.has(*right)).collect();
    users.insert(known.unwrap_or(users.len()), User { rights, ..remote });
}

impl RawUser {
    /// The user that the overlay names; the password may be that of a user in the file.
    pub(super) fn overlaid(user: &RemoteUser, in_the_file: &[User]) -> Self {
        let place = Place::overlay("remote.user");
        let known = in_the_file.iter().find(|known| known.name == user.name);
        let password = user.password.clone().or_else(|| known.map(|known| known.password.clone()));
        let right = Placed::new(Right::Config.word().to_owned(), place.clone());
        Self {
            name: Key::Given(Placed::new(user.name.clone(), place.child("name"))),
            password: password.map_or(Key::Absent, |password| Key::Given(RawSecret::Plain(Placed::new(password, place.child("password"))))),
            rights: Key::Given(Placed::new(vec![right], place.clone())),
            place,
        }
    }
}
