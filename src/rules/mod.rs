//! Decisions. PURE: no await, clock, randomness, environment, files, sockets or logging in here.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod address;
pub mod answer;
pub mod booking;
pub mod consensus;
pub mod dialect;
pub mod domain;
pub mod fingerprint;
pub mod intake;
pub mod moment;
pub mod moments;
pub mod order;
pub mod plan;
pub mod push;
pub mod reply;
pub mod rights;
pub mod schedule;
pub mod secret;
pub mod snapshot;
pub mod state;
pub mod status;
pub mod template;
pub mod timeline;
pub mod write;
