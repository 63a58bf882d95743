//! TR-064 and IGD: what routers tell over SOAP.

pub mod client;
pub mod description;
pub mod scpd;
pub mod soap;
pub mod ssdp;
mod xml;
