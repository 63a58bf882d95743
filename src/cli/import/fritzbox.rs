//! The box's dynamic DNS settings → our TOML.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::sync::Arc;

use toml::Value;

use super::FromFritzBox;
use crate::catalog;
use crate::cli::args::Options;
use crate::cli::exit::Exit;
use crate::cli::fritzbox::{Trouble, Way, ddns, login, switch_off};
use crate::cli::out::Out;
use crate::config::{self, World};
use crate::rules::dialect::Dialect;
use crate::rules::domain::Mode;
use crate::rules::status::Status;
use crate::tr064::remote_access::DdnsInfo;
use crate::tr064::session::Session;

/// Where the password is expected: the box does not tell it.
const SECRET: &str = "/etc/wanbeacon/ddns.secret";

/// How boxes call a service that they do not know, in the languages they speak.
const OWN_URL: [&str; 4] = ["benutzerdefiniert", "user-defined", "userdefined", "<userdefined>"];

/// Prints the settings, and switches the box's client off if that is wanted.
pub(super) fn run(options: &Options, from: &FromFritzBox, out: &mut Out) -> Exit {
    let way = match Way::new(options, &from.reach, out) {
        Ok(way) => way,
        Err(exit) => return exit,
    };
    let login = match login(&way, &from.reach) {
        Ok(login) => login,
        Err(trouble) => return trouble.report(out),
    };
    let conversation = async {
        let session = way.open(login).await?;
        let info = ddns(&session).await?;
        for line in translated(&info, session.model(), way.address()) {
            out.line(line);
        }
        out.flush();
        if !info.enabled {
            return Ok(());
        }
        if from.switch_off || agreed(out) {
            switch_off(&session, info, out).await?;
            confirm(&session, out).await?;
        } else {
            out.complain(
                "the box goes on updating the name by itself; once wanbeacon does it: wanbeacon fritzbox set-ddns --enabled false",
            );
        }
        Ok(())
    };
    Way::talk(conversation).map_or_else(|trouble: Trouble| trouble.report(out), |()| Exit::Success)
}

async fn confirm(session: &Session, out: &mut Out) -> Result<(), Trouble> {
    if ddns(session).await?.enabled {
        return Err(Trouble::Words("could not confirm that the box's own client is off: the box says that it is on".into()));
    }
    out.complain("the box's own dynamic DNS client is switched off");
    Ok(())
}

/// Asks, where somebody can answer.
fn agreed(out: &mut Out) -> bool {
    let (input, output) = (io::stdin(), io::stderr());
    if !(input.is_terminal() && output.is_terminal()) {
        return false;
    }
    out.complain("two clients for one name contradict each other. Switch the box's own off now? It may forget its password. [y/N]");
    let mut answer = String::new();
    // Who closes the terminal has not agreed.
    input.lock().read_line(&mut answer).is_ok() && answer.trim().eq_ignore_ascii_case("y")
}

/// The configuration, line by line.
fn translated(info: &DdnsInfo, model: &str, address: Option<&str>) -> Vec<String> {
    let DdnsInfo { enabled, provider_name, update_url, domain, status_ipv4, status_ipv6, username, mode, server_ipv4, server_ipv6 } = info;
    let mut lines = vec![format!("# Dynamic DNS of the {}, as `wanbeacon import fritzbox` read it.", comment(model))];
    if domain.is_empty() && update_url.is_empty() {
        lines.push("# The box has no dynamic DNS settings: there is nothing to carry over.".into());
        return lines;
    }
    lines.push("[[ddns]]".into());
    let mut pair = |key: &str, value: Value| lines.push(format!("{key} = {value}"));
    let mut notes = Vec::new();
    if !enabled {
        pair("enabled", false.into());
    }
    if let Some(name) = known_provider(provider_name) {
        pair("provider", name.as_str().into());
        for (key, server) in [("server_ipv4", server_ipv4), ("server_ipv6", server_ipv6)].into_iter().filter(|(_, it)| !it.is_empty()) {
            pair(key, server.as_str().into());
        }
    } else {
        pair("update_url", update_url.expose().into());
        if !is_own_url(provider_name) {
            notes.push(format!(
                "The box calls the service {provider_name:?}; no provider of that name is built in, so its URL is taken \
                 (`wanbeacon providers` lists those that are)."
            ));
        }
    }
    let names: Vec<Value> = domain.split([',', ' ']).filter(|name| !name.is_empty()).map(Value::from).collect();
    pair("domain", if names.len() == 1 { names[0].clone() } else { Value::Array(names) });
    if !username.is_empty() {
        pair("username", username.as_str().into());
    }
    lines.push(format!("password = {{ file = {} }}", Value::from(SECRET)));
    lines.push(format!("mode = {}", Value::from(short(*mode))));
    notes.push(format!("The box does not tell the password: write it into {SECRET}, readable by wanbeacon alone."));
    notes.push(
        "The box inserts every value as it is, wanbeacon percent-encodes user name, password and domain. If the password was encoded by \
         hand for the box, write the plain one, or add fritz_compat = true."
            .into(),
    );
    if [status_ipv4, status_ipv6].iter().any(|word| word.status == Some(Status::AccountDisabled)) {
        notes.push("The provider has refused the box (account-disabled): find out why before wanbeacon asks it again.".into());
    }
    if let Some(address) = address {
        lines.push(format!("\n[fritzbox]\naddress = {}", Value::from(address)));
    }
    notes.extend(problems(&lines.join("\n")));
    lines.extend(std::iter::once(String::new()).filter(|_| !notes.is_empty()));
    lines.extend(notes.iter().flat_map(|note| wrapped(&comment(note))));
    lines
}

/// What `wanbeacon check` will say, but for the password that is not there yet.
fn problems(text: &str) -> Vec<String> {
    let world = World::given([], [(SECRET, "not known yet")]);
    let found = match config::load(text, "imported", &world) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    };
    found.iter().map(ToString::to_string).collect()
}

/// The catalogue's name for a provider that the box knows under its own.
fn known_provider(name: &str) -> Option<String> {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let wanted = plain(name);
    let same = |known: &&Arc<Dialect>| [&known.name, &known.title].into_iter().any(|text| plain(text) == wanted);
    if wanted.is_empty() || is_own_url(name) { None } else { catalog::all().iter().find(same).map(|known| known.name.clone()) }
}

fn is_own_url(name: &str) -> bool {
    OWN_URL.contains(&name.trim().to_lowercase().as_str())
}

const fn short(mode: Mode) -> &'static str {
    match mode {
        Mode::V4 => "v4",
        Mode::V6 => "v6",
        Mode::Both => "both",
        Mode::Together => "together",
    }
}

/// One line of a comment, whatever the box says.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// As comment lines of a readable width.
fn wrapped(text: &str) -> Vec<String> {
    const WIDTH: usize = 100;
    let mut lines = vec!["#".to_owned()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is always a line");
        if last.len() + 1 + word.len() > WIDTH && last.len() > 1 {
            lines.push(format!("#   {word}"));
        } else {
            last.push(' ');
            last.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::secret::Secret;
    use crate::tr064::remote_access::StatusWord;

    fn info(provider: &str, url: &str) -> DdnsInfo {
        DdnsInfo {
            enabled: true,
            provider_name: provider.into(),
            update_url: Secret::new(url.into()),
            domain: "home.example.org".into(),
            status_ipv4: StatusWord::read("complete"),
            status_ipv6: StatusWord::read("undefined"),
            username: "me \"and\" you".into(),
            mode: Mode::V4,
            server_ipv4: String::new(),
            server_ipv6: String::new(),
        }
    }

    /// The translation, read back.
    fn loaded(info: &DdnsInfo) -> (config::Settings, String) {
        let text = translated(info, "FRITZ!Box 7530", Some("192.168.178.1")).join("\n");
        let world = World::given([], [(SECRET, "secret")]);
        (config::load(&text, "imported", &world).unwrap_or_else(|problems| panic!("{text}\n{problems:?}")).settings, text)
    }

    #[test]
    fn an_own_url_becomes_an_entry_that_can_be_loaded_and_says_that_the_password_is_missing() {
        let (settings, text) = loaded(&info("Benutzerdefiniert", "https://dyn.example.org/u?h=<domain>&ip=<ipaddr>"));
        let entry = &settings.entries[0];
        assert_eq!((entry.domains[0].as_str(), entry.mode, entry.enabled), ("home.example.org", Mode::V4, true));
        assert_eq!(entry.sending.username, "me \"and\" you");
        assert_eq!(settings.fritzbox.address.as_deref(), Some("192.168.178.1"));
        assert!(text.contains("does not tell the password"), "{text}");
    }

    #[test]
    fn a_provider_that_is_built_in_is_taken_by_its_name() {
        let (settings, _) = loaded(&DdnsInfo { username: "1234567890".into(), ..info("FreeDYN", "api.freedyn.de/") });
        assert_eq!(settings.entries[0].provider, "freedyn");
        let (settings, text) = loaded(&info("Strange Service", "https://dyn.example.org/u?h=<domain>&ip=<ipaddr>"));
        assert_eq!(settings.entries[0].provider, "custom");
        assert!(text.contains("Strange Service"), "{text}");
    }

    #[test]
    fn what_the_box_says_stays_inside_of_its_line() {
        let text = translated(&info("x\ny = 1", "https://e.example/\n[daemon]\n?<ipaddr>"), "m\n[web]", None).join("\n");
        let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(table.keys().collect::<Vec<_>>(), ["ddns"]);
    }

    #[test]
    fn a_box_without_settings_gives_nothing_to_load() {
        let empty = DdnsInfo { domain: String::new(), ..info("", "") };
        let lines = translated(&empty, "FRITZ!Box", None);
        assert!(lines.iter().all(|line| line.starts_with('#')), "{lines:?}");
    }

    #[test]
    fn a_refused_account_and_a_switched_off_client_are_carried_over() {
        let locked = DdnsInfo { enabled: false, status_ipv4: StatusWord::read("account-disabled"), ..info("FreeDYN", "") };
        let text = translated(&locked, "FRITZ!Box", None).join("\n");
        assert!(text.contains("enabled = false") && text.contains("account-disabled"), "{text}");
    }
}
