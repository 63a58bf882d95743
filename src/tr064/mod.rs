//! TR-064 and IGD: what routers tell over SOAP, and by themselves.

pub mod attempts;
pub mod client;
pub mod content;
pub mod description;
pub mod digest;
pub mod events;
pub mod fault;
pub mod gena;
mod keep;
mod login;
pub mod remote_access;
pub mod scpd;
pub mod served;
pub mod session;
pub mod soap;
pub mod ssdp;
pub mod trust;
mod xml;
