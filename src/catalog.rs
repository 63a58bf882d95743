//! The providers that are built in, embedded from `catalog/*.toml`.

use std::sync::Arc;

use crate::rules::dialect::Dialect;

/// The provider with this catalogue name.
#[must_use]
pub fn find(_name: &str) -> Option<Arc<Dialect>> {
    None
}

/// Every provider, by name.
#[must_use]
pub fn all() -> &'static [Arc<Dialect>] {
    &[]
}

/// The dialect of a user-defined URL: the pessimistic union (`dyndns2.md` 3.4).
#[must_use]
pub fn custom() -> Arc<Dialect> {
    find("dyndns2").expect("the generic dialect is part of the catalogue")
}
