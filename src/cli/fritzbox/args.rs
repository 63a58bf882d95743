//! What can be typed behind `fritzbox`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::rules::domain::Mode;

/// Reads and sets remote access and dynamic DNS of the FRITZ!Box (`X_AVM-DE_RemoteAccess`:1).
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct FritzBox {
    /// Which box, and how to log in.
    #[command(flatten)]
    pub reach: Reach,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do there.
    #[command(subcommand)]
    pub action: Action,
}

/// Which box, and how to log in. No password stands on a command line: every user of the machine could read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Reach {
    /// Host name or IP address of the box [default: `[fritzbox] address`, else it is looked for]
    #[arg(long, global = true, value_name = "HOST")]
    pub address: Option<String>,
    /// User of the box [default: `[fritzbox] username`, else the one that logged in last]
    #[arg(long, global = true, value_name = "NAME")]
    pub login: Option<String>,
    /// File with that user's password [default: `[fritzbox] password`, else it is asked for]
    #[arg(long, global = true, value_name = "FILE")]
    pub login_password_file: Option<PathBuf>,
}

/// One action of the service, or the view of the line.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Action {
    /// Show the remote access to the box (`GetInfo`)
    Info,
    /// Show the dynamic DNS settings of the box and their state (`GetDDNSInfo`)
    Ddns,
    /// List the providers that the box knows (`GetDDNSProviders`)
    Providers,
    /// Change the dynamic DNS settings; what is not named stays (`SetDDNSConfig`)
    SetDdns(SetDdns),
    /// Set up remote access for a user (`SetConfig`)
    SetConfig(SetConfig),
    /// Switch remote access on (`SetEnable`)
    Enable,
    /// Switch remote access off (`SetEnable`)
    Disable,
    /// Switch the Let's Encrypt certificate on or off (`SetLetsEncryptEnable`)
    Letsencrypt {
        /// Which
        #[arg(value_parser = on_or_off)]
        switch: bool,
    },
    /// Show the box's view of the line; needs no login
    Wan,
}

/// Arguments of `SetDDNSConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct SetDdns {
    /// Name as `fritzbox providers` lists it; the last one there is for any other service
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    /// Update URL with the box's placeholders, for a service that the box does not know
    #[arg(long, value_name = "URL")]
    pub update_url: Option<String>,
    /// Name to keep up to date
    #[arg(long, value_name = "NAME")]
    pub domain: Option<String>,
    /// User name at the service
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,
    /// File with the password for the service [default: it is asked for]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// `v4`, `v6`, `both` or `together`
    #[arg(long, value_name = "MODE", value_parser = mode)]
    pub mode: Option<Mode>,
    /// Update host for IPv4, for a service that the box knows
    #[arg(long, value_name = "HOST")]
    pub server_ipv4: Option<String>,
    /// Update host for IPv6, likewise
    #[arg(long, value_name = "HOST")]
    pub server_ipv6: Option<String>,
    /// Switched on
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set)]
    pub enabled: Option<bool>,
}

/// Arguments of `SetConfig`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct SetConfig {
    /// Port of the box's page on the internet side
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
    /// User that may log in from outside
    #[arg(long, value_name = "NAME")]
    pub username: String,
    /// File with that user's password [default: it is asked for]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Switched on
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set, default_value_t = true)]
    pub enabled: bool,
}

fn mode(text: &str) -> Result<Mode, String> {
    Mode::parse(text).ok_or_else(|| "v4, v6, both or together was expected".to_owned())
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("on or off was expected".to_owned()),
    }
}
