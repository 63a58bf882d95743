//! Tells when the machine's addresses change, instead of asking again and again.

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _};
use rtnetlink::MulticastGroup;
use tokio::task::JoinHandle;

use super::defaults::{DefaultRoute, Hint, default_routes, hint};
use super::{View, view};
use crate::rules::address::publishable;

/// What there is: interfaces with their addresses, and default routes (`None`: not asked for, they are as they were).
pub(super) type Seen = (View, Option<Vec<DefaultRoute>>);

/// Asks for it; for default routes only if so told.
type Look = Box<dyn Fn(bool) -> BoxFuture<'static, Result<Seen, String>> + Send>;

/// Follows links, addresses and default routes.
pub struct Watch {
    /// One item for each message of the kernel that may mean something.
    messages: BoxStream<'static, Hint>,
    driver: JoinHandle<()>,
    look: Look,
    view: View,
    routes: Vec<DefaultRoute>,
    /// A message came whose meaning is not known yet; `true`: default routes may be different.
    pending: Option<bool>,
}

impl Watch {
    /// Begins with what there is at this moment.
    ///
    /// # Errors
    ///
    /// Says why the kernel could not be asked.
    pub async fn new() -> Result<Self, String> {
        let groups = [
            MulticastGroup::Link,
            MulticastGroup::Ipv4Ifaddr,
            MulticastGroup::Ipv6Ifaddr,
            MulticastGroup::Ipv4Route,
            MulticastGroup::Ipv6Route,
        ];
        let (connection, _, messages) = rtnetlink::new_multicast_connection(&groups)
            .map_err(|error| format!("failed to follow the kernel's interfaces: {error}; a sandbox has to allow AF_NETLINK"))?;
        let driver = tokio::spawn(connection);
        let messages = messages.filter_map(async |(message, _)| hint(&message.payload)).boxed();
        Self::of(messages, driver, Box::new(|routes| look(routes).boxed())).await
    }

    pub(super) async fn of(messages: BoxStream<'static, Hint>, driver: JoinHandle<()>, look: Look) -> Result<Self, String> {
        let mut watch = Self { messages, driver, look, view: View::default(), routes: Vec::new(), pending: None };
        let (view, routes) = (watch.look)(true).await?;
        (watch.view, watch.routes) = (news(view), routes.unwrap_or_default());
        Ok(watch)
    }

    /// Is there an interface with carrier, beside the loopback? Whether it has an address is another question: a line that
    /// gets a new one has none for a moment, and that is no lost link.
    #[must_use]
    pub const fn is_linked(&self) -> bool {
        self.view.linked
    }

    /// Waits until a publishable address, one of its flags, the state of its interface, or a default route is different, or
    /// carrier came or went at all. Other addresses come and go with every container. `false`: the kernel talks no more, or cannot
    /// be asked what its message means; there may be a change, and a new watch is needed. May be dropped while it waits.
    pub async fn changed(&mut self) -> bool {
        loop {
            if self.pending.is_none() {
                let Some(hint) = self.messages.next().await else { return false };
                self.note(hint);
            }
            // Messages come in bursts; one look is enough for all.
            while let Some(Some(hint)) = self.messages.next().now_or_never() {
                self.note(hint);
            }
            // Still pending if this fails: nobody knows what is different.
            let Ok((view, routes)) = (self.look)(self.pending == Some(true)).await else { return false };
            self.pending = None;
            // Every router advertisement renews lifetimes and causes a message; most of them mean nothing.
            let view = news(view);
            let routes = routes.unwrap_or_else(|| self.routes.clone());
            if (&view, &routes) != (&self.view, &self.routes) {
                (self.view, self.routes) = (view, routes);
                return true;
            }
        }
    }

    fn note(&mut self, hint: Hint) {
        let routes = match hint {
            Hint::Interfaces => false,
            Hint::Lost(link) => self.routes.iter().any(|route| route.leads_through(link)),
            Hint::Routes => true,
        };
        self.pending = Some(routes || self.pending == Some(true));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

async fn look(routes: bool) -> Result<Seen, String> {
    let routes = if routes { Some(default_routes().await?) } else { None };
    Ok((view().await?, routes))
}

/// What is news of it when it is different.
fn news(mut view: View) -> View {
    view.addresses.retain(|entry| entry.address.is_some_and(|address| publishable(address).is_ok()));
    for entry in &mut view.addresses {
        (entry.preferred, entry.valid) = (None, None);
    }
    view
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::rules::consensus::InterfaceAddress;

    /// A watch whose kernel has these addresses, one list for each message; each change it tells, as how often it was looked.
    async fn changes(lists: &[Vec<InterfaceAddress>]) -> Vec<usize> {
        let looks = Arc::new(Mutex::new(0));
        let (count, lists) = (Arc::clone(&looks), lists.to_vec());
        let hints = vec![Hint::Interfaces; lists.len() - 1];
        let look = Box::new(move |routes: bool| {
            let mut count = count.lock().unwrap();
            assert_eq!(routes, *count == 0, "no message was about routes");
            *count += 1;
            let view = View { addresses: lists[*count - 1].clone(), linked: true };
            async move { Ok((view, routes.then(Vec::new))) }.boxed()
        });
        let mut watch = Watch::of(messages(hints), tokio::spawn(async {}), look).await.unwrap();
        let mut told = Vec::new();
        while watch.changed().await {
            told.push(*looks.lock().unwrap());
        }
        told
    }

    /// Pending between two messages: what comes in one burst is one change.
    fn messages(hints: Vec<Hint>) -> BoxStream<'static, Hint> {
        futures_util::stream::iter(hints)
            .then(async |hint| {
                tokio::task::yield_now().await;
                hint
            })
            .boxed()
    }

    fn public() -> InterfaceAddress {
        InterfaceAddress { up: true, address: Some("2003:f:ab::10".parse().unwrap()), ..InterfaceAddress::default() }
    }

    #[tokio::test]
    async fn every_flag_is_a_change_and_a_renewed_lifetime_is_none() {
        let plain = public();
        let seconds = |count| Some(std::time::Duration::from_secs(count));
        let lists = [
            plain.clone(),
            InterfaceAddress { preferred: seconds(1800), valid: seconds(3600), ..plain.clone() },
            InterfaceAddress { deprecated: true, ..plain.clone() },
            InterfaceAddress { temporary: true, ..plain.clone() },
            InterfaceAddress { tentative: true, ..plain.clone() },
            InterfaceAddress { duplicated: true, ..plain.clone() },
            InterfaceAddress { up: false, ..plain.clone() },
            InterfaceAddress { up: false, valid: seconds(1), ..plain },
        ];
        assert_eq!(changes(&lists.map(|entry| vec![entry])).await, [3, 4, 5, 6, 7]);
    }

    #[tokio::test]
    async fn containers_that_come_and_go_are_no_change() {
        let other = |text: &str| InterfaceAddress { interface: "docker0".into(), address: Some(text.parse().unwrap()), ..public() };
        let with = |more: &[&str]| [public()].into_iter().chain(more.iter().map(|text| other(text))).collect::<Vec<_>>();
        let lists = [
            with(&[]),
            with(&["172.17.0.1"]),
            with(&["172.17.0.1", "fe80::1", "fd00::1"]),
            with(&["fe80::1"]),
            with(&["2003:f:ab::11"]),
            // A public one gave way to a private one.
            vec![other("192.168.178.20")],
        ];
        assert_eq!(changes(&lists).await, [5, 6]);
    }

    #[tokio::test]
    async fn default_routes_are_asked_for_when_one_may_be_different() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let known = || vec![DefaultRoute::through(2)];
        let look = Box::new(move |routes: bool| {
            let mut asked = noted.lock().unwrap();
            asked.push(routes);
            let gone = asked.len() > 4;
            async move { Ok((View::default(), routes.then(|| if gone { Vec::new() } else { known() }))) }.boxed()
        });
        let hints = vec![Hint::Interfaces, Hint::Lost(1), Hint::Routes, Hint::Lost(2)];
        let mut watch = Watch::of(messages(hints), tokio::spawn(async {}), look).await.unwrap();
        assert!(watch.changed().await, "a route went with its interface");
        assert_eq!(*asked.lock().unwrap(), [true, false, false, true, true]);
        assert!(!watch.changed().await);
    }
}
