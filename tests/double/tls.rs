//! The box's certificate: its own, signed by nobody else.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use sha2::{Digest as _, Sha256};

use super::login::hex;

#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) config: Arc<ServerConfig>,
    /// SHA-256 of the certificate, lower-case hex.
    pub(crate) fingerprint: String,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["fritz.box".to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("signed").der().clone();
        let fingerprint = hex(&Sha256::digest(&certificate));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .expect("a key that fits");
        Self { config: Arc::new(config), fingerprint }
    }
}
