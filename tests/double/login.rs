//! Who may call what: digest (RFC 7616), the login inside the SOAP header, and rights.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use md5::Md5;
use quick_xml::escape::escape;
use sha2::{Digest as _, Sha256};

use super::services::Service;
use super::soap::Call;
use super::wire::{Answer, Request};

pub(crate) const REALM: &str = "HTTPS Access";
pub(crate) const CONTENT_REALM: &str = "F!Box SOAP-Auth";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    Config,
    App,
    Phone,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) rights: Vec<Right>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// The accounts and what is known of those who log in.
#[derive(Debug)]
pub(crate) struct Login {
    /// The first is the one who logged in last.
    pub(crate) users: Vec<User>,
    pub(crate) algorithm: Algorithm,
    /// Is digest offered? Boxes always do.
    pub(crate) digest: bool,
    /// Is the login inside the SOAP header understood?
    pub(crate) content_level: bool,
    /// A nonce is stale once it was used so often.
    pub(crate) lasts: u32,
    /// After so many wrong logins nobody is let in: HTTP 503.
    pub(crate) patience: u32,
    wrong: u32,
    /// Last count and number of uses.
    nonces: BTreeMap<String, (u64, u32)>,
    content_nonce: String,
    drawn: u64,
}

/// What a call may do, and what is added to the SOAP header of its answer.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) rights: Vec<Right>,
    pub(crate) header: String,
}

impl Login {
    pub(crate) fn new() -> Self {
        let user =
            |name: &str, password: &str, rights: &[Right]| User { name: name.into(), password: password.into(), rights: rights.into() };
        Self {
            users: vec![user("admin", "gurkensalat", &[Right::Config, Right::App]), user("guest", "besuch", &[Right::Phone])],
            algorithm: Algorithm::Md5,
            digest: true,
            content_level: true,
            lasts: u32::MAX,
            patience: u32::MAX,
            wrong: 0,
            nonces: BTreeMap::new(),
            content_nonce: String::new(),
            drawn: 0,
        }
    }

    /// Every nonce that was handed out is stale from now on.
    pub(crate) fn forget_nonces(&mut self) {
        self.nonces.clear();
    }

    /// Wrong logins so far.
    pub(crate) fn wrong(&self) -> u32 {
        self.wrong
    }

    fn draw(&mut self) -> String {
        self.drawn += 1;
        hex(&Sha256::digest(format!("nonce {}", self.drawn))[..8]).to_uppercase()
    }

    /// HTTP 401 with a new nonce.
    pub(crate) fn challenge(&mut self, stale: bool) -> Answer {
        if !self.digest {
            return Answer::page(401);
        }
        let nonce = self.draw();
        self.nonces.insert(nonce.clone(), (0, 0));
        let stale = if stale { ",stale=true" } else { "" };
        let algorithm = self.algorithm.name();
        // Without blanks: one known client splits at commas and does not trim.
        let field = format!("Digest realm=\"{REALM}\",nonce=\"{nonce}\",algorithm={algorithm},qop=\"auth\"{stale}");
        Answer::page(401).with("WWW-Authenticate", field)
    }

    /// Lets a call in, or says what is answered instead.
    pub(crate) fn admit(&mut self, request: &Request, kind: &str, call: &Call) -> Result<Admitted, Answer> {
        if self.wrong >= self.patience {
            return Err(Answer::page(503));
        }
        let header = ["InitChallenge", "ClientAuth"].into_iter().find_map(|name| call.header.child(name));
        if let Some(element) = header.filter(|_| self.content_level) {
            let user = element.field("UserID");
            let Some(rights) = self.check_content(&user, &element.field("Nonce"), &element.field("Auth")) else {
                self.wrong += u32::from(element.name == "ClientAuth");
                return Err(super::soap::login_first(kind, &self.content_header("Challenge", "Unauthenticated")));
            };
            return Ok(Admitted { rights, header: self.content_header("NextChallenge", "Authenticated") });
        }
        let Some(field) = request.field("authorization") else {
            return Err(self.challenge(false));
        };
        self.check_digest(&request.method, field)
    }

    fn check_digest(&mut self, method: &str, field: &str) -> Result<Admitted, Answer> {
        let given = parameters(field);
        let get = |name: &str| given.get(name).map_or("", String::as_str);
        let hash = |text: String| self.algorithm.hash(&text);
        let user = self.users.iter().find(|user| user.name == get("username") && get("realm") == REALM);
        let right = user.filter(|user| {
            let secret = hash(format!("{}:{REALM}:{}", user.name, user.password));
            let asked = hash(format!("{method}:{}", get("uri")));
            let wanted = hash(format!("{secret}:{}:{}:{}:auth:{asked}", get("nonce"), get("nc"), get("cnonce")));
            get("qop") == "auth" && get("response") == wanted
        });
        let Some(rights) = right.map(|user| user.rights.clone()) else {
            self.wrong += 1;
            return Err(self.challenge(false));
        };
        let lasts = self.lasts;
        let count = u64::from_str_radix(get("nc"), 16).unwrap_or(0);
        match self.nonces.get_mut(get("nonce")) {
            // The count has to grow: whoever repeats one may have overheard it.
            Some((last, spent)) if count > *last && *spent < lasts => {
                *last = count;
                *spent += 1;
                Ok(Admitted { rights, header: String::new() })
            }
            _ => Err(self.challenge(true)),
        }
    }

    fn check_content(&self, name: &str, nonce: &str, auth: &str) -> Option<Vec<Right>> {
        let user = self.users.iter().find(|user| user.name == name)?;
        let fits = !nonce.is_empty() && nonce == self.content_nonce && auth == content_auth(name, &user.password, nonce);
        fits.then(|| user.rights.clone())
    }

    fn content_header(&mut self, name: &str, status: &str) -> String {
        self.content_nonce = self.draw();
        format!(
            "<h:{name} xmlns:h=\"http://soap-authentication.org/digest/2001/10/\" s:mustUnderstand=\"1\">\n<Status>{status}</Status>\n\
             <Nonce>{}</Nonce>\n<Realm>{CONTENT_REALM}</Realm>\n</h:{name}>\n",
            self.content_nonce
        )
    }

    /// The names of the accounts, as a text that is itself XML.
    pub(crate) fn list(&self) -> String {
        let names = self.users.iter().enumerate().map(|(at, user)| {
            let last = u8::from(at == 0);
            format!("<Username last_user=\"{last}\">{}</Username>", escape(user.name.as_str()))
        });
        format!("<List>{}</List>", names.collect::<String>())
    }
}

/// The proof of the login inside the SOAP header.
pub(crate) fn content_auth(user: &str, password: &str, nonce: &str) -> String {
    let secret = hex(&Md5::digest(format!("{user}:{CONTENT_REALM}:{password}")));
    hex(&Md5::digest(format!("{secret}:{nonce}")))
}

/// The parameters of an `Authorization` field; commas and blanks may be inside quotes.
fn parameters(field: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = field.strip_prefix("Digest").unwrap_or_default();
    while let Some((name, value)) = rest.trim_start_matches([',', ' ']).split_once('=') {
        let (value, after) = value.strip_prefix('"').map_or_else(
            || {
                let (value, after) = value.split_once(',').unwrap_or((value, ""));
                (value.trim().to_owned(), after)
            },
            unquote,
        );
        found.insert(name.trim().to_lowercase(), value);
        rest = after;
    }
    found
}

fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, "")
}

/// Open without login.
const OPEN: [(&str, &str); 5] = [
    ("DeviceInfo", "GetSecurityPort"),
    ("LANConfigSecurity", "GetInfo"),
    ("LANConfigSecurity", "X_AVM-DE_GetAnonymousLogin"),
    ("LANConfigSecurity", "X_AVM-DE_GetUserList"),
    ("UserInterface", "GetInfo"),
];

pub(crate) fn needs_login(service: &Service, action: &str) -> bool {
    !service.is_open() && !OPEN.contains(&(service.name(), action))
}

/// Has somebody with `rights` the right to call it?
pub(crate) fn may(rights: &[Right], service: &Service, action: &str) -> bool {
    match (service.name(), action) {
        ("X_AVM-DE_RemoteAccess", "GetInfo" | "GetDDNSInfo")
        | ("WANCommonInterfaceConfig", "GetCommonLinkProperties")
        | ("X_AVM-DE_Auth" | "DeviceInfo" | "LANConfigSecurity", _) => !rights.is_empty(),
        ("X_AVM-DE_RemoteAccess", "SetLetsEncryptEnable") => rights.contains(&Right::Config) || rights.contains(&Right::App),
        _ => rights.contains(&Right::Config),
    }
}
