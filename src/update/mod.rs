//! Sends one prepared request and hands back what came, without the secrets.

mod mask;
mod throttle;

use std::sync::Arc;
use std::time::Duration;

use backon::{ConstantBuilder, Retryable as _};

use crate::http::{Clients, Limits};
use crate::rules::order::Prepared;
use crate::rules::reply::{Fault, Outcome, Reply};

use mask::Mask;
use throttle::Throttle;
pub use throttle::Time;

/// Rest before the second and last try of a lookup: a name server that was just restarted.
const HICCUP: Duration = Duration::from_millis(500);

/// Sends updates. Cheap to clone; clones share the throttle.
#[derive(Clone, Debug)]
pub struct Updater {
    clients: Clients,
    limits: Limits,
    throttle: Arc<Throttle>,
}

impl Updater {
    /// Sends through `clients`, each request within `limits`; spacings are counted by `time`.
    #[must_use]
    pub fn new(clients: Clients, limits: Limits, time: Time) -> Self {
        Self { clients, limits, throttle: Arc::new(Throttle::new(time)) }
    }

    /// Sends `prepared` as soon as its host has had no request for `spacing` (zero: at once).
    ///
    /// Nothing that went out is sent again here. In what comes back, everything in `prepared.secrets` is replaced by dots,
    /// because providers repeat what they are told.
    pub async fn send(&self, prepared: &Prepared, spacing: Duration) -> Outcome {
        if let Err(fault) = self.throttle.turn(&prepared.host, spacing).await {
            return Outcome::Failed(fault);
        }
        let once_more = ConstantBuilder::default().with_delay(HICCUP).with_max_times(1);
        let sent = (|| self.clients.send(prepared, &self.limits)).retry(once_more).when(|fault| matches!(fault, Fault::Lookup(_))).await;
        let password = prepared.basic.as_ref().map(|(_, password)| password);
        let mask = Mask::new(&prepared.secrets.iter().chain(password).collect::<Vec<_>>());
        match sent {
            Ok(reply) => Outcome::Replied(masked_reply(&mask, reply)),
            Err(fault) => Outcome::Failed(masked_fault(&mask, fault)),
        }
    }
}

fn masked_reply(mask: &Mask, reply: Reply) -> Reply {
    let Reply { status, headers, body, oversized, unknown_encoding, moved_to } = reply;
    Reply {
        status,
        headers: headers.into_iter().map(|(name, value)| (name, mask.text(&value))).collect(),
        body: mask.bytes(&body, oversized),
        oversized,
        unknown_encoding: unknown_encoding.map(|text| mask.text(&text)),
        moved_to: moved_to.map(|text| mask.text(&text)),
    }
}

fn masked_fault(mask: &Mask, fault: Fault) -> Fault {
    match fault {
        Fault::Lookup(text) => Fault::Lookup(mask.text(&text)),
        Fault::Connect(text) => Fault::Connect(mask.text(&text)),
        Fault::Tls { text, wrong_name } => Fault::Tls { text: mask.text(&text), wrong_name },
        Fault::Redirect { to, other_host } => Fault::Redirect { to: mask.text(&to), other_host },
        Fault::Ambiguous(text) => Fault::Ambiguous(mask.text(&text)),
        Fault::Unsendable(text) => Fault::Unsendable(mask.text(&text)),
    }
}

#[cfg(test)]
mod tests;
