//! TLS: who is trusted, and that nothing leaves towards anybody else.

use crate::support::fake::{Answer, Fake};
use crate::support::home::{Ended, Home, V4_NEW, custom, fixed};
use crate::support::tls::Authority;

struct Case {
    provider: Fake,
    home: Home,
    authority: Authority,
}

/// A provider at `localhost` with a certificate for `name` that ends with the year.
fn case(name: &str, last_year: i32) -> Case {
    let authority = Authority::new();
    let provider = Fake::start_tls(authority.server(name, last_year), Answer::good);
    let home = Home::new(&custom(&provider.named("https", "/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None)));
    authority.write_to(&home.path().join("ca.pem"));
    Case { provider, home, authority }
}

impl Case {
    /// With `ca_file`, relative to the configuration.
    fn trusting(self) -> Self {
        let config = custom(&self.provider.named("https", "/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None));
        self.home.configure(&format!("{config}ca_file = \"ca.pem\"\n"));
        self
    }

    #[track_caller]
    fn refuses(self, word: &str) -> Ended {
        let ended = self.home.once().with(75);
        assert!(ended.stderr.to_lowercase().contains(word), "{word:?} is missing in: {}", ended.stderr);
        assert!(self.provider.connections() > 0, "it was tried");
        assert_eq!(self.provider.count(), 0, "no request, and with it no login, was sent");
        ended
    }
}

#[test]
fn a_private_authority_is_trusted_by_ca_file() {
    let case = case("localhost", 4000).trusting();
    case.home.once().with(0);
    assert_eq!(case.provider.count(), 1);
}

#[test]
fn a_private_authority_is_trusted_by_the_environment() {
    let Case { provider, home, authority } = case("localhost", 4000);
    let file = home.path().join("other.pem");
    authority.write_to(&file);
    let home = home.with_variable("SSL_CERT_FILE", file.to_str().expect("a plain path"));
    home.once().with(0);
    assert_eq!(provider.count(), 1);
}

#[test]
fn an_unknown_authority_gets_nothing() {
    case("localhost", 4000).refuses("unknownissuer");
}

#[test]
fn an_expired_certificate_gets_nothing() {
    case("localhost", 2024).trusting().refuses("expired");
}

#[test]
fn a_certificate_for_another_name_gets_nothing() {
    case("other.test", 4000).trusting().refuses("another name");
}

#[test]
fn a_file_of_roots_that_cannot_be_used_is_named_before_anything_is_sent() {
    let case = case("localhost", 4000).trusting();
    std::fs::write(case.home.path().join("ca.pem"), "no certificate").expect("writable");
    let ended = case.home.once().with(78);
    assert!(ended.stderr.contains("ca_file") && ended.stderr.contains("ca.pem"), "{}", ended.stderr);
    assert_eq!(case.provider.connections(), 0);
}
