//! Tells when the machine's addresses change, instead of asking again and again.

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _};
use rtnetlink::MulticastGroup;
use tokio::task::JoinHandle;

use super::addresses;
use super::defaults::{DefaultRoute, default_routes, matters};
use crate::rules::consensus::InterfaceAddress;

/// What there is: addresses with their interfaces, and default routes.
type Seen = (Vec<InterfaceAddress>, Vec<DefaultRoute>);

/// Asks for all of it.
type Look = Box<dyn Fn() -> BoxFuture<'static, Result<Seen, String>> + Send>;

/// Follows links, addresses and default routes.
pub struct Watch {
    /// One item for each message of the kernel.
    messages: BoxStream<'static, ()>,
    driver: JoinHandle<()>,
    look: Look,
    last: Seen,
    /// A message came whose meaning is not known yet.
    pending: bool,
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
        let messages = messages.filter_map(async |(message, _)| matters(&message.payload).then_some(())).boxed();
        Self::of(messages, driver, Box::new(|| look().boxed())).await
    }

    pub(super) async fn of(messages: BoxStream<'static, ()>, driver: JoinHandle<()>, look: Look) -> Result<Self, String> {
        let mut watch = Self { messages, driver, look, last: Seen::default(), pending: false };
        watch.last = without_times((watch.look)().await?);
        Ok(watch)
    }

    /// Is there an interface with carrier and an address, beside the loopback?
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.last.0.iter().any(|it| it.up && it.address.is_some_and(|address| !address.is_loopback()))
    }

    /// Waits until an address, one of its flags, the state of its interface, or a default route is different. `false`: the kernel talks no
    /// more, or cannot be asked what its message means; there may be a change, and a new watch is needed. May be dropped while it waits.
    pub async fn changed(&mut self) -> bool {
        loop {
            if !self.pending && self.messages.next().await.is_none() {
                return false;
            }
            self.pending = true;
            // Messages come in bursts; one look is enough for all.
            while let Some(Some(())) = self.messages.next().now_or_never() {}
            // Still pending if this fails: nobody knows what is different.
            let Ok(now) = (self.look)().await.map(without_times) else { return false };
            self.pending = false;
            // Every router advertisement renews lifetimes and causes a message; most of them mean nothing.
            if now != self.last {
                self.last = now;
                return true;
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

async fn look() -> Result<Seen, String> {
    Ok((addresses().await?, default_routes().await?))
}

fn without_times(mut all: Seen) -> Seen {
    for entry in &mut all.0 {
        (entry.preferred, entry.valid) = (None, None);
    }
    all
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A watch whose kernel has these addresses, one list for each message; each change it tells, as how often it was looked.
    async fn changes(lists: &[InterfaceAddress]) -> Vec<usize> {
        let looks = Arc::new(Mutex::new(0));
        let (count, lists) = (Arc::clone(&looks), lists.to_vec());
        // Pending between two messages: what comes in one burst is one change.
        let messages = futures_util::stream::iter(1..lists.len()).then(|_| tokio::task::yield_now()).boxed();
        let look = Box::new(move || {
            let mut count = count.lock().unwrap();
            *count += 1;
            let seen = (vec![lists[*count - 1].clone()], Vec::new());
            async { Ok(seen) }.boxed()
        });
        let mut watch = Watch::of(messages, tokio::spawn(async {}), look).await.unwrap();
        let mut told = Vec::new();
        while watch.changed().await {
            told.push(*looks.lock().unwrap());
        }
        told
    }

    #[tokio::test]
    async fn every_flag_is_a_change_and_a_renewed_lifetime_is_none() {
        let plain = InterfaceAddress { up: true, address: Some("2003:f:ab::10".parse().unwrap()), ..InterfaceAddress::default() };
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
        assert_eq!(changes(&lists).await, [3, 4, 5, 6, 7]);
    }
}
