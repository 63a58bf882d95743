//! Library errors → [`Fault`]: what matters is whether the request may have arrived.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use crate::rules::reply::Fault;

/// Longest text of a fault in characters: names from certificates come from outside.
const TEXT_LIMIT: usize = 300;

/// Sorts `error` by how far the request came. The URL, which may hold a secret, is left out.
pub(super) fn from_error(error: reqwest::Error) -> Fault {
    let error = error.without_url();
    let text = innermost(&error);
    if let Some(tls) = find_tls(&error).filter(|_| error.is_connect()) {
        return Fault::Tls { text: capped(&tls.to_string()), wrong_name: is_wrong_name(tls) };
    }
    if error.is_dns() {
        Fault::Lookup(text)
    } else if error.is_connect() {
        Fault::Connect(text)
    } else if error.is_builder() {
        Fault::Unsendable(text)
    } else {
        Fault::Ambiguous(text)
    }
}

fn is_wrong_name(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }))
}

/// The error and everything that caused it. An [`io::Error`] hides the error it wraps from `source`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| inner(*error))
}

fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

fn find_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>())
}

/// The words nearest to the cause: the outer ones only say that a request failed.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let text = causes(error).map(ToString::to_string).filter(|text| !text.is_empty()).last();
    capped(&text.unwrap_or_else(|| "unknown error".into()))
}

fn capped(text: &str) -> String {
    text.chars().take(TEXT_LIMIT).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
