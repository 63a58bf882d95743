//! The words that a client is answered with.

use crate::rules::push::Taken;

/// FreeDYN's fourteen codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The address is taken.
    Good,
    /// It was known. Also if the entry has another address by now that was pushed for another of its names: then that follows, and
    /// the request has no effect. An error would make clients try again, or stop for good.
    NoChg,
    /// No entry of this name has a use for what was pushed: nothing to do, and no error.
    NoRecord,
    /// The login is missing or wrong, its user lacks the right, or the page of another site asks.
    BadAuth,
    /// Not a name, or the name of no entry.
    NotFqdn,
    /// No name was given.
    NoHost,
    /// More than [`MOST_NAMES`](super::MOST_NAMES).
    NumHost,
    /// Locked at the provider.
    Abuse,
    /// Neither GET nor HEAD nor POST.
    BadAgent,
    /// An address that cannot be read, or that nobody publishes; none at all, also by `offline=YES`.
    DnsErr,
    /// An address that is not visible from outside: private, carrier NAT, loopback, link-local, unique local.
    DnsErrInt,
    /// The provider refuses this address.
    DnsErrLock,
    /// The daemon did not answer, or could not store the address; also a client that failed to log in too often.
    Fault,
    /// All names at once: they have to be listed.
    UpAllIsDeprecated,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 14] = [
        Self::Good,
        Self::NoChg,
        Self::NoRecord,
        Self::BadAuth,
        Self::NotFqdn,
        Self::NoHost,
        Self::NumHost,
        Self::Abuse,
        Self::BadAgent,
        Self::DnsErr,
        Self::DnsErrInt,
        Self::DnsErrLock,
        Self::Fault,
        Self::UpAllIsDeprecated,
    ];

    /// As the client reads it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::NoChg => "nochg",
            Self::NoRecord => "norecord",
            Self::BadAuth => "badauth",
            Self::NotFqdn => "notfqdn",
            Self::NoHost => "nohost",
            Self::NumHost => "numhost",
            Self::Abuse => "abuse",
            Self::BadAgent => "badagent",
            Self::DnsErr => "dnserr",
            Self::DnsErrInt => "dnserr_int",
            Self::DnsErrLock => "dnserr_lock",
            Self::Fault => "911",
            Self::UpAllIsDeprecated => "upallisdeprecated",
        }
    }

    /// What it means here, for the log.
    #[must_use]
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Good => "taken",
            Self::NoChg => "known already",
            Self::NoRecord => "no entry of this name has a use for it",
            Self::BadAuth => "the login is missing, wrong, or not enough",
            Self::NotFqdn => "not a name, or none that an entry has",
            Self::NoHost => "no name is given",
            Self::NumHost => "more than 20 names",
            Self::Abuse => "the name is locked at its provider",
            Self::BadAgent => "not with this method",
            Self::DnsErr => "no address that can be published",
            Self::DnsErrInt => "not an address that is visible from outside",
            Self::DnsErrLock => "the provider refuses this address",
            Self::Fault => "it could not be stored, or the daemon is busy",
            Self::UpAllIsDeprecated => "names have to be listed",
        }
    }

    /// The HTTP status that it comes with, where the cause is not one that has a status of its own. FRITZ!OS goes by it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Good | Self::NoChg | Self::NoRecord => 200,
            Self::BadAuth => 401,
            Self::Abuse => 403,
            Self::BadAgent => 405,
            Self::Fault => 500,
            Self::NotFqdn | Self::NoHost | Self::NumHost | Self::DnsErr | Self::DnsErrInt | Self::DnsErrLock | Self::UpAllIsDeprecated => {
                400
            }
        }
    }

    /// What a name is answered with.
    pub(super) const fn of(taken: &Taken) -> Self {
        match taken {
            Taken::Good(_) => Self::Good,
            Taken::Unchanged(_) => Self::NoChg,
            Taken::NoRecord => Self::NoRecord,
            Taken::Unknown => Self::NotFqdn,
            Taken::Locked => Self::Abuse,
            Taken::Refused(_) => Self::DnsErrLock,
        }
    }
}
