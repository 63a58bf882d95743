//! FRITZ!Boxes: the double that the other tests stand on, and what our clients make of good and bad ones.

mod double;

#[path = "fritzbox/dialogue.rs"]
mod dialogue;
#[path = "fritzbox/events.rs"]
mod events;
#[path = "fritzbox/itself.rs"]
mod itself;
#[path = "fritzbox/rig.rs"]
mod rig;
#[path = "fritzbox/router.rs"]
mod router;
#[path = "fritzbox/session.rs"]
mod session;
#[path = "fritzbox/stranger.rs"]
mod stranger;
