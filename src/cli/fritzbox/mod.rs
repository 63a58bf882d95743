//! `wanbeacon fritzbox`: the seven actions of `X_AVM-DE_RemoteAccess`:1 at the box, and its view of the line.

pub mod args;
mod change;
mod reach;
mod show;

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::args::Options;
use super::exit::Exit;
use super::out::Out;
use super::password::password;
use crate::config::Login;
use crate::rules::secret::Secret;
use crate::tr064::fault::CallError;
use crate::tr064::remote_access::{self as service, DdnsInfo, RemoteConfig, RemoteInfo};
use crate::tr064::session::{Confirmation, SecondFactor, Session};

use args::{Action, FritzBox, SetConfig, SetDdns};
pub(super) use reach::{Trouble, Way};

/// A login goes as a digest, what is set goes as it is.
const NO_TLS: &str = "the box offers no TLS, so everybody on the way could read the password; set it on the box's own page";

/// Does what was typed.
pub(super) fn run(options: &Options, typed: &FritzBox, out: &mut Out) -> Exit {
    let way = match Way::new(options, &typed.reach, out) {
        Ok(way) => way,
        Err(exit) => return exit,
    };
    Way::talk(act(&way, typed, out)).unwrap_or_else(|trouble| trouble.report(out))
}

async fn act(way: &Way, typed: &FritzBox, out: &mut Out) -> Result<Exit, Trouble> {
    let json = typed.json;
    if typed.action == Action::Wan {
        show::wan(&way.wan_view().await?, json, out);
        return Ok(Exit::Success);
    }
    // Everything that is asked at the terminal is asked before the box is: it does not wait.
    let login = way.login(&typed.reach).map_err(Trouble::Typed)?;
    let secret = secret(&typed.action).map_err(Trouble::Typed)?;
    let session = way.open(login.clone()).await?;
    if secret.is_some() && !session.secured() {
        return Err(Trouble::Words(NO_TLS.into()));
    }
    match &typed.action {
        Action::Wan | Action::Info => show::remote(&session, &info(&session).await?, json, out),
        Action::Ddns => show::ddns(&session, &ddns(&session).await?, json, out),
        Action::Providers => {
            let results = call(&session, "GetDDNSProviders", &[]).await?;
            let list = results.get("NewProviderList").map_or("", String::as_str);
            show::providers(&service::providers(list)?, json, out);
        }
        Action::SetDdns(wish) => set_ddns(&session, wish, secret, json, out).await?,
        Action::SetConfig(wish) => {
            set_config(&session, wish, secret, out).await?;
            match info(&session).await {
                // Where the service is part of the remote access, as it may be in wanbeacon itself, it has moved along.
                Err(Trouble::Call(CallError::Http(_))) => {
                    let moved = way.open(login).await?;
                    show::remote(&moved, &info(&moved).await?, json, out);
                }
                told => show::remote(&session, &told?, json, out),
            }
        }
        Action::Enable => set_enable(&session, true, json, out).await?,
        Action::Disable => set_enable(&session, false, json, out).await?,
        Action::Letsencrypt { switch } => {
            change(&session, "SetLetsEncryptEnable", &[("NewLetsEncryptEnabled", service::boolean(*switch))], out).await?;
            show::lets_encrypt(*switch, json, out);
        }
    }
    Ok(Exit::Success)
}

/// The secret that the action carries, if it carries one.
fn secret(action: &Action) -> Result<Option<Secret>, String> {
    let ask = |file: &Option<PathBuf>, prompt: &str| password(file.as_deref(), prompt, "--password-file").map(Some);
    match action {
        // What is switched off needs none.
        Action::SetDdns(SetDdns { enabled: Some(false), password_file: None, .. }) => Ok(None),
        Action::SetDdns(wish) => ask(&wish.password_file, "Password for the dynamic DNS service (the box does not tell it)"),
        Action::SetConfig(wish) => ask(&wish.password_file, &format!("New password of {} for the remote access", wish.username)),
        _ => Ok(None),
    }
}

/// The remote access of the box.
async fn info(session: &Session) -> Result<RemoteInfo, Trouble> {
    Ok(RemoteInfo::from(&call(session, "GetInfo", &[]).await?)?)
}

/// The dynamic DNS settings of the box.
pub(super) async fn ddns(session: &Session) -> Result<DdnsInfo, Trouble> {
    Ok(DdnsInfo::from(&call(session, "GetDDNSInfo", &[]).await?)?)
}

/// Changes the dynamic DNS settings and reads them back.
async fn set_ddns(session: &Session, wish: &SetDdns, secret: Option<Secret>, json: bool, out: &mut Out) -> Result<(), Trouble> {
    let wanted = change::changed(ddns(session).await?, wish, secret);
    change(session, "SetDDNSConfig", &wanted.arguments(), out).await?;
    let told = ddns(session).await?;
    show::ddns(session, &told, json, out);
    match change::differs(&told, wish).as_slice() {
        [] => Ok(()),
        options => Err(Trouble::Words(format!("could not confirm the change: the box tells something else for {}", options.join(", ")))),
    }
}

/// Switches the box's own dynamic DNS client off; everything else there stays as it is.
pub(super) async fn switch_off(session: &Session, info: DdnsInfo, out: &mut Out) -> Result<(), Trouble> {
    let wish = SetDdns { enabled: Some(false), ..SetDdns::default() };
    change(session, "SetDDNSConfig", &change::changed(info, &wish, None).arguments(), out).await?;
    Ok(())
}

async fn set_config(session: &Session, wish: &SetConfig, secret: Option<Secret>, out: &mut Out) -> Result<(), Trouble> {
    let SetConfig { port, username, password_file: _, enabled } = wish;
    let wanted = RemoteConfig {
        enabled: *enabled,
        port: *port,
        username: username.clone(),
        password: secret.unwrap_or_else(|| Secret::new(String::new())),
    };
    let arguments = wanted.arguments();
    let arguments: Vec<(&str, &str)> = arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
    change(session, "SetConfig", &arguments, out).await?;
    Ok(())
}

async fn set_enable(session: &Session, enabled: bool, json: bool, out: &mut Out) -> Result<(), Trouble> {
    let results = change(session, "SetEnable", &[("NewEnabled", service::boolean(enabled))], out).await?;
    let port = service::port(&results)?;
    // The document, 1.6: port 0 means that no user may come from the internet.
    if enabled && port == 0 {
        return Err(Trouble::Words(
            "remote access stays off: no user of the box may come from the internet; allow it to one with \
             `wanbeacon fritzbox set-config`, or on the box's own page (System > FRITZ!Box Users)"
                .into(),
        ));
    }
    show::access(enabled, port, json, out);
    Ok(())
}

async fn call(session: &Session, action: &str, arguments: &[(&str, &str)]) -> Result<BTreeMap<String, String>, CallError> {
    session.call(service::SERVICE, action, arguments).await
}

/// An action that changes something: the box may want it confirmed.
async fn change(session: &Session, action: &str, arguments: &[(&str, &str)], out: &mut Out) -> Result<BTreeMap<String, String>, CallError> {
    session.call_confirmed(service::SERVICE, action, arguments, &mut |factor| out.complain(how_to_confirm(factor))).await
}

fn how_to_confirm(factor: &SecondFactor) -> String {
    let way = |way: &Confirmation| match way {
        Confirmation::Button => "press any button on the box".to_owned(),
        Confirmation::Dial(code) => format!("dial {code:?} on a telephone at the box"),
        Confirmation::Other(word) => format!("use {word:?}"),
    };
    let ways: Vec<String> = factor.ways.iter().map(way).collect();
    format!("the box wants this confirmed within a minute: {}", ways.join(", or "))
}

/// Who logs in, for other commands.
pub(super) fn login(way: &Way, reach: &args::Reach) -> Result<Login, Trouble> {
    way.login(reach).map_err(Trouble::Typed)
}
