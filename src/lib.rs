//! wanbeacon: keeps DNS names pointing home.
//!
//! The modules in the order in which data flows:
//!
//! | module | what it is |
//! |---|---|
//! | [`config`] | text → checked [`Settings`](config::Settings) |
//! | [`catalog`] | the providers that are built in |
//! | [`rules`] | PURE: every decision |
//! | [`resolve`] | names → addresses, by the system's servers or the configured ones |
//! | [`http`] | capped clients: time, size, redirects, one address family |
//! | [`tr064`] | what routers tell over SOAP |
//! | [`detect`] | asks one address source |
//! | [`update`] | sends one prepared request |
//! | [`verify`] | asks the authoritative servers |

pub mod catalog;
pub mod config;
pub mod detect;
pub mod http;
pub mod resolve;
pub mod rules;
pub mod tr064;
pub mod update;
pub mod verify;
