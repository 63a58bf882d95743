//! The certificate of the served TLS: signed by itself, made once and kept, so that clients that pin it stay content.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};

use crate::owner;
use crate::rules::fingerprint::Fingerprint;

/// The certificate in the state folder; a chain, if the operator puts one there.
const CERTIFICATE: &str = "web_certificate.pem";

/// Its key.
const KEY: &str = "web_key.pem";

/// Most damaged pairs that are kept.
const KEPT: u32 = 9;

/// Ready to serve TLS.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) tls: Arc<ServerConfig>,
    shown: Arc<Shown>,
}

impl Identity {
    fn new(pair: CertifiedKey) -> Self {
        let shown = Arc::new(Shown(RwLock::new(Arc::new(pair))));
        let mut tls = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has what both versions of TLS need")
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Shown>::clone(&shown));
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { tls: Arc::new(tls), shown }
    }

    /// Of the certificate that is shown now.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        certificate_fingerprint(&self.shown.now().cert[0])
    }

    /// Shows the certificate that is in `folder` now, from the next handshake on. Says whether it is another one.
    ///
    /// # Errors
    ///
    /// What is there cannot be used; the one so far stays, and the files are left alone.
    pub(super) fn refresh(&self, folder: &Path) -> Result<bool, String> {
        match load(folder) {
            Ok(Some(found)) if found.cert != self.shown.now().cert => {
                *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(found);
                Ok(true)
            }
            Ok(_) => Ok(false),
            Err(Fault::Unreadable(why) | Fault::Damaged(why)) => Err(why),
        }
    }
}

/// What clients are shown.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl Shown {
    fn now(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now())
    }
}

/// Certificate and key, as text.
struct Pair {
    certificate: String,
    key: String,
}

/// The fingerprint of a certificate, as `openssl x509 -fingerprint -sha256` has it.
#[must_use]
fn certificate_fingerprint(certificate: &CertificateDer<'_>) -> Fingerprint {
    Fingerprint(Sha256::digest(certificate).into())
}

/// The certificate of `folder`, made if there is none; for `addresses` among others. Without a folder it lives as long as
/// this process.
///
/// # Errors
///
/// None could be made. A folder that cannot be read or written is a warning in the log.
pub(super) fn identity(folder: Option<&Path>, addresses: &[IpAddr]) -> Result<Identity, String> {
    if let Some(folder) = folder {
        match load(folder) {
            Ok(Some(pair)) => return Ok(Identity::new(pair)),
            Ok(None) => {}
            Err(Fault::Unreadable(why)) => {
                tracing::warn!("{why}; a certificate that lives as long as this process is used instead");
                return made(addresses).map(|(_, pair)| Identity::new(pair));
            }
            Err(Fault::Damaged(why)) => match set_aside(folder) {
                Ok(kept) => tracing::warn!("{why}; it was kept as {kept}, and a new one is made: clients that pin it have to be told"),
                Err(error) => tracing::warn!("{why}, and it could not be renamed: {error}; a new one is made"),
            },
        }
    }
    let (text, pair) = made(addresses)?;
    if let Some(folder) = folder
        && let Err(error) = keep(folder, &text)
    {
        let shown = folder.display();
        tracing::warn!("could not keep the certificate of the web listener in {shown}: {error}; the next start makes another one");
    }
    Ok(Identity::new(pair))
}

enum Fault {
    /// It is not ours to replace.
    Unreadable(String),
    Damaged(String),
}

fn load(folder: &Path) -> Result<Option<CertifiedKey>, Fault> {
    let read = |name: &str| {
        let path = folder.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Fault::Unreadable(format!("failed to read {}: {error}", path.display()))),
        }
    };
    let shown = folder.join(CERTIFICATE);
    let shown = shown.display();
    match (read(CERTIFICATE)?, read(KEY)?) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            let used = used(&certificate, &key).map_err(|why| Fault::Damaged(format!("{shown} and its key cannot be used: {why}")))?;
            Ok(Some(used))
        }
        (Some(_), None) => Err(Fault::Damaged(format!("{shown} has no key {KEY:?} beside it"))),
        (None, Some(_)) => Err(Fault::Damaged(format!("{shown} is missing beside its key"))),
    }
}

fn used(certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, String> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    if chain.is_empty() {
        return Err("there is no certificate in it".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| format!("the key: {error}"))?;
    CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider()).map_err(|error| error.to_string())
}

fn made(addresses: &[IpAddr]) -> Result<(Pair, CertifiedKey), String> {
    let wrong = |error: rcgen::Error| format!("could not make a certificate for the web listener: {error}");
    let concrete = addresses.iter().filter(|address| !address.is_unspecified()).map(IpAddr::to_string);
    let mut names: Vec<String> = ["localhost".to_owned()].into_iter().chain(host_name()).chain(concrete).collect();
    names.dedup();
    let mut params = CertificateParams::new(names).map_err(wrong)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "wanbeacon");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // From 1975 to 4096, as the library has it: routers without a clock live in 1970, and renewing would break what is pinned.
    let key = KeyPair::generate().map_err(wrong)?;
    let certificate = params.self_signed(&key).map_err(wrong)?;
    let text = Pair { certificate: certificate.pem(), key: key.serialize_pem() };
    let pair = used(text.certificate.as_bytes(), text.key.as_bytes())?;
    Ok((text, pair))
}

/// The machine's name, if it can stand in a certificate.
fn host_name() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = text.trim();
    let fits = !name.is_empty() && name.len() <= 253 && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'.');
    (fits && name != "localhost").then(|| name.to_owned())
}

/// The key first: a certificate without a key would look damaged, and so would a key alone, but neither fools anybody.
fn keep(folder: &Path, pair: &Pair) -> io::Result<()> {
    write(folder, KEY, &pair.key)?;
    write(folder, CERTIFICATE, &pair.certificate)?;
    fs::File::open(folder)?.sync_all()
}

/// Under another name first: whoever looks sees a whole file or none.
fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let fresh = folder.join(format!("{name}.new"));
    let _ = fs::remove_file(&fresh);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    owner::inherit(&file, &folder.join(name));
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, folder.join(name))
}

/// Renames what is there of the pair, under a number that is free for both.
fn set_aside(folder: &Path) -> io::Result<String> {
    let aside = |name: &str, number: u32| -> PathBuf { folder.join(format!("{name}.damaged-{number}")) };
    let is_free = |number: &u32| [CERTIFICATE, KEY].iter().all(|name| fs::symlink_metadata(aside(name, *number)).is_err());
    let number = (1..KEPT).find(is_free).unwrap_or(KEPT);
    for name in [CERTIFICATE, KEY] {
        match fs::rename(folder.join(name), aside(name, number)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(aside(CERTIFICATE, number).display().to_string())
}

#[cfg(test)]
mod tests;
