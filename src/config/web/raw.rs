//! `[web]` as written.

use crate::config::file::{Texts, Words};
use crate::config::problem::{Place, Report};
use crate::config::reader::{Key, Placed, Table};
use crate::config::secret::RawSecret;

/// `[web]` with everything in it.
#[derive(Debug)]
pub(in crate::config) struct RawWeb {
    pub(in crate::config) place: Place,
    pub(in crate::config) enabled: Key<Placed<bool>>,
    pub(in crate::config) listen: Words,
    pub(in crate::config) tls_listen: Words,
    pub(in crate::config) users: Vec<RawUser>,
    pub(in crate::config) dyndns: RawFace,
    pub(in crate::config) tr064: RawTr064,
}

/// One `[[web.user]]`.
#[derive(Debug)]
pub(in crate::config) struct RawUser {
    pub(in crate::config) place: Place,
    pub(in crate::config) name: Words,
    pub(in crate::config) password: Key<RawSecret>,
    pub(in crate::config) rights: Texts,
}

/// What every served thing can say.
#[derive(Debug)]
pub(in crate::config) struct RawFace {
    pub(in crate::config) enabled: Key<Placed<bool>>,
    pub(in crate::config) listen: Words,
    pub(in crate::config) tls_listen: Words,
}

/// `[web.tr064]`.
#[derive(Debug)]
pub(in crate::config) struct RawTr064 {
    pub(in crate::config) face: RawFace,
    pub(in crate::config) entry: Words,
    pub(in crate::config) digest: Words,
    pub(in crate::config) content_login: Key<Placed<bool>>,
    pub(in crate::config) strict_uri: Key<Placed<bool>>,
    pub(in crate::config) language: Words,
}

impl RawWeb {
    pub(in crate::config) fn absent() -> Self {
        Self {
            place: Place::top("web"),
            enabled: Key::Absent,
            listen: Key::Absent,
            tls_listen: Key::Absent,
            users: Vec::new(),
            dyndns: RawFace::absent(),
            tr064: RawTr064::absent(),
        }
    }

    pub(in crate::config) fn read(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Self {
        let users = table.tables("user", report);
        let web = Self {
            place: table.place.clone(),
            enabled: table.flag("enabled", report),
            listen: table.text("listen", report),
            tls_listen: table.text("tls_listen", report),
            users: users.into_iter().map(|user| RawUser::read(user, report)).collect(),
            dyndns: table.table("dyndns", report).map_or_else(RawFace::absent, |mut table| {
                let face = RawFace::read(&mut table, report);
                table.finish(report);
                face
            }),
            tr064: table.table("tr064", report).map_or_else(RawTr064::absent, |table| RawTr064::read(table, report)),
        };
        table.finish(report);
        web
    }
}

impl RawUser {
    fn read(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Self {
        let user = Self {
            place: table.place.clone(),
            name: table.text("name", report),
            password: table.text_or("password", report, RawSecret::plain, RawSecret::read),
            rights: table.texts("rights", report),
        };
        table.finish(report);
        user
    }
}

impl RawFace {
    const fn absent() -> Self {
        Self { enabled: Key::Absent, listen: Key::Absent, tls_listen: Key::Absent }
    }

    fn read(table: &mut Table<'_, '_>, report: &mut Report<'_>) -> Self {
        Self { enabled: table.flag("enabled", report), listen: table.text("listen", report), tls_listen: table.text("tls_listen", report) }
    }

    /// Switched on, and where that is said.
    pub(in crate::config) fn switched_on(&self) -> Option<&Place> {
        self.enabled.given().filter(|flag| flag.value).map(|flag| &flag.place)
    }
}

impl RawTr064 {
    fn absent() -> Self {
        Self {
            face: RawFace::absent(),
            entry: Key::Absent,
            digest: Key::Absent,
            content_login: Key::Absent,
            strict_uri: Key::Absent,
            language: Key::Absent,
        }
    }

    fn read(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Self {
        let tr064 = Self {
            face: RawFace::read(&mut table, report),
            entry: table.text("entry", report),
            digest: table.text("digest", report),
            content_login: table.flag("content_login", report),
            strict_uri: table.flag("strict_uri", report),
            language: table.text("language", report),
        };
        table.finish(report);
        tr064
    }
}
