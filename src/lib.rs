//! wanbeacon: keeps DNS names pointing home.
//!
//! The modules in the order in which data flows:
//!
//! | module | what it is |
//! |---|---|
//! | [`config`] | text → checked [`Settings`](config::Settings) |
//! | [`catalog`] | the providers that are built in |
//! | [`rules`] | PURE: every decision |

pub mod catalog;
pub mod config;
pub mod rules;
