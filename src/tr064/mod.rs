//! TR-064 and IGD: what routers tell over SOAP.

pub mod client;
pub mod description;
pub mod soap;
mod xml;
