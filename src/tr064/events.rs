//! A subscription to a router's events: asks for it, listens, renews it (`UPnP` Device Architecture 1.0, section 4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rustix::rand::{GetRandomFlags, getrandom};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::time::Instant;
use url::Url;

use super::gena::{Grant, Ledger, Told, WANTED};
use crate::http::{Clients, Limits};
use crate::rules::address::PerFamily;
use crate::rules::order::Prepared;
use crate::rules::reply::Reply;
use crate::rules::secret::Secret;

mod caller;

use caller::{Caller, Said};

/// A router is near.
const LIMITS: Limits = Limits { connect: Duration::from_secs(2), total: Duration::from_secs(4), body: 4096 };
/// A farewell is a courtesy: nobody waits for it longer.
const FAREWELL: Limits = Limits { connect: Duration::from_millis(500), total: Duration::from_millis(900), body: 4096 };
/// The first event follows a subscription at once (4.1.1).
const PROOF: Duration = Duration::from_secs(30);
/// Callers that may wait while one is listened to.
const QUEUE: u32 = 8;

/// Who tells, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher {
    /// The eventSubURL: absolute.
    pub url: Url,
    /// The router: nobody else is listened to.
    pub peer: IpAddr,
    /// The interface that leads there; `None`: as the system routes.
    pub via: Option<String>,
}

/// What a subscription comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The first event: these families are told from now on.
    Proven(PerFamily<bool>),
    /// Something about the line may be different.
    Changed,
    /// The router agreed, and nothing came; told once, and listening goes on. In words.
    Silent(String),
    /// It is over: nothing is told any more, and something may have been missed. Why, in words.
    Ended(String),
}

/// A subscription in force.
#[derive(Debug)]
pub struct Subscription {
    clients: Clients,
    publisher: Publisher,
    listener: TcpListener,
    /// Where it listens.
    local: SocketAddr,
    /// Only who was told can know it.
    path: String,
    sid: String,
    ledger: Ledger,
    caller: Option<Caller>,
    renewal: Instant,
    /// When the first event is overdue; `None`: it came, or that it did not was told.
    proof: Option<Instant>,
}

impl Subscription {
    /// Subscribes.
    ///
    /// # Errors
    ///
    /// Says why this machine cannot listen, or why the router does not agree.
    pub async fn open(clients: &Clients, publisher: Publisher) -> Result<Self, String> {
        let address = facing(&publisher).await?;
        let listener = listen(address, publisher.via.as_deref()).map_err(|error| format!("cannot listen on {address}: {error}"))?;
        let local = listener.local_addr().map_err(|error| format!("cannot listen on {address}: {error}"))?;
        let path = format!("/{}", token().map_err(|error| format!("the system gives no random numbers: {error}"))?);
        let fields = [("CALLBACK", format!("<http://{local}{path}>")), ("NT", "upnp:event".to_owned()), ("TIMEOUT", timeout())];
        let reply = ask(clients, &publisher, "SUBSCRIBE", fields, &LIMITS).await?;
        // Events that come before this wait in the listener's queue.
        let Grant { sid, lives } = granted(&reply)?;
        let sid = sid.ok_or("the router agrees to tell, and does not name the subscription")?;
        let now = Instant::now();
        Ok(Self {
            clients: clients.clone(),
            publisher,
            listener,
            local,
            path,
            sid,
            ledger: Ledger::default(),
            caller: None,
            renewal: now + lives / 2,
            proof: Some(now + PROOF),
        })
    }

    /// Listens until there is something to say, and renews the subscription meanwhile. May be dropped while it waits.
    pub async fn heard(&mut self) -> Heard {
        loop {
            if let Some(caller) = &mut self.caller {
                let said = caller.says(&self.path, &self.sid).await;
                self.caller = None;
                if let Some(heard) = self.take(said) {
                    return heard;
                }
                continue;
            }
            let wake = self.proof.unwrap_or(self.renewal).min(self.renewal);
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(wake) => {
                    if self.proof.take_if(|at| *at <= Instant::now()).is_some() {
                        return Heard::Silent(format!(
                            "the router agreed to tell changes, and nothing came: is {} kept from calling {} by a firewall?",
                            self.publisher.peer, self.local
                        ));
                    }
                    if let Err(why) = self.renew().await {
                        return Heard::Ended(why);
                    }
                }
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, from)) => self.admit(stream, from),
                    Err(error) => return Heard::Ended(format!("cannot listen any more: {error}")),
                },
            }
        }
    }

    /// Is the router still there, and does it still know this machine by the same address? Renews the subscription.
    ///
    /// # Errors
    ///
    /// Says why it is over.
    pub async fn renew(&mut self) -> Result<(), String> {
        let address = facing(&self.publisher).await?;
        if address != self.local.ip() {
            return Err(format!("the router is reached from {address} now, and calls {}", self.local.ip()));
        }
        let fields = [("SID", self.sid.clone()), ("TIMEOUT", timeout())];
        let reply = ask(&self.clients, &self.publisher, "SUBSCRIBE", fields, &LIMITS).await?;
        let Grant { sid, lives } = granted(&reply)?;
        self.sid = sid.unwrap_or_else(|| std::mem::take(&mut self.sid));
        self.renewal = Instant::now() + lives / 2;
        Ok(())
    }

    /// Says farewell, within a second.
    pub async fn close(self) {
        let fields = [("SID", self.sid)];
        if let Err(why) = ask(&self.clients, &self.publisher, "UNSUBSCRIBE", fields, &FAREWELL).await {
            tracing::debug!("the router was not told that nobody listens any more: {why}");
        }
    }

    /// Strangers are turned away before they say a word.
    fn admit(&mut self, stream: TcpStream, from: SocketAddr) {
        if from.ip().to_canonical() == self.publisher.peer.to_canonical() {
            self.caller = Some(Caller::new(stream));
        } else {
            tracing::debug!("{from} is not the router: turned away");
        }
    }

    fn take(&mut self, said: Said) -> Option<Heard> {
        let Said::Event { seq, properties } = said else { return None };
        let told = match properties {
            Ok(properties) => self.ledger.take(seq, properties),
            Err(why) => return Some(Heard::Ended(format!("the router's event cannot be read: {why}"))),
        };
        match told {
            Told::First(families) => {
                self.proof = None;
                Some(Heard::Proven(families))
            }
            Told::Nothing => None,
            Told::Changed(what) => {
                tracing::debug!("the router tells: {what}");
                Some(Heard::Changed)
            }
            Told::Gap(why) => Some(Heard::Ended(why)),
        }
    }
}

/// This machine's address as the router sees it. Nothing is sent for this.
async fn facing(publisher: &Publisher) -> Result<IpAddr, String> {
    let peer = publisher.peer;
    let find = async || {
        let any: IpAddr = if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((any, 0)).await?;
        if let Some(via) = &publisher.via {
            socket.bind_device(Some(via.as_bytes()))?;
        }
        socket.connect((peer, publisher.url.port_or_known_default().unwrap_or(80))).await?;
        socket.local_addr()
    };
    find().await.map(|local: SocketAddr| local.ip()).map_err(|error| format!("no way leads to the router at {peer}: {error}"))
}

fn listen(address: IpAddr, via: Option<&str>) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(via) = via {
        socket.bind_device(Some(via.as_bytes()))?;
    }
    socket.bind((address, 0).into())?;
    socket.listen(QUEUE)
}

/// 128 random bits.
fn token() -> rustix::io::Result<String> {
    let mut bits = [0; 16];
    // So few come at once, or not at all.
    getrandom(&mut bits, GetRandomFlags::empty())?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bits)))
}

fn timeout() -> String {
    format!("Second-{}", WANTED.as_secs())
}

fn granted(reply: &Reply) -> Result<Grant, String> {
    match reply.status {
        200 => Ok(Grant::read(&reply.headers)),
        412 => Err("the router does not know the subscription (any more): HTTP 412".into()),
        status => Err(format!("it answers HTTP {status}")),
    }
}

async fn ask<const N: usize>(
    clients: &Clients,
    publisher: &Publisher,
    method: &str,
    fields: [(&str, String); N],
    limits: &Limits,
) -> Result<Reply, String> {
    let prepared = Prepared {
        method: method.into(),
        url: Secret::new(publisher.url.to_string()),
        shown: publisher.url.to_string(),
        host: publisher.url.host_str().unwrap_or_default().to_owned(),
        headers: fields.into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect(),
        body: None,
        basic: None,
        only: None,
        via: publisher.via.clone(),
        secrets: Vec::new(),
    };
    clients.send(&prepared, limits).await.map_err(|fault| format!("{method} failed: {fault}"))
}

#[cfg(test)]
mod tests;
