//! Events (GENA): subscriptions, and a NOTIFY for every change.

use std::net::{Ipv4Addr, SocketAddr};

use quick_xml::escape::escape;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpSocket;
use tokio::sync::{mpsc, watch};
use url::Url;

use super::line::Line;
use super::services::Service;
use super::wire::{Answer, Request};

/// A NOTIFY on its way.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub(crate) callback: Url,
    pub(crate) sid: String,
    pub(crate) seq: u32,
    pub(crate) variables: Vec<(String, String)>,
}

impl Notice {
    fn bytes(&self) -> Vec<u8> {
        let properties = self.variables.iter().map(|(name, value)| {
            let value = escape(value.as_str());
            format!("<e:property>\n<{name}>{value}</{name}>\n</e:property>\n")
        });
        let body = format!(
            "<?xml version=\"1.0\"?>\n<e:propertyset xmlns:e=\"urn:schemas-upnp-org:event-1-0\">\n{}</e:propertyset>\n",
            properties.collect::<String>()
        );
        let host = &self.callback[url::Position::BeforeHost..url::Position::AfterPort];
        let path = &self.callback[url::Position::BeforePath..url::Position::AfterQuery];
        format!(
            "NOTIFY {path} HTTP/1.1\r\nHOST: {host}\r\nCONTENT-TYPE: text/xml; charset=\"utf-8\"\r\nCONTENT-LENGTH: {}\r\n\
             NT: upnp:event\r\nNTS: upnp:propchange\r\nSID: {}\r\nSEQ: {}\r\nConnection: close\r\n\r\n{body}",
            body.len(),
            self.sid,
            self.seq
        )
        .into_bytes()
    }

    /// Sends it, from `from` if that is given; the status of the answer, 0 if there is none.
    pub(crate) async fn send(&self, from: Option<Ipv4Addr>) -> u16 {
        self.try_send(from).await.unwrap_or(0)
    }

    async fn try_send(&self, from: Option<Ipv4Addr>) -> Option<u16> {
        let to: SocketAddr = *self.callback.socket_addrs(|| Some(80)).ok()?.first()?;
        let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.ok()?;
        if let Some(from) = from {
            socket.bind((from, 0).into()).ok()?;
        }
        let mut stream = BufReader::new(socket.connect(to).await.ok()?);
        stream.write_all(&self.bytes()).await.ok()?;
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        line.split(' ').nth(1)?.parse().ok()
    }
}

/// A NOTIFY that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delivered {
    pub(crate) sid: String,
    pub(crate) seq: u32,
    /// 0: nobody answered.
    pub(crate) status: u16,
}

#[derive(Debug)]
struct Subscription {
    sid: String,
    callback: Url,
    /// The service's evented variables.
    variables: Vec<String>,
    seq: u32,
    /// The first NOTIFY is still to be sent.
    fresh: bool,
    queue: mpsc::UnboundedSender<Notice>,
}

/// Who is told, and in which odd ways.
#[derive(Debug)]
pub(crate) struct Events {
    /// Status of every answer to SUBSCRIBE instead of a subscription.
    pub(crate) refuse: Option<u16>,
    /// More than one callback URL: 412.
    pub(crate) one_callback: bool,
    /// Granted whatever was asked for, in seconds.
    pub(crate) granted: u32,
    /// The first NOTIFY comes before the answer to SUBSCRIBE.
    pub(crate) early: bool,
    /// So many numbers are left out before the next NOTIFY.
    pub(crate) skip: u32,
    /// NOTIFY with a SID that nobody has.
    pub(crate) wrong_sid: bool,
    subscriptions: Vec<Subscription>,
    drawn: u32,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self {
            refuse: None,
            one_callback: false,
            granted: 300,
            early: false,
            skip: 0,
            wrong_sid: false,
            subscriptions: Vec::new(),
            drawn: 0,
        }
    }

    /// As after a restart: every SID is unknown.
    pub(crate) fn forget(&mut self) {
        self.subscriptions.clear();
    }

    /// SIDs of all subscriptions.
    pub(crate) fn sids(&self) -> Vec<String> {
        self.subscriptions.iter().map(|one| one.sid.clone()).collect()
    }

    /// Answers SUBSCRIBE and UNSUBSCRIBE.
    pub(super) fn answer(&mut self, request: &Request, service: &Service, delivered: &watch::Sender<Vec<Delivered>>) -> Answer {
        let known = request.field("sid").map(|sid| self.subscriptions.iter().position(|one| one.sid == sid));
        let both = known.is_some() && (request.field("callback").is_some() || request.field("nt").is_some());
        match (request.method.as_str(), known) {
            (_, Some(_)) if both => Answer::bare(400, &[]),
            (_, Some(None)) | ("UNSUBSCRIBE", None) => Answer::bare(412, &[]),
            ("UNSUBSCRIBE", Some(Some(at))) => {
                self.subscriptions.remove(at);
                Answer::bare(200, &[])
            }
            (_, Some(Some(at))) => self.granted(&self.subscriptions[at].sid),
            (_, None) => self.subscribe(request, service, delivered),
        }
    }

    fn granted(&self, sid: &str) -> Answer {
        Answer::bare(200, &[("SID", sid), ("TIMEOUT", &format!("Second-{}", self.granted))])
    }

    fn subscribe(&mut self, request: &Request, service: &Service, delivered: &watch::Sender<Vec<Delivered>>) -> Answer {
        if let Some(status) = self.refuse {
            return Answer::bare(status, &[]);
        }
        let callbacks = request.field("callback").unwrap_or_default();
        let callbacks: Vec<Url> = callbacks.split(['<', '>']).filter_map(|url| Url::parse(url.trim()).ok()).collect();
        let refused = request.field("nt") != Some("upnp:event") || (self.one_callback && callbacks.len() > 1);
        let Some(callback) = callbacks.into_iter().next().filter(|_| !refused) else {
            return Answer::bare(412, &[]);
        };
        self.drawn += 1;
        let sid = format!("uuid:46802409-bccb-40e7-8e6b-{:012}", self.drawn);
        let (queue, mut waiting) = mpsc::unbounded_channel::<Notice>();
        let delivered = delivered.clone();
        tokio::spawn(async move {
            while let Some(notice) = waiting.recv().await {
                let status = notice.send(None).await;
                delivered.send_modify(|all| all.push(Delivered { sid: notice.sid, seq: notice.seq, status }));
            }
        });
        let variables = service.evented.clone();
        self.subscriptions.push(Subscription { sid: sid.clone(), callback, variables, seq: 0, fresh: true, queue });
        self.granted(&sid)
    }

    /// Tells new subscribers everything; the SIDs of those who are told.
    pub(super) fn greet(&mut self, line: &Line) -> Vec<String> {
        let (skip, wrong) = (0, self.wrong_sid);
        let fresh = self.subscriptions.iter_mut().filter(|one| one.fresh);
        fresh
            .map(|one| {
                one.fresh = false;
                one.tell(one.variables.iter().map(|name| (name.clone(), line.variable(name))).collect(), skip, wrong)
            })
            .collect()
    }

    /// Tells subscribers what differs between two states of the line.
    pub(super) fn tell(&mut self, before: &Line, after: &Line) {
        let mut told = false;
        for one in self.subscriptions.iter_mut().filter(|one| !one.fresh) {
            let changed = one.variables.iter().filter(|name| before.variable(name) != after.variable(name));
            let changed: Vec<_> = changed.map(|name| (name.clone(), after.variable(name))).collect();
            if !changed.is_empty() {
                one.tell(changed, self.skip, self.wrong_sid);
                told = true;
            }
        }
        self.skip = if told { 0 } else { self.skip };
    }
}

impl Subscription {
    /// Returns the SID that was written.
    fn tell(&mut self, variables: Vec<(String, String)>, skip: u32, wrong: bool) -> String {
        let sid = if wrong { "uuid:00000000-0000-0000-0000-000000000000".to_owned() } else { self.sid.clone() };
        self.seq += skip;
        let notice = Notice { callback: self.callback.clone(), sid: sid.clone(), seq: self.seq, variables };
        self.seq += 1;
        let _ended = self.queue.send(notice);
        sid
    }
}
