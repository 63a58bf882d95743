//! The built program against loopback counterparts: what an operator, a script and a provider see of it.
//!
//! Nothing here leaves this machine. Tests that need root or namespaces say when they are skipped; the ones that take a
//! minute are ignored by default: `cargo test --test binary -- --ignored`.

mod absent;
mod commands;
mod daemon;
mod dns;
mod families;
mod faults;
mod hostile;
mod kernel;
mod kill;
mod lines;
mod once;
mod secrets;
mod served;
mod served_crowd;
mod served_logins;
mod served_off;
mod served_settings;
mod storage;
mod support;
mod trust;
