//! Which certificates are trusted: the compiled-in roots and the operator's own.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// A TLS client that trusts Mozilla's roots and the PEM `files` (each with the key that names it in messages).
pub(super) fn config(files: &[(&str, &Path)]) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for (key, file) in files {
        add(&mut roots, file).map_err(|why| {
            let file = file.to_string_lossy();
            format!("{key} {file:?} cannot be used: {why}; a readable file with certificates in PEM form was expected")
        })?;
    }
    Ok(http1(builder().with_root_certificates(roots).with_no_client_auth()))
}

/// A TLS client that trusts what `verifier` accepts.
pub(super) fn trusting(verifier: Arc<dyn ServerCertVerifier>) -> ClientConfig {
    http1(builder().dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn builder() -> ConfigBuilder<ClientConfig, WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("ring has what both versions of TLS need")
}

fn http1(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// A bundle may hold certificates that are of no use as a root (too old a form); one that fits is enough.
fn add(roots: &mut RootCertStore, file: &Path) -> Result<(), String> {
    let found = CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())?;
    let found: Vec<CertificateDer<'static>> = found.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    match roots.add_parsable_certificates(found) {
        (0, _) => Err("it holds no usable certificate".into()),
        _ => Ok(()),
    }
}
