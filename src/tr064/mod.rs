//! TR-064 and IGD: what routers tell over SOAP, and by themselves.

pub mod client;
pub mod description;
pub mod events;
pub mod gena;
pub mod soap;
mod xml;
