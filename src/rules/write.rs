//! One change to the remembered state.

/// A key and its new value; the engine names changes, the store makes them durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Key, unique in the state: `record/SERVICE/DOMAIN/FAMILY`, `account/ID`, `echo/URL`, `line/NAME/FAMILY`.
    pub key: String,
    /// JSON text; `None` removes the key.
    pub value: Option<String>,
}
