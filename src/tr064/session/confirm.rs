//! The second factor: some changes have to be confirmed at the box (`X_AVM-DE_Auth:1`).

use std::collections::BTreeMap;
use std::time::Duration;

use quick_xml::escape::escape;

use super::{CallError, Session};
use crate::tr064::soap::SoapFault;
use crate::tr064::xml::short;

/// Between two questions whether the second factor was given.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// How often that is asked: the box itself gives up after about a minute.
const POLLS: u32 = 60;

const SERVICE: &str = "X_AVM-DE_Auth:1";

/// `UPnP` error: this change has to be confirmed.
const NEEDED: u32 = 866;

/// The box waits for somebody to confirm a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// Each of them does.
    pub ways: Vec<Confirmation>,
}

/// One way to confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// Press any button on the box.
    Button,
    /// Dial this on a telephone at the box.
    Dial(String),
    /// Not known to us, in the box's word.
    Other(String),
}

impl SecondFactor {
    /// Reads `NewMethods`: `button,dtmf;*14048`.
    #[must_use]
    pub fn parse(methods: &str) -> Self {
        let way = |method: &str| match method.split_once(';') {
            None if method == "button" => Confirmation::Button,
            Some(("dtmf", code)) => Confirmation::Dial(short(code)),
            _ => Confirmation::Other(short(method)),
        };
        Self { ways: methods.split(',').map(str::trim).filter(|method| !method.is_empty()).map(way).collect() }
    }
}

impl Session {
    /// Calls `action` as [`Self::call`]. If the box wants it confirmed, `tell` is told how, the confirmation is awaited for about
    /// a minute, and the call is made again.
    ///
    /// # Errors
    ///
    /// As [`Self::call`]; [`CallError::Unconfirmed`] if nobody confirmed.
    pub async fn call_confirmed(
        &self,
        service: &str,
        action: &str,
        arguments: &[(&str, &str)],
        tell: &mut dyn FnMut(&SecondFactor),
    ) -> Result<BTreeMap<String, String>, CallError> {
        match self.call(service, action, arguments).await {
            Err(CallError::Refused(SoapFault { code: NEEDED, .. })) => {}
            result => return result,
        }
        let started = self.call(SERVICE, "SetConfig", &[("NewAction", "start")]).await?;
        let get = |name: &str| started.get(name).map(String::as_str).unwrap_or_default();
        match get("NewState") {
            "waitingforauth" => tell(&SecondFactor::parse(get("NewMethods"))),
            "authenticated" => {}
            // Somebody else's confirmation: not ours to stop.
            state => return Err(unconfirmed(state)),
        }
        let confirmed = self.wait().await;
        if let Err(error) = confirmed {
            // The box gives up by itself as well.
            let _ = self.call(SERVICE, "SetConfig", &[("NewAction", "stop")]).await;
            return Err(error);
        }
        let token = format!("<avm:token xmlns:avm=\"avm.de\" s:mustUnderstand=\"1\">{}</avm:token>", escape(get("NewToken")));
        self.call_with(&[&token], service, action, arguments).await
    }

    async fn wait(&self) -> Result<(), CallError> {
        for _ in 0..POLLS {
            let results = self.call(SERVICE, "GetState", &[]).await?;
            match results.get("NewState").map(String::as_str).unwrap_or_default() {
                "authenticated" => return Ok(()),
                "waitingforauth" => tokio::time::sleep(self.pause).await,
                state => return Err(unconfirmed(state)),
            }
        }
        Err(CallError::Unconfirmed("nobody confirmed it in time".into()))
    }
}

/// In words, for a state of `X_AVM-DE_Auth:1`.
fn unconfirmed(state: &str) -> CallError {
    CallError::Unconfirmed(match state {
        "anotherauthprocess" => "another confirmation is under way at the box".into(),
        "blocked" => "the box blocks confirmations for now, after failed ones".into(),
        "stopped" => "it was cancelled".into(),
        "failure" => "the confirmation failed".into(),
        "disabled" => "the box asks for a confirmation, but has confirmations switched off".into(),
        other => format!("the box says {:?}", short(other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_to_confirm_are_read() {
        let ways = |methods: &str| SecondFactor::parse(methods).ways;
        assert_eq!(ways("button,dtmf;*14048"), [Confirmation::Button, Confirmation::Dial("*14048".into())]);
        assert_eq!(ways(" googleauth ,"), [Confirmation::Other("googleauth".into())]);
        assert_eq!(ways(""), []);
    }
}
