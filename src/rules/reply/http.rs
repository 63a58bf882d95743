//! What the transport and the HTTP status say when no word of the dialect does.

use std::time::{Duration, UNIX_EPOCH};

use super::super::dialect::{Class, Escalation};
use super::super::moment::{Moment, millis};
use super::wait;
use super::{Fault, Reply, Verdict, display};

/// The verdict on a request that brought no reply.
pub(super) fn by_fault(fault: &Fault, other_endpoint: bool) -> Verdict {
    match fault {
        Fault::Lookup(text) => {
            Verdict::new(Class::NetworkError, "lookup").with_hint(format!("failed to look up the provider's name: {}", display::line(text)))
        }
        Fault::Connect(text) => {
            let class = if other_endpoint { Class::TryOtherEndpoint } else { Class::NetworkError };
            Verdict::new(class, "connect").with_hint(format!("failed to connect to the provider: {}", display::line(text)))
        }
        Fault::Tls { text, wrong_name: true } => Verdict {
            portal: true,
            ..Verdict::new(Class::NetworkError, "tls-name").with_wait(wait::LOCAL_NETWORK).with_hint(format!(
                "the certificate is for another name, so somebody else answers for the provider; nothing was sent: {}",
                display::line(text)
            ))
        },
        Fault::Tls { text, wrong_name: false } => Verdict::new(Class::NetworkError, "tls").with_wait(wait::TLS).with_hint(format!(
            "the provider's certificate was refused and nothing was sent; check it and this machine's clock: {}",
            display::line(text)
        )),
        Fault::Redirect { to, other_host } => Verdict {
            portal: *other_host,
            ..Verdict::new(Class::ProtocolError, "redirect").with_hint(format!(
                "a redirect to {:?} was not followed; if the endpoint has moved, write its new address in the configuration",
                display::line(to)
            ))
        },
        Fault::Ambiguous(text) => Verdict::new(Class::Ambiguous, "no-answer")
            .with_hint(format!("could not confirm the update, the answer is missing or broken: {}", display::line(text))),
        Fault::Unsendable(text) => Verdict::new(Class::BlockedConfig, "unsendable")
            .with_hint(format!("the request cannot be built from the configuration: {}", display::line(text))),
    }
}

/// The verdict on a status that the dialect gives no meaning and whose body holds no word; `hosts` is how many
/// names were asked for.
pub(super) fn by_status(status: u16, hosts: usize) -> Verdict {
    let of = |class| Verdict::new(class, &code(status));
    match status {
        401 => of(Class::RetryLater)
            .with_wait(wait::REFUSED_STATUS)
            .escalating(Class::BlockedAccount, Duration::ZERO, true)
            .with_hint("the login was refused; check user name and password"),
        402 => of(Class::BlockedAccount).with_hint("the provider wants to be paid"),
        403 => of(Class::RetryLater)
            .with_wait(wait::REFUSED_STATUS)
            .escalating(Class::BlockedAccount, wait::FORBIDDEN_SPAN, false)
            .with_hint("the request was refused: a firewall at the provider, or the account"),
        405 => of(Class::BlockedConfig).with_hint("the endpoint does not take this HTTP method; check the update URL"),
        407 => of(Class::NetworkError).with_wait(wait::LOCAL_NETWORK).with_hint("a proxy on the way wants a login"),
        408 | 421 | 425 => of(Class::Ambiguous),
        409..=412 | 422 | 452..=457 => {
            of(Class::BlockedConfig).with_hint("the provider refuses this request; check the update URL and the names")
        }
        413 | 414 | 431 if hosts > 1 => of(Class::SplitBatch),
        413 | 414 | 431 => of(Class::BlockedConfig).with_hint("the request is too long for the provider; check the update URL"),
        429 => of(Class::RateLimited),
        451 => of(Class::BlockedAccount).with_hint("the provider refuses its service for legal reasons"),
        // 400 and 404; any other status about the request is treated like them.
        400..=499 => of(Class::RetryLater)
            .with_wait(wait::DOUBTFUL_STATUS)
            .escalating(Class::BlockedConfig, Duration::ZERO, false)
            .with_hint("the provider does not know what is asked; check the update URL"),
        511 => {
            Verdict { portal: true, ..of(Class::NetworkError).with_wait(wait::LOCAL_NETWORK).with_hint("the network wants a login first") }
        }
        500..=599 => of(Class::RetryLater),
        _ => of(Class::ProtocolError).with_hint("the HTTP status does not belong to this protocol"),
    }
}

/// A success word beside a status that is none: believed neither way.
pub(super) fn contradiction(said: &Verdict, status: u16) -> Verdict {
    Verdict {
        line: said.line.clone(),
        ..Verdict::new(Class::ProtocolError, "contradiction")
            .with_hint(format!("the provider said {:?} with HTTP status {status}; a success has status 2xx", said.code))
    }
}

/// The code of a status: `http404`.
pub(super) fn code(status: u16) -> String {
    format!("http{status}")
}

/// The wait that the Retry-After field names, in seconds or as a date (RFC 9110, 10.2.3); nonsense and dates that
/// are over count as absent. Of several the longest.
pub(super) fn retry_after(reply: &Reply, now: Moment) -> Option<Duration> {
    let fields = reply.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
    fields.filter_map(|(_, value)| read_retry_after(value.trim(), now)).max()
}

fn read_retry_after(value: &str, now: Moment) -> Option<Duration> {
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // Too many digits for the type are still a number, and the cap cuts it.
        return Some(value.parse().map_or(wait::GIVEN_CAP, Duration::from_secs));
    }
    let since_epoch = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let span = Moment(millis(since_epoch)).since(now);
    (!span.is_zero()).then_some(span)
}

impl Verdict {
    /// The second one in a row, `at_least` after the first, becomes `to`.
    fn escalating(self, to: Class, at_least: Duration, at_once_if_never_worked: bool) -> Self {
        let escalation = Escalation { count: 2, at_least, within: Duration::ZERO, to, at_once_if_never_worked };
        Self { escalate: Some(escalation), ..self }
    }
}
