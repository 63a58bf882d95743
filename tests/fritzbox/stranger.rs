//! A client that shares no code with ours: reqwest, and the digest of another crate.

use std::sync::{Arc, Mutex};

use digest_auth::{AuthContext, HttpMethod, WwwAuthenticateHeader};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use sha2::{Digest as _, Sha256};

pub(crate) const IGD: (&str, &str) = ("/igdupnp/control/WANIPConn1", "urn:schemas-upnp-org:service:WANIPConnection:1");
pub(crate) const IGD_LINK: (&str, &str) = ("/igdupnp/control/WANCommonIFC1", "urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1");
pub(crate) const REMOTE: (&str, &str) = ("/upnp/control/x_remote", "urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1");
pub(crate) const AUTH: (&str, &str) = ("/upnp/control/x_auth", "urn:dslforum-org:service:X_AVM-DE_Auth:1");
pub(crate) const DEVICE: (&str, &str) = ("/upnp/control/deviceinfo", "urn:dslforum-org:service:DeviceInfo:1");
pub(crate) const USERS: (&str, &str) = ("/upnp/control/lanconfigsecurity", "urn:dslforum-org:service:LANConfigSecurity:1");
pub(crate) const PPP: (&str, &str) = ("/upnp/control/wanpppconn1", "urn:dslforum-org:service:WANPPPConnection:1");
pub(crate) const IP: (&str, &str) = ("/upnp/control/wanipconnection1", "urn:dslforum-org:service:WANIPConnection:1");
pub(crate) const FORWARDING: (&str, &str) = ("/upnp/control/layer3forwarding", "urn:dslforum-org:service:Layer3Forwarding:1");

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) challenge: String,
    pub(crate) body: String,
}

impl Got {
    /// The text of the first element with this name.
    pub(crate) fn value(&self, name: &str) -> &str {
        let after = self.body.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {self:?}")).1;
        after.split_once("</").expect("it ends").0
    }

    /// `UPnP`'s code in a fault.
    pub(crate) fn code(&self) -> u32 {
        assert_eq!(self.status, 500, "{self:?}");
        self.value("errorCode").parse().expect("a number")
    }
}

pub(crate) struct Stranger {
    client: reqwest::Client,
    seen: Arc<Seen>,
    base: String,
}

impl Stranger {
    pub(crate) fn new(base: &str) -> Self {
        let seen = Arc::new(Seen::default());
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&seen) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().pool_max_idle_per_host(0);
        Self { client: client.build().expect("a client"), seen, base: base.trim_end_matches('/').to_owned() }
    }

    /// SHA-256 of the certificate that was seen last.
    pub(crate) fn fingerprint(&self) -> String {
        self.seen.0.lock().expect("unpoisoned").clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        got(self.client.get(format!("{}{path}", self.base))).await
    }

    /// A call whose envelope has `header` in front of the body.
    pub(crate) async fn post(
        &self,
        (path, kind): (&str, &str),
        action: &str,
        arguments: &[(&str, &str)],
        header: &str,
        authorization: Option<&str>,
    ) -> Got {
        let inner: Vec<String> = arguments.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
        let body = format!(
            "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>{header}</s:Header>\
             <s:Body><u:{action} xmlns:u=\"{kind}\">{}</u:{action}></s:Body></s:Envelope>",
            inner.concat()
        );
        let request = self.client.post(format!("{}{path}", self.base)).header("SOAPAction", format!("{kind}#{action}")).body(body);
        got(match authorization {
            Some(field) => request.header("Authorization", field),
            None => request,
        })
        .await
    }

    pub(crate) async fn call(&self, service: (&str, &str), action: &str) -> Got {
        self.post(service, action, &[], "", None).await
    }
}

async fn got(request: reqwest::RequestBuilder) -> Got {
    let response = request.send().await.expect("an answer");
    let field = |name: &str| response.headers().get(name).map(|value| value.to_str().expect("ASCII").to_owned()).unwrap_or_default();
    let (status, kind, challenge) = (response.status().as_u16(), field("content-type"), field("www-authenticate"));
    Got { status, kind, challenge, body: response.text().await.expect("a body") }
}

/// Somebody who answers challenges.
pub(crate) struct Account<'a> {
    pub(crate) stranger: &'a Stranger,
    user: String,
    password: String,
    prompt: Option<WwwAuthenticateHeader>,
}

impl<'a> Account<'a> {
    pub(crate) fn new(stranger: &'a Stranger, user: &str, password: &str) -> Self {
        Self { stranger, user: user.into(), password: password.into(), prompt: None }
    }

    /// The next `Authorization` field for `path`; the count grows.
    pub(crate) fn field(&mut self, path: &str) -> Option<String> {
        let secrets = AuthContext::new_with_method(self.user.clone(), self.password.clone(), path, None::<&[u8]>, HttpMethod::POST);
        Some(self.prompt.as_mut()?.respond(&secrets).expect("an answer to the challenge").to_header_string())
    }

    /// Takes a challenge.
    pub(crate) fn challenged(&mut self, got: &Got) {
        self.prompt = Some(digest_auth::parse(&got.challenge).expect("a challenge"));
    }

    /// Calls; a challenge is answered once.
    pub(crate) async fn call(&mut self, service: (&str, &str), action: &str, arguments: &[(&str, &str)]) -> Got {
        self.call_with(service, action, arguments, "").await
    }

    pub(crate) async fn call_with(&mut self, service: (&str, &str), action: &str, arguments: &[(&str, &str)], header: &str) -> Got {
        let field = self.field(service.0);
        let got = self.stranger.post(service, action, arguments, header, field.as_deref()).await;
        if got.status != 401 {
            return got;
        }
        self.challenged(&got);
        let field = self.field(service.0);
        self.stranger.post(service, action, arguments, header, field.as_deref()).await
    }
}

/// Trusts every certificate and remembers it.
#[derive(Debug, Default)]
struct Seen(Mutex<String>);

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let pairs: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02x}")).collect();
        *self.0.lock().expect("unpoisoned") = pairs.concat();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
