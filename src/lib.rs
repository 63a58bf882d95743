//! wanbeacon: keeps DNS names pointing home.
//!
//! The modules in the order in which data flows:
//!
//! | module | what it is |
//! |---|---|
//! | [`config`] | text → checked [`Settings`](config::Settings) |
//! | [`catalog`] | the providers that are built in |
//! | [`rules`] | PURE: every decision |
//! | [`store`] | what is remembered: a journal that survives damage |
//! | [`control`] | the local socket: status, unlock, update, plan, health |
//! | [`signals`], [`systemd`], [`log`] | what the system tells us and what we tell it |
//! | [`cli`] | the command line |

pub mod catalog;
pub mod cli;
pub mod config;
pub mod control;
pub mod log;
pub mod rules;
pub mod signals;
pub mod store;
pub mod systemd;
