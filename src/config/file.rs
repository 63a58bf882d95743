//! The configuration as written: types and places, nothing judged yet.

use super::problem::{Place, Report};
use super::reader::{Key, Placed, Table, document};
use super::secret::RawSecret;
use super::web::RawWeb;

/// A text and where it stands.
pub(super) type Words = Key<Placed<String>>;

/// A list of texts, each with its place, and the place of the key.
pub(super) type Texts = Key<Placed<Vec<Placed<String>>>>;

/// The whole file.
#[derive(Debug)]
pub(super) struct RawFile {
    pub(super) version: Key<Placed<i64>>,
    pub(super) ddns: Vec<RawEntry>,
    pub(super) lines: RawLines,
    pub(super) fritzbox: RawFritzBox,
    pub(super) daemon: RawDaemon,
    pub(super) web: RawWeb,
}

/// One `[[ddns]]`.
#[derive(Debug)]
pub(super) struct RawEntry {
    pub(super) place: Place,
    pub(super) enabled: Key<Placed<bool>>,
    pub(super) provider: Words,
    pub(super) update_url: Key<RawUrl>,
    pub(super) domain: Texts,
    pub(super) username: Words,
    pub(super) password: Key<RawSecret>,
    pub(super) mode: Words,
    pub(super) missing_family: Words,
    pub(super) server_ipv4: Words,
    pub(super) server_ipv6: Words,
    pub(super) ipv6_host: Words,
    pub(super) wan: Words,
    pub(super) verify: Key<Placed<bool>>,
    pub(super) refresh: Words,
    pub(super) fritz_compat: Key<Placed<bool>>,
}

/// `update_url`, as a text or as a table.
#[derive(Debug)]
pub(super) struct RawUrl {
    pub(super) place: Place,
    pub(super) url: Words,
    pub(super) method: Words,
    pub(super) headers: Vec<(String, Placed<String>)>,
    pub(super) body: Words,
    pub(super) good: Texts,
    pub(super) nochg: Texts,
    pub(super) fail: Texts,
    pub(super) batch: Key<Placed<i64>>,
    pub(super) spacing: Words,
}

/// `[wan]` with everything in it.
#[derive(Debug)]
pub(super) struct RawLines {
    /// The keys of `[wan]` itself.
    pub(super) own: RawLine,
    /// `[wan.NAME]`, in the order of the file.
    pub(super) named: Vec<(String, RawLine)>,
}

/// One line: the keys of `[wan]` or of `[wan.NAME]`.
#[derive(Debug)]
pub(super) struct RawLine {
    pub(super) place: Place,
    pub(super) interface: Words,
    pub(super) ipv4: Texts,
    pub(super) ipv6: Texts,
}

/// `[fritzbox]`.
#[derive(Debug)]
pub(super) struct RawFritzBox {
    pub(super) place: Place,
    pub(super) address: Words,
    pub(super) username: Words,
    pub(super) password: Key<RawSecret>,
    pub(super) tls_fingerprint: Words,
}

/// `[daemon]`.
#[derive(Debug)]
pub(super) struct RawDaemon {
    pub(super) interval: Words,
    pub(super) settle: Words,
    pub(super) state_dir: Words,
    pub(super) ca_file: Words,
    pub(super) resolver: Texts,
    pub(super) user_agent: Words,
}

impl RawFile {
    /// Reads what can be read; everything else is in `report`.
    pub(super) fn read(report: &mut Report<'_>) -> Self {
        let document = document(report);
        let mut table = Table::new(Place::top(""), document.get_ref());
        let version = table.number("version", report);
        let entries = table.tables("ddns", report);
        let ddns = entries.into_iter().map(|entry| RawEntry::read(entry, report)).collect();
        let lines = table.table("wan", report).map_or_else(RawLines::absent, |wan| RawLines::read(wan, report));
        let fritzbox = table.table("fritzbox", report).map_or_else(RawFritzBox::absent, |table| RawFritzBox::read(table, report));
        let daemon = table.table("daemon", report).map_or_else(RawDaemon::absent, |table| RawDaemon::read(table, report));
        let web = table.table("web", report).map_or_else(RawWeb::absent, |table| RawWeb::read(table, report));
        table.later("notify", report);
        table.finish(report);
        Self { version, ddns, lines, fritzbox, daemon, web }
    }
}

impl RawEntry {
    /// An entry without any key.
    pub(super) const fn empty(place: Place) -> Self {
        Self {
            place,
            enabled: Key::Absent,
            provider: Key::Absent,
            update_url: Key::Absent,
            domain: Key::Absent,
            username: Key::Absent,
            password: Key::Absent,
            mode: Key::Absent,
            missing_family: Key::Absent,
            server_ipv4: Key::Absent,
            server_ipv6: Key::Absent,
            ipv6_host: Key::Absent,
            wan: Key::Absent,
            verify: Key::Absent,
            refresh: Key::Absent,
            fritz_compat: Key::Absent,
        }
    }

    fn read(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Self {
        let entry = Self {
            place: table.place.clone(),
            enabled: table.flag("enabled", report),
            provider: table.text("provider", report),
            update_url: table.text_or("update_url", report, RawUrl::plain, RawUrl::read),
            domain: table.texts("domain", report),
            username: table.text("username", report),
            password: table.text_or("password", report, RawSecret::plain, RawSecret::read),
            mode: table.text("mode", report),
            missing_family: table.text("missing_family", report),
            server_ipv4: table.text("server_ipv4", report),
            server_ipv6: table.text("server_ipv6", report),
            ipv6_host: table.text("ipv6_host", report),
            wan: table.text("wan", report),
            verify: table.flag("verify", report),
            refresh: table.span("refresh", report),
            fritz_compat: table.flag("fritz_compat", report),
        };
        table.finish(report);
        entry
    }
}

impl RawUrl {
    /// A URL without anything else.
    pub(super) fn plain(url: Placed<String>) -> Self {
        Self {
            place: url.place.clone(),
            url: Key::Given(url),
            method: Key::Absent,
            headers: Vec::new(),
            body: Key::Absent,
            good: Key::Absent,
            nochg: Key::Absent,
            fail: Key::Absent,
            batch: Key::Absent,
            spacing: Key::Absent,
        }
    }

    fn read(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Self {
        let url = Self {
            place: table.place.clone(),
            url: table.text("url", report),
            method: table.text("method", report),
            headers: table.table("headers", report).map_or_else(Vec::new, |mut headers| headers.rest(report)),
            body: table.text("body", report),
            good: table.texts("good", report),
            nochg: table.texts("nochg", report),
            fail: table.texts("fail", report),
            batch: table.number("batch", report),
            spacing: table.span("spacing", report),
        };
        table.finish(report);
        if url.url.is_absent() {
            report.missing(&url.place, "url", "write the address to call");
        }
        url
    }
}

impl RawLines {
    fn absent() -> Self {
        let place = Place::top("wan");
        Self { own: RawLine { place, interface: Key::Absent, ipv4: Key::Absent, ipv6: Key::Absent }, named: Vec::new() }
    }

    fn read(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Self {
        let own = RawLine::read(&mut table, report);
        let named = table.inner_tables().into_iter().map(|(name, mut table)| {
            let line = RawLine::read(&mut table, report);
            table.finish(report);
            (name, line)
        });
        let named = named.collect();
        table.finish(report);
        Self { own, named }
    }
}

impl RawLine {
    fn read(table: &mut Table<'_, '_>, report: &mut Report<'_>) -> Self {
        Self {
            place: table.place.clone(),
            interface: table.text("interface", report),
            ipv4: table.texts("ipv4", report),
            ipv6: table.texts("ipv6", report),
        }
    }
}

impl RawFritzBox {
    fn absent() -> Self {
        let place = Place::top("fritzbox");
        Self { place, address: Key::Absent, username: Key::Absent, password: Key::Absent, tls_fingerprint: Key::Absent }
    }

    fn read(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Self {
        let fritzbox = Self {
            place: table.place.clone(),
            address: table.text("address", report),
            username: table.text("username", report),
            password: table.text_or("password", report, RawSecret::plain, RawSecret::read),
            tls_fingerprint: table.text("tls_fingerprint", report),
        };
        table.finish(report);
        fritzbox
    }
}

impl RawDaemon {
    const fn absent() -> Self {
        Self {
            interval: Key::Absent,
            settle: Key::Absent,
            state_dir: Key::Absent,
            ca_file: Key::Absent,
            resolver: Key::Absent,
            user_agent: Key::Absent,
        }
    }

    fn read(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Self {
        let daemon = Self {
            interval: table.span("interval", report),
            settle: table.span("settle", report),
            state_dir: table.text("state_dir", report),
            ca_file: table.text("ca_file", report),
            resolver: table.texts("resolver", report),
            user_agent: table.text("user_agent", report),
        };
        table.finish(report);
        daemon
    }
}
