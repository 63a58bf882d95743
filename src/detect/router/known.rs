//! What is known of the routers behind one interface, and for how long.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::Wanted;
use super::find::{Candidate, Found, Missing};
use super::login::Login;
use super::read::Igd;
use super::view::{self, WanView};
use crate::detect::interface::Route;
use crate::http::Clients;
use crate::rules::address::Family;
use crate::rules::consensus::RouterReading;
use crate::tr064::client::CallError;

/// After which time a router that is not the gateway itself is looked for afresh.
const STALE: Duration = Duration::from_secs(600);

/// After which time a box that is asked with a login is looked at again without one: somebody may have switched on what makes it
/// needless.
pub(super) const RELAPSE: Duration = Duration::from_secs(3600);

/// How long a network without a router that answers is left alone at first – the router may still be starting –, twice as long each
/// time …
pub(super) const PATIENCE: Duration = Duration::from_secs(240);

/// The same where there was one: it may be starting anew.
const RESTART: Duration = Duration::from_secs(30);

/// … and at most, and that of a router which is not the one that is wanted.
const LONGEST: Duration = Duration::from_secs(3600);

/// A router that can be asked.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) place: Url,
    pub(super) way: Way,
}

/// How.
#[derive(Debug)]
pub(super) enum Way {
    Igd(Igd),
    Login(Login),
}

/// What is known for one kind of router.
#[derive(Debug)]
pub(super) struct Answer {
    /// Or why there is none.
    pub(super) result: Result<Arc<Described>, String>,
    /// Where a login may help, and was not tried.
    pub(super) closed: Vec<Url>,
    /// `None`: for as long as the way out is the same.
    pub(super) until: Option<Instant>,
}

/// One look finds routers of every kind.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Another way out is another network.
    way_out: Option<Route>,
    fritz_box: Option<Answer>,
    any: Option<Answer>,
    /// How often in a row nobody answered.
    misses: u32,
    /// There was a router on this way out: it may be starting anew.
    had: bool,
}

impl Described {
    pub(super) async fn read(&self, clients: &Clients, family: Family) -> Result<RouterReading, CallError> {
        match &self.way {
            Way::Igd(igd) => igd.read(clients, family).await,
            Way::Login(login) => login.read(family).await,
        }
    }

    pub(super) async fn view(&self, clients: &Clients) -> Result<WanView, CallError> {
        match &self.way {
            Way::Igd(igd) => {
                // What cannot be read is left out.
                let _unsettled = igd.settle(clients).await;
                view::view(igd, &self.place, clients).await
            }
            Way::Login(login) => login.view(&self.place).await,
        }
    }
}

impl From<Candidate> for Described {
    fn from(Candidate { place, router, .. }: Candidate) -> Self {
        Self { place, way: Way::Igd(router.into()) }
    }
}

impl Known {
    /// Takes what is known, if it is still good, for [`Self::put`] to bring it back.
    pub(super) fn take(&mut self, wanted: Wanted, way_out: Option<&Route>) -> Option<Answer> {
        let good = |answer: &mut Answer| answer.until.is_none_or(|until| Instant::now() < until);
        if self.way_out.as_ref() == way_out { self.slot(wanted).take_if(good) } else { None }
    }

    pub(super) fn put(&mut self, wanted: Wanted, answer: Answer) {
        *self.slot(wanted) = Some(answer);
    }

    /// Whoever is known has failed to answer: the next question looks again.
    pub(super) fn forget(&mut self) {
        // That somebody was there stays known: it may be starting anew.
        (self.fritz_box, self.any) = (None, None);
    }

    const fn slot(&mut self, wanted: Wanted) -> &mut Option<Answer> {
        match wanted {
            Wanted::FritzBox => &mut self.fritz_box,
            Wanted::Any => &mut self.any,
        }
    }

    /// What a look found: for `wanted`, and for later questions of the other kind. `patient`: not to repeat a look in vain at once.
    pub(super) fn learn(&mut self, wanted: Wanted, way_out: Option<&Route>, found: Found, patient: bool) -> Answer {
        let nobody = found.choose(Wanted::Any).is_err();
        let same = self.way_out.as_ref() == way_out;
        let misses = if nobody && same { self.misses.saturating_add(1) } else { u32::from(nobody) };
        let had = !nobody || (same && self.had);
        let pause = match misses {
            _ if !patient => Duration::ZERO,
            1.. if had => RESTART,
            0 => LONGEST,
            misses => PATIENCE.saturating_mul(1 << (misses - 1).min(10)).min(LONGEST),
        };
        let now = Instant::now();
        let chosen = [Wanted::FritzBox, Wanted::Any].map(|wanted| found.choose(wanted));
        let candidates: Vec<_> = found.candidates.into_iter().map(|it| (it.lasts(), Arc::new(Described::from(it)))).collect();
        let [fritz_box, any] = chosen.map(|chosen| match chosen {
            Ok(index) => {
                let (lasts, described) = &candidates[index];
                Answer { result: Ok(Arc::clone(described)), closed: Vec::new(), until: (!lasts).then(|| now + STALE) }
            }
            Err(Missing { why, closed }) => Answer { result: Err(why), closed, until: Some(now + pause) },
        });
        let (answer, other) = if wanted == Wanted::FritzBox { (fritz_box, any) } else { (any, fritz_box) };
        // A box that has let us in stays so while others are looked for.
        let other = match self.take(wanted.other(), way_out) {
            Some(known) if known.result.is_ok() && other.result.is_err() => known,
            _ => other,
        };
        *self = Self { way_out: way_out.cloned(), misses, had, ..Self::default() };
        self.put(wanted.other(), other);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::super::find::{Failed, Rank, WayOut};
    use super::super::place::{PORT, at};
    use super::*;
    use crate::tr064::client::Router;

    /// A look that found this, at this place.
    fn found(fritz_box: bool, rank: Rank) -> Found {
        let router = Router { model: "X".into(), udn: String::new(), fritz_box, connections: Vec::new(), common: None };
        let mut found = Found::new(WayOut::None);
        found.take(Ok(Candidate { place: at("192.168.178.1".parse().unwrap(), PORT), router, rank }));
        found
    }

    fn nobody() -> Found {
        Found::new(WayOut::None)
    }

    /// For how long an answer to `wanted` stays, in minutes; `None`: for ever.
    fn stays(known: &mut Known, wanted: Wanted, found: Found) -> Option<u64> {
        let answer = known.learn(wanted, None, found, true);
        let until = answer.until;
        known.put(wanted, answer);
        until.map(|until| (until - Instant::now()).as_secs() / 60)
    }

    #[tokio::test(start_paused = true)]
    async fn the_gateway_stays_and_whoever_else_was_found_is_looked_for_afresh() {
        let mut known = Known::default();
        for (rank, expected) in [(Rank::Gateway, None), (Rank::Configured, None), (Rank::Meant, Some(10)), (Rank::Announced, Some(10))] {
            assert_eq!(stays(&mut known, Wanted::FritzBox, found(true, rank)), expected, "{rank:?}");
        }
        assert!(known.take(Wanted::FritzBox, None).is_some());
        known.learn(Wanted::FritzBox, None, found(true, Rank::Named), true);
        tokio::time::advance(STALE).await;
        assert!(known.take(Wanted::Any, None).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn one_look_serves_questions_of_every_kind() {
        let mut known = Known::default();
        let fritz_box = known.learn(Wanted::FritzBox, None, found(true, Rank::Gateway), true).result.unwrap();
        assert!(Arc::ptr_eq(&fritz_box, known.take(Wanted::Any, None).unwrap().result.as_ref().unwrap()));
        // A gateway of another maker is asked by who wants any, and is no FRITZ!Box for an hour.
        assert_eq!(stays(&mut known, Wanted::FritzBox, found(false, Rank::Gateway)), Some(60));
        tokio::time::advance(STALE * 5).await;
        assert!(known.take(Wanted::FritzBox, None).unwrap().result.is_err());
        assert!(known.take(Wanted::Any, None).unwrap().result.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_network_without_a_router_is_left_alone_for_longer_each_time() {
        let mut known = Known::default();
        let pauses: Vec<_> = (0..6).map(|_| stays(&mut known, Wanted::FritzBox, nobody()).unwrap()).collect();
        assert_eq!(pauses, [4, 8, 16, 32, 60, 60]);
        assert!(known.take(Wanted::Any, None).is_some(), "nobody is there for anybody");
        stays(&mut known, Wanted::Any, found(true, Rank::Gateway));
        for _ in 0..3 {
            assert_eq!(stays(&mut known, Wanted::Any, nobody()), Some(0), "half a minute: it may be starting anew");
        }
        // One that did not answer a question any more is no stranger either.
        stays(&mut known, Wanted::Any, found(true, Rank::Gateway));
        known.forget();
        assert!(known.take(Wanted::Any, None).is_none());
        assert_eq!(stays(&mut known, Wanted::Any, nobody()), Some(0));
        // What is configured is tried each time.
        let answer = known.learn(Wanted::Any, None, nobody(), false);
        assert!(answer.until.is_some_and(|until| until <= Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn another_way_out_is_another_network() {
        let mut known = Known::default();
        let home = Route::through([192, 168, 178, 1]);
        let answer = known.learn(Wanted::Any, Some(&home), found(true, Rank::Gateway), true);
        known.put(Wanted::Any, answer);
        assert!(known.take(Wanted::Any, Some(&Route::through([192, 168, 1, 1]))).is_none());
        assert!(known.take(Wanted::Any, None).is_none());
        assert!(known.take(Wanted::Any, Some(&home)).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn where_a_login_may_help_is_kept_for_who_wants_a_fritz_box() {
        let place = at("192.168.178.1".parse().unwrap(), PORT);
        let mut closed = nobody();
        closed.take(Err(Failed { place: place.clone(), why: CallError::Malformed("404".into()), rank: Rank::Gateway, closed: true }));
        let mut known = Known::default();
        known.learn(Wanted::Any, None, closed, true);
        assert_eq!(known.take(Wanted::FritzBox, None).unwrap().closed, [place]);
    }
}
