//! The box's dynamic DNS settings → our TOML.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::sync::Arc;

use toml::Value;

use super::FromFritzBox;
use crate::catalog;
use crate::cli::args::Options;
use crate::cli::exit::Exit;
use crate::cli::fritzbox::{Trouble, Way, ddns, login, switch_off};
use crate::cli::out::{Out, without_controls};
use crate::config::{self, Problem, World};
use crate::rules::dialect::Dialect;
use crate::rules::domain::Mode;
use crate::rules::status::Status;
use crate::rules::template::masked;
use crate::tr064::remote_access::DdnsInfo;
use crate::tr064::session::Session;

/// Where the password is expected, beside the configuration: the box does not tell it.
const SECRET: &str = "ddns.secret";

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
            out.complain("the box's own dynamic DNS client is off already");
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
    let mut lines = vec![format!("# Dynamic DNS of the {}, as `wanbeacon import fritzbox` read it.", comment(model))];
    if info.domain.is_empty() && info.update_url.is_empty() {
        lines.push("# The box has no dynamic DNS settings: there is nothing to carry over.".into());
        return lines;
    }
    let mode = fitting(info);
    lines.extend(entry(info, mode));
    lines.extend(address.map(|address| format!("\n[fritzbox]\naddress = {}", Value::from(address))));
    let mut notes = notes(info, mode);
    notes.extend(problems(&lines).unwrap_or_else(|errors| errors));
    lines.push(String::new());
    lines.extend(notes.iter().flat_map(|note| wrapped(&comment(note))));
    lines
}

/// The box takes any mode with any URL. If its mode cannot be used, the first one that can.
fn fitting(info: &DdnsInfo) -> Mode {
    let modes = [info.mode, Mode::Both, Mode::V4, Mode::V6, Mode::Together];
    modes.into_iter().find(|mode| problems(&entry(info, *mode)).is_ok()).unwrap_or(info.mode)
}

/// `[[ddns]]`, line by line.
fn entry(info: &DdnsInfo, mode: Mode) -> Vec<String> {
    let mut lines = vec!["[[ddns]]".to_owned()];
    let mut pair = |key: &str, value: Value| lines.push(format!("{key} = {}", written(&value)));
    if !info.enabled {
        pair("enabled", false.into());
    }
    if let Some(name) = known_provider(&info.provider_name) {
        pair("provider", name.as_str().into());
        let servers = [("server_ipv4", &info.server_ipv4), ("server_ipv6", &info.server_ipv6)];
        for (key, server) in servers.into_iter().filter(|(_, server)| !server.is_empty()) {
            pair(key, server.as_str().into());
        }
    } else {
        pair("update_url", info.update_url.expose().into());
    }
    let names: Vec<Value> = info.domain.split([',', ' ']).filter(|name| !name.is_empty()).map(Value::from).collect();
    pair("domain", if names.len() == 1 { names[0].clone() } else { Value::Array(names) });
    if !info.username.is_empty() {
        pair("username", info.username.as_str().into());
    }
    pair("password", Value::Table([("file".to_owned(), SECRET.into())].into_iter().collect()));
    pair("mode", short(mode).into());
    lines
}

/// TOML may hold what a terminal takes for a command; a string of JSON is one of TOML as well (TOML 1.0, "String").
fn written(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains(char::is_control) => without_controls(&serde_json::Value::from(text.as_str()).to_string()),
        Value::Array(values) => format!("[{}]", values.iter().map(written).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// What could not be carried over, or needs a person.
fn notes(info: &DdnsInfo, mode: Mode) -> Vec<String> {
    let mut notes =
        vec![format!("The box does not tell the password: write it into the file {SECRET} beside this one, readable by wanbeacon alone.")];
    let known = known_provider(&info.provider_name).is_some();
    if !known && !is_own_url(&info.provider_name) {
        notes.push(format!(
            "The box calls the service {:?}; no provider of that name is built in, so its URL is taken \
             (`wanbeacon providers` lists those that are).",
            info.provider_name
        ));
    }
    if mode != info.mode {
        notes.push(format!("The mode of the box is {}, which does not fit the URL; {} does.", info.mode.wire(), short(mode)));
    }
    if !known && masked(info.update_url.expose()) != info.update_url.expose() {
        notes.push("The update URL seems to hold a key: nobody but wanbeacon should be able to read this file.".into());
    }
    notes.push(
        "The box inserts every value as it is, wanbeacon percent-encodes user name, password and domain. If the password was encoded by \
         hand for the box, write the plain one, or add fritz_compat = true."
            .into(),
    );
    if !info.enabled {
        notes.push("The box's own client is switched off, and so is this entry: remove enabled = false to use it.".into());
    }
    if [&info.status_ipv4, &info.status_ipv6].iter().any(|word| word.status == Some(Status::AccountDisabled)) {
        notes.push("The provider has refused the box (account-disabled): find out why before wanbeacon asks it again.".into());
    }
    notes
}

/// What `wanbeacon check` will say, but for the password that is not there yet: warnings, or errors.
fn problems(lines: &[String]) -> Result<Vec<String>, Vec<String>> {
    let world = World::given([], [(SECRET, "not known yet")]);
    let words = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect();
    config::load(&lines.join("\n"), "imported", &world).map(|loaded| words(loaded.warnings)).map_err(words)
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
mod tests;
