//! A poll without a result: what it means, in a sentence.

use std::net::IpAddr;

use super::service::{Reached, Service, State};
use super::{Poll, Turn};
use crate::rules::consensus::reading::Unused;

impl Poll {
    pub(super) fn undecided(&self) -> Turn {
        let failures: Vec<(&Service, &Unused, Reached)> = self
            .services
            .iter()
            .filter_map(|service| match &service.state {
                State::Failed(unused, reached) => Some((service, unused, *reached)),
                _ => None,
            })
            .collect();
        let mut said: Vec<IpAddr> = self.said().map(|(_, address)| address).collect();
        said.sort_unstable();
        said.dedup();
        let all = |wanted: Reached| said.is_empty() && failures.iter().all(|(.., reached)| *reached == wanted);
        if let Some((service, unused, _)) = failures.first() {
            if all(Reached::NoRoute) {
                return Turn::Absent(unused.why.clone());
            }
            if all(Reached::Portal) {
                let why = &unused.why;
                return Turn::Absent(format!(
                    "captive portal: somebody else answers for every outside service ({}: {why}); log in with a browser first",
                    service.who.shown
                ));
            }
        }
        let shown: Vec<String> = said.iter().map(ToString::to_string).collect();
        Turn::Undecided(match (shown.as_slice(), self.published, failures.first()) {
            ([], _, Some((service, unused, _))) => format!("{}: {}", service.who.shown, unused.why),
            ([], _, None) => "every outside service rests and none has an answer that still counts".into(),
            ([one], Some(published), _) => {
                format!("one operator outside says {one}, no second one confirms it; {published} stays published")
            }
            ([one], None, _) => format!("only one operator outside said {one}; two must agree, or only one service may be configured"),
            (several, ..) => format!("the outside services do not agree: {}", several.join(", ")),
        })
    }
}
