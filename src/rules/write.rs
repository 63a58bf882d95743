//! One change to the remembered state.

/// Sets or removes one record. The decisions name it, the store performs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Name of the record.
    pub key: String,
    /// The record as JSON text; `None` removes it.
    pub value: Option<String>,
}

impl Write {
    /// Remembers `value`, a JSON text, under `key`.
    pub fn set(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: Some(value.into()) }
    }

    /// Forgets `key`.
    pub fn remove(key: impl Into<String>) -> Self {
        Self { key: key.into(), value: None }
    }
}
