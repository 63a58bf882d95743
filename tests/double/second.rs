//! `X_AVM-DE_Auth:1`: somebody presses a button before a guarded action is carried out.

use super::remote::Results;
use super::soap::Call;

pub(crate) const TOKEN: &str = "8d9d9a3e-6b42-4f0c-9a51-0c2d5f1e7b10";

/// A dance: how it stands, and how it will go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecondFactor {
    /// Actions that need it.
    pub(crate) guarded: Vec<String>,
    /// What the person in front of the box does, once it was asked for so often.
    pub(crate) ending: &'static str,
    pub(crate) after: u32,
    /// What `start` leads to; `waitingforauth` unless a test wants otherwise.
    pub(crate) start: &'static str,
    state: &'static str,
    asked: u32,
}

impl SecondFactor {
    pub(crate) fn new() -> Self {
        Self { guarded: Vec::new(), ending: "authenticated", after: 2, start: "waitingforauth", state: "stopped", asked: 0 }
    }

    /// Fault 866 unless the token of a finished dance is there.
    pub(crate) fn guard(&self, action: &str, call: &Call) -> Result<(), u32> {
        let guarded = self.guarded.iter().any(|name| name == action);
        let proven = self.state == "authenticated" && call.header.field("token") == TOKEN;
        if guarded && !proven { Err(866) } else { Ok(()) }
    }

    pub(crate) fn state(&self) -> &'static str {
        self.state
    }

    pub(crate) fn call(&mut self, action: &str, call: &Call) -> Results {
        match (action, call.get("NewAction")) {
            ("GetInfo", _) => Ok(vec![("NewEnabled", "1".into())]),
            ("GetState", _) => {
                self.asked += 1;
                if self.state == "waitingforauth" && self.asked >= self.after {
                    self.state = self.ending;
                }
                Ok(vec![("NewState", self.state.into())])
            }
            ("SetConfig", "start") => {
                (self.state, self.asked) = (self.start, 0);
                let (token, methods) = if self.state == "waitingforauth" { (TOKEN, "button,dtmf;*14048") } else { ("", "") };
                Ok(vec![("NewState", self.state.into()), ("NewToken", token.into()), ("NewMethods", methods.into())])
            }
            ("SetConfig", "stop") => {
                self.state = "stopped";
                Ok(vec![("NewState", self.state.into())])
            }
            _ => Err(402),
        }
    }
}
