//! A provider as data: request shape, reply words, limits, what happens to the other family.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

mod read;
mod span;

/// What a reply, a fault or a decision amounts to (`docs/behaviour.md`, "How a reply is read").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// The provider stored our address.
    Updated,
    /// The provider already had it.
    Unchanged,
    /// The family is not set up for this name: muted, healthy.
    NotApplicable,
    /// The provider says it deleted the record.
    Removed,
    /// Success was reported with another public address, or DNS disagrees for good.
    Mismatch,
    /// A temporary fault of the provider.
    RetryLater,
    /// The provider asks for a slower pace.
    RateLimited,
    /// The reply cannot be mapped to the names of the batch, or one bad name spoils the rest.
    SplitBatch,
    /// The connection to one endpoint failed before anything was sent; its sibling may be asked.
    TryOtherEndpoint,
    /// The name is refused.
    BlockedHost,
    /// The login or account is refused.
    BlockedAccount,
    /// Our program is refused.
    BlockedClient,
    /// The request is malformed by configuration.
    BlockedConfig,
    /// This address value is refused.
    BlockedAddress,
    /// The reply is not from this protocol.
    ProtocolError,
    /// The request went out and no usable answer came.
    Ambiguous,
    /// Nothing was sent.
    NetworkError,
    /// No publishable address.
    DetectionFailed,
    /// Nothing to do.
    NoAction,
}

impl Class {
    /// Does it count as published?
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Updated | Self::Unchanged)
    }

    /// Does it lock until somebody acts?
    #[must_use]
    pub const fn is_lock(self) -> bool {
        matches!(self, Self::BlockedHost | Self::BlockedAccount | Self::BlockedClient | Self::BlockedConfig)
    }
}

/// How far a refusal reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One name and one family.
    Family,
    /// One name, both families.
    Domain,
    /// Every name of the entry.
    Entry,
    /// Every name of the account.
    Account,
}

/// A repeated code ends otherwise than a first one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// At this many in a row …
    pub count: u32,
    /// … with at least this long between the first and the last …
    #[serde(default, with = "span")]
    pub at_least: Duration,
    /// … and, if not zero, all within this long …
    #[serde(default, with = "span")]
    pub within: Duration,
    /// … it becomes this class.
    pub to: Class,
    /// With settings that never worked it becomes so at once.
    #[serde(default)]
    pub at_once_if_never_worked: bool,
}

/// What one reply word or one HTTP status means at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    /// Its class.
    pub class: Class,
    /// How far it reaches; by default what the class implies.
    #[serde(default)]
    pub scope: Option<Scope>,
    /// First wait; by default what the class implies. Doubles per failure in a row up to `wait_cap`.
    #[serde(default, with = "span::optional")]
    pub wait: Option<Duration>,
    /// Longest wait.
    #[serde(default, with = "span::optional")]
    pub wait_cap: Option<Duration>,
    /// A blocked address may be offered again after this long.
    #[serde(default, with = "span::optional")]
    pub probe: Option<Duration>,
    /// What a repetition becomes.
    #[serde(default)]
    pub escalate: Option<Escalation>,
    /// One sentence for the operator: what it means here and what to do.
    #[serde(default)]
    pub hint: Option<String>,
}

/// What a request that carries one family does to the record of the other (`docs/behaviour.md`, "Both families").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sibling {
    /// It is kept.
    Keep,
    /// It is kept because the request says so with a word of the provider's.
    KeepWith,
    /// It is filled with the address of the connection.
    Detect,
    /// It is deleted.
    Delete,
    /// It is set to a wrong value.
    Poison,
    /// Nobody wrote it down.
    #[default]
    Unknown,
}

impl Sibling {
    /// May one family be sent alone while the other one exists but is missing?
    #[must_use]
    pub const fn allows_single(self) -> bool {
        matches!(self, Self::Keep | Self::KeepWith)
    }
}

/// How a body is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// Plain lines, one per name: dyndns2.
    #[default]
    Lines,
    /// The whole body is one result, judged by its first line.
    Block,
    /// HTML or XML: tags are removed, then words at line start. In a tag with a `CODE` attribute its value is the
    /// word, and `PARAM`, if it is there, a wait in seconds (Zoneedit).
    Markup,
    /// JSON is accepted; the value of this field is the word.
    Json(String),
    /// This response header holds the word; the body is the fallback.
    Header(String),
    /// User-defined patterns anywhere at a line start: failure beats success beats unchanged.
    Patterns,
}

/// A provider. Lives as `catalog/NAME.toml`; see `catalog/README.md` for the format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialect {
    /// Catalogue name: lower case, as written in `provider = "…"`.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Where the facts come from.
    pub source: Vec<String>,
    /// Home page or panel, for `GetDDNSProviders`' InfoURL.
    #[serde(default)]
    pub info_url: String,
    /// What `username` and `password` are here, in a sentence.
    #[serde(default)]
    pub credentials: String,
    /// URLs and limits.
    pub request: RequestShape,
    /// Effect on the other family.
    #[serde(default)]
    pub sibling: Sibling,
    /// How a reply is read.
    #[serde(default)]
    pub reply: ReplyShape,
    /// Reply words in lower case, compared whole; a key with blanks, or one that ends with `|`, is a phrase at line
    /// start. The catalogue adds the words of the generic dyndns2 table that are missing, unless `reply.own_words_only`.
    #[serde(default)]
    pub words: BTreeMap<String, Meaning>,
    /// HTTP statuses with a meaning of their own here (three digits).
    #[serde(default)]
    pub status: BTreeMap<String, Meaning>,
    /// Re-send an unchanged address after this long; `None` = never.
    #[serde(default, with = "span::optional")]
    pub refresh: Option<Duration>,
    /// Can DNS show what was sent? False behind proxying providers.
    #[serde(default = "yes")]
    pub verify: bool,
}

/// How a provider is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestShape {
    /// URL template for IPv4 alone.
    #[serde(default)]
    pub v4: Option<String>,
    /// URL template for IPv6 alone.
    #[serde(default)]
    pub v6: Option<String>,
    /// URL template for both.
    #[serde(default)]
    pub together: Option<String>,
    /// If one of the hosts of `v4` and `v6` cannot be reached, the other one takes the same explicit address.
    #[serde(default)]
    pub sibling_endpoint: bool,
    /// Most names in one request.
    #[serde(default = "one")]
    pub batch: usize,
    /// Least time between two requests of one account.
    #[serde(default, with = "span")]
    pub spacing: Duration,
    /// Least time between two updates of one name and family, where the provider wants more than the usual minute.
    #[serde(default, with = "span")]
    pub rest: Duration,
    /// Send the LAN prefix as a bare network address, without its length (FreeDYN's `ipv6praefx`).
    #[serde(default)]
    pub prefix_without_length: bool,
    /// Remove this suffix from names before they are sent (DuckDNS: `.duckdns.org`).
    #[serde(default)]
    pub strip_suffix: Option<String>,
}

/// How a provider answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyShape {
    /// How the body is read.
    #[serde(default)]
    pub style: Style,
    /// One success line is final for every name of the batch (deSEC).
    #[serde(default)]
    pub atomic: bool,
    /// Lines name their hosts (rule M9).
    #[serde(default)]
    pub names_hosts: bool,
    /// Use `words` alone, without the generic table.
    #[serde(default)]
    pub own_words_only: bool,
}

const fn one() -> usize {
    1
}

const fn yes() -> bool {
    true
}
