//! Tells when the machine's addresses change, instead of asking again and again.

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _};
use rtnetlink::MulticastGroup;
use tokio::task::JoinHandle;

use super::{View, view};

/// Asks for the interfaces.
type Look = Box<dyn Fn() -> BoxFuture<'static, Result<View, String>> + Send>;

/// Follows links and addresses.
pub struct Watch {
    /// One item for each message of the kernel.
    messages: BoxStream<'static, ()>,
    driver: JoinHandle<()>,
    look: Look,
    last: View,
    /// A message came whose meaning is not known yet.
    pending: bool,
}

impl Watch {
    /// Begins with the interfaces of this moment.
    ///
    /// # Errors
    ///
    /// Says why the kernel could not be asked.
    pub async fn new() -> Result<Self, String> {
        let groups = [MulticastGroup::Link, MulticastGroup::Ipv4Ifaddr, MulticastGroup::Ipv6Ifaddr];
        let (connection, _, messages) = rtnetlink::new_multicast_connection(&groups)
            .map_err(|error| format!("failed to follow the kernel's interfaces: {error}; a sandbox has to allow AF_NETLINK"))?;
        let driver = tokio::spawn(connection);
        let messages = messages.map(|_| ()).boxed();
        Self::of(messages, driver, Box::new(|| view().boxed())).await
    }

    pub(super) async fn of(messages: BoxStream<'static, ()>, driver: JoinHandle<()>, look: Look) -> Result<Self, String> {
        let mut watch = Self { messages, driver, look, last: View::default(), pending: false };
        watch.last = without_times((watch.look)().await?);
        Ok(watch)
    }

    /// Is there an interface with carrier, beside the loopback? Whether it has an address is another question: a line that
    /// gets a new one has none for a moment, and that is no lost link.
    #[must_use]
    pub const fn is_linked(&self) -> bool {
        self.last.linked
    }

    /// Waits until an address, one of its flags, or the state of its interface is different, or carrier came or went at all.
    /// `false`: the kernel talks no more, or cannot be asked what its message means; there may be a change, and a new watch is
    /// needed. May be dropped while it waits.
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

fn without_times(mut view: View) -> View {
    for entry in &mut view.addresses {
        (entry.preferred, entry.valid) = (None, None);
    }
    view
}
