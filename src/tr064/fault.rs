//! Why a router gave no answer that can be used, and what helps.

use std::fmt;

use super::soap::SoapFault;
use crate::rules::reply::Fault;

/// Why a router gave no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// HTTP failed.
    Http(Fault),
    /// The device refused the action.
    Refused(SoapFault),
    /// The answer is not what the protocol says; in words.
    Malformed(String),
    /// This is not told on the way that is open to us; in words, with the remedy. It says nothing about the box.
    NotTold(String),
    /// An HTTP status that says no, for this path.
    Status {
        /// What was asked: a path.
        path: String,
        /// HTTP status code.
        status: u16,
    },
    /// The description is not there: the box does not let programs in.
    AccessOff,
    /// The box has no such service.
    Missing {
        /// The end of its type, such as `X_AVM-DE_RemoteAccess:1`.
        service: String,
    },
    /// A login is needed and none is configured.
    LoginMissing,
    /// The box does not accept the login. It is not tried again in this session: the box waits longer with each try.
    Unauthorized {
        /// The user that was tried.
        user: String,
    },
    /// HTTP 503: too many tries to log in.
    Throttled,
    /// The certificate is not the one of the box, or cannot be checked; nothing secret was sent. In words, with the remedy.
    Certificate(String),
    /// The second factor was not given; in words.
    Unconfirmed(String),
}

/// Right, in the words of the box's user interface.
const GIVE_RIGHT: &str = "give the user the right \"FRITZ!Box Settings\" (System > FRITZ!Box Users)";

impl CallError {
    /// What the operator can do, if something is known to help.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::Http(Fault::Lookup(_) | Fault::Connect(_)) => "check [fritzbox] address",
            Self::Http(Fault::Redirect { .. }) => "check [fritzbox] address: the box itself does not redirect",
            Self::Refused(fault) => return refusal(fault.code),
            Self::Status { path, .. } if path.starts_with("/igd") => {
                "switch on \"Transmit status information over UPnP\" (Home Network > Network > Network Settings)"
            }
            Self::Status { status: 404 | 405 | 501, .. } => "update FRITZ!OS: this firmware may be too old",
            Self::AccessOff => "switch on \"Allow access for applications\" (Home Network > Network > Network Settings)",
            Self::Missing { .. } => "update FRITZ!OS: this firmware may be too old, or the box runs as repeater",
            Self::LoginMissing => "set [fritzbox] username and password",
            Self::Unauthorized { .. } => "check [fritzbox] username and password against System > FRITZ!Box Users",
            Self::Throttled => "wait a few minutes, and check [fritzbox] username and password",
            Self::Unconfirmed(_) => "try again and confirm at the box within a minute",
            Self::Http(_) | Self::Malformed(_) | Self::NotTold(_) | Self::Status { .. } | Self::Certificate(_) => return None,
        })
    }
}

/// What helps against a refusal (`UPnP` Device Architecture 1.0, 3.2.2; TR-064; the vendor's own codes).
fn refusal(code: u32) -> Option<&'static str> {
    Some(match code {
        401 => "update FRITZ!OS: this firmware does not know the action",
        402 | 600 => "check the values: the box does not accept one of them",
        501 | 820 => "look into the box's event log, and check that user name and password are allowed there",
        // Only inside the answer to a login in the envelope.
        503 => "check [fritzbox] username and password",
        603 => "restart the box: it is out of memory",
        606 => GIVE_RIGHT,
        713 | 714 => "check the names: the box has no such entry",
        801 => "a value is too short",
        802 => "a value is too long",
        803 => "a value has a character that the box does not take",
        866 => "confirm the change at the box (a button, a telephone code, or an authenticator)",
        867 => "wait: the box blocks confirmations after failed ones",
        868 => "wait: another confirmation is under way",
        _ => return None,
    })
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(fault) => fault.fmt(f)?,
            Self::Refused(SoapFault { code, text }) => write!(f, "the box refuses ({code} {text:?})")?,
            Self::Malformed(why) | Self::NotTold(why) | Self::Certificate(why) => f.write_str(why)?,
            Self::Status { path, status } => write!(f, "the box answers {path:?} with HTTP {status}")?,
            Self::AccessOff => f.write_str("the box does not let programs in")?,
            Self::Missing { service } => write!(f, "the box has no service {service}")?,
            Self::LoginMissing => f.write_str("the box wants a login")?,
            Self::Unauthorized { user } => write!(f, "the box does not accept the login of {user:?}")?,
            Self::Throttled => f.write_str("the box refuses for now: there were too many failed logins")?,
            Self::Unconfirmed(why) => write!(f, "the change was not confirmed: {why}")?,
        }
        self.remedy().map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
    }
}

impl std::error::Error for CallError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u32) -> CallError {
        CallError::Refused(SoapFault { code, text: "words".into() })
    }

    #[test]
    fn every_known_refusal_is_one_sentence_with_a_remedy() {
        for code in [401, 402, 501, 503, 600, 603, 606, 713, 714, 801, 802, 803, 820, 866, 867, 868] {
            let text = refused(code).to_string();
            assert!(text.starts_with(&format!("the box refuses ({code} \"words\"); ")), "{text}");
            assert!(!text.contains('\n') && !text.ends_with('.'), "{text}");
        }
        assert_eq!(refused(999).to_string(), "the box refuses (999 \"words\")");
        assert!(refused(606).to_string().contains("FRITZ!Box Users"));
    }

    #[test]
    fn what_is_switched_off_in_the_box_is_named_by_its_words() {
        assert!(CallError::AccessOff.to_string().contains("Allow access for applications"));
        let status = CallError::Status { path: "/igddesc.xml".into(), status: 404 };
        assert!(status.to_string().contains("Transmit status information over UPnP"), "{status}");
    }

    #[test]
    fn a_wrong_login_names_the_user_as_a_quotation() {
        let text = CallError::Unauthorized { user: "a\nb".into() }.to_string();
        assert!(text.contains("\"a\\nb\""), "{text}");
    }
}
