//! wanbeacon: keeps DNS names pointing home.
//!
//! The modules in the order in which data flows:
//!
//! | module | what it is |
//! |---|---|
//! | [`cli`] | the command line |
//! | [`config`] | text → checked [`Settings`](config::Settings) |
//! | [`catalog`] | the providers that are built in |
//! | [`rules`] | PURE: every decision |
//! | [`engine`] | PURE: the one mutable value; event in, actions out |
//! | [`daemon`] | composition root and event loop: the only file that knows every edge |
//! | [`detect`], [`tr064`] | outside: learn the addresses |
//! | [`resolve`] | outside: names → addresses, by the system's servers or the configured ones |
//! | [`http`] | outside: capped clients: time, size, redirects, one address family |
//! | [`update`] | outside: send one prepared request |
//! | [`verify`] | outside: ask the authoritative servers |
//! | [`store`] | outside: what is remembered; a journal that survives damage |
//! | [`control`] | outside: the local socket: status, unlock, update, plan, health |
//! | [`web`] | outside: what is served: the intake of pushed addresses, the TR-064 service, state and health |
//! | [`owner`] | outside: who owns what is made in the state folder |
//! | [`sandbox`] | outside: what the process gives up at its start |
//! | [`signals`], [`systemd`], [`log`] | outside: what the system tells us and what we tell it |
//!
//! Imports point one way: `main → cli → daemon → edges`, `daemon → engine → rules`, edges → types from `rules` and their
//! slice of the settings, `config → rules`. Edges do not import each other, except: `detect::echo`, `update`,
//! `tr064` → `http` (→ `resolve`), `verify`, `detect::stun` → `resolve`, `detect::router` → `tr064`, `resolve`, `web` → `tr064`,
//! `store`, `tr064`, `web` → `owner`.
//! `tests/architecture.rs` reads the imports and fails on a breach.

pub mod catalog;
pub mod cli;
pub mod config;
pub mod control;
pub mod daemon;
pub mod detect;
pub mod engine;
pub mod http;
pub mod log;
pub mod owner;
pub mod resolve;
pub mod rules;
pub mod sandbox;
pub mod signals;
pub mod store;
pub mod systemd;
pub mod tr064;
pub mod update;
pub mod verify;
pub mod web;
