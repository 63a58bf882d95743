//! A client of what the daemon serves, byte by byte.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use digest_auth::AuthContext;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};
use wanbeacon::tr064::soap;

use super::PATIENCE;

/// The service whose actions change settings, and where they are called.
pub(crate) const REMOTE: &str = "/upnp/control/x_remote";
const KIND: &str = "urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1";

/// Name and password.
pub(crate) type Login = (&'static str, &'static str);

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    /// First line and fields as they came.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Told {
    #[track_caller]
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no status: {text:?}"));
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Status and body, for comparing.
    pub(crate) fn pair(&self) -> (u16, &str) {
        (self.status, &self.body)
    }

    /// The code of the fault that it is; none if it is none.
    pub(crate) fn fault(&self) -> Option<u32> {
        soap::reply(&self.body, "X").ok()?.err().map(|fault| fault.code)
    }

    /// A result of `action`.
    #[track_caller]
    pub(crate) fn result(&self, action: &str, name: &str) -> String {
        let results = soap::reply(&self.body, action).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        results.unwrap_or_else(|_| panic!("a fault: {self:?}"))[name].clone()
    }
}

/// Somebody at an address of this machine who talks to a listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    from: Ipv4Addr,
    to: SocketAddr,
}

impl Client {
    pub(crate) fn new(to: SocketAddr) -> Self {
        Self { from: Ipv4Addr::LOCALHOST, to }
    }

    /// The same at 127.0.0.`last`: somebody else for who counts by addresses.
    pub(crate) fn at(self, last: u8) -> Self {
        Self { from: Ipv4Addr::new(127, 0, 0, last), ..self }
    }

    pub(crate) fn connect(self) -> TcpStream {
        // Programs that other tests start must not inherit it.
        let stream = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).expect("a socket");
        bind(&stream, &SocketAddr::new(IpAddr::V4(self.from), 0)).expect("all of 127.0.0.0/8 is here");
        connect(&stream, &self.to).unwrap_or_else(|error| panic!("{} is not open: {error}", self.to));
        let stream = TcpStream::from(stream);
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket option");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket option");
        stream
    }

    /// Sends `bytes` and gives everything that comes back.
    pub(crate) fn raw(self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).expect("the daemon reads");
        rest(stream)
    }

    #[track_caller]
    pub(crate) fn ask(self, method: &str, target: &str, fields: &[(&str, &str)], body: &str) -> Told {
        Told::read(&self.raw(request(method, target, fields, body).as_bytes()))
    }

    #[track_caller]
    pub(crate) fn get(self, target: &str) -> Told {
        self.ask("GET", target, &[], "")
    }

    /// A push with a Basic login.
    #[track_caller]
    pub(crate) fn push(self, login: Login, query: &str) -> Told {
        self.ask("GET", &format!("/nic/update?{query}"), &[("Authorization", &basic(login))], "")
    }

    /// A call of an action of the remote access without a login.
    #[track_caller]
    pub(crate) fn call_bare(self, action: &str, arguments: &[(&str, &str)]) -> Told {
        self.call_with(action, arguments, None)
    }

    /// A call as a client makes it: the challenge first, then its answer.
    #[track_caller]
    pub(crate) fn call(self, (name, password): Login, action: &str, arguments: &[(&str, &str)]) -> Told {
        let first = self.call_bare(action, arguments);
        let Some(challenge) = first.field("WWW-Authenticate").filter(|_| first.status == 401) else {
            return first;
        };
        let mut challenge = digest_auth::parse(challenge).unwrap_or_else(|error| panic!("{error}: {first:?}"));
        let context = AuthContext::new_post::<_, _, _, &[u8]>(name, password, REMOTE, None);
        let answer = challenge.respond(&context).expect("a digest").to_header_string();
        self.call_with(action, arguments, Some(&answer))
    }

    #[track_caller]
    fn call_with(self, action: &str, arguments: &[(&str, &str)], login: Option<&str>) -> Told {
        let named = format!("\"{KIND}#{action}\"");
        let mut fields = vec![("Content-Type", "text/xml; charset=\"utf-8\""), ("SOAPAction", named.as_str())];
        fields.extend(login.map(|login| ("Authorization", login)));
        self.ask("POST", REMOTE, &fields, &soap::request(KIND, action, arguments))
    }
}

/// The bytes of a request after which the connection ends.
pub(crate) fn request(method: &str, target: &str, fields: &[(&str, &str)], body: &str) -> String {
    let host = if fields.iter().any(|(name, _)| *name == "Host") { "" } else { "Host: 127.0.0.1\r\n" };
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let fields = fields.concat();
    let length = body.len();
    format!("{method} {target} HTTP/1.1\r\n{host}Connection: close\r\n{fields}Content-Length: {length}\r\n\r\n{body}")
}

/// What still comes until the other side closes.
pub(crate) fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // Who is refused in the middle of a request sees a reset behind the answer.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(crate) fn basic((name, password): Login) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")))
}
