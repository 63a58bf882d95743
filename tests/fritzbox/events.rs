//! Subscriptions to the events of a box.

use std::net::Ipv4Addr;

use url::Url;
use wanbeacon::rules::address::PerFamily;
use wanbeacon::tr064::events::{Heard, Publisher, Subscription};

use crate::double::gena::{Delivered, Notice};
use crate::rig::Rig;
use crate::stranger::IGD;

async fn subscribe(rig: &Rig) -> Result<Subscription, String> {
    let url = Url::parse(&rig.double.url(IGD.0)).expect("a URL");
    Subscription::open(&rig.clients, Publisher { url, peer: rig.double.http.ip(), via: None }).await
}

/// A subscription that was told everything once.
async fn proven() -> (Rig, Subscription) {
    let rig = Rig::new().await;
    let mut subscription = subscribe(&rig).await.expect("the box agrees");
    assert_eq!(subscription.heard().await, Heard::Proven(PerFamily { v4: true, v6: true }));
    (rig, subscription)
}

/// Nothing is heard until so many NOTIFY were answered; their answers.
async fn deaf(rig: &Rig, subscription: &mut Subscription, count: usize) -> Vec<Delivered> {
    tokio::select! {
        biased;
        heard = subscription.heard() => panic!("{heard:?}"),
        delivered = rig.double.wait_delivered(|all| all.len() >= count) => delivered,
    }
}

#[tokio::test]
async fn every_change_is_heard_in_both_families() {
    let (rig, mut subscription) = proven().await;
    rig.double.change(|state| state.line.v4 = "91.12.34.58".into());
    assert_eq!(subscription.heard().await, Heard::Changed);
    rig.double.change(|state| state.line.v6 = "2003:f:ac::10".into());
    assert_eq!(subscription.heard().await, Heard::Changed);
    rig.double.change(|state| (state.line.v4, state.line.status) = (String::new(), "Disconnected".into()));
    assert_eq!(subscription.heard().await, Heard::Changed);
    let delivered = rig.double.wait_delivered(|all| all.len() == 4).await;
    assert!(delivered.iter().all(|one| one.status == 200), "{delivered:?}");
    assert_eq!(rig.double.brief(), [format!("SUBSCRIBE {}", IGD.0)]);
}

#[tokio::test]
async fn what_was_missed_ends_the_subscription() {
    let (rig, mut subscription) = proven().await;
    rig.double.change(|state| (state.line.v4, state.events.skip) = ("91.12.34.58".into(), 1));
    assert!(matches!(subscription.heard().await, Heard::Ended(_)));
}

#[tokio::test]
async fn another_subscriptions_events_are_refused() {
    let (rig, mut subscription) = proven().await;
    rig.double.change(|state| (state.line.v4, state.events.wrong_sid) = ("91.12.34.58".into(), true));
    let delivered = deaf(&rig, &mut subscription, 2).await;
    assert_eq!(delivered[1].status, 412);
}

#[tokio::test]
async fn nobody_but_the_box_is_listened_to() {
    let (rig, mut subscription) = proven().await;
    let asked = rig.double.asked();
    let callback = asked[0].field("callback").unwrap().trim_matches(['<', '>']);
    let variables = vec![("ExternalIPAddress".to_owned(), "198.51.100.1".to_owned())];
    let sid = rig.double.change(|state| state.events.sids()).remove(0);
    let forged = Notice { callback: Url::parse(callback).unwrap(), sid, seq: 1, variables };
    let status = tokio::select! {
        biased;
        heard = subscription.heard() => panic!("{heard:?}"),
        status = forged.send(Some(Ipv4Addr::new(127, 0, 0, 2))) => status,
    };
    assert_ne!(status, 200);
    // The box itself is heard afterwards, and nothing was counted.
    rig.double.change(|state| state.line.v4 = "91.12.34.58".into());
    assert_eq!(subscription.heard().await, Heard::Changed);
}

#[tokio::test]
async fn a_box_that_refuses_is_told_from_one_that_agrees() {
    for status in [412, 501, 503] {
        let rig = Rig::new().await;
        rig.double.change(|state| state.events.refuse = Some(status));
        let why = subscribe(&rig).await.unwrap_err();
        assert!(why.contains(&status.to_string()), "{why}");
    }
    let rig = Rig::new().await;
    rig.double.change(|state| state.events.one_callback = true);
    subscribe(&rig).await.unwrap();
}

#[tokio::test]
async fn a_subscription_is_renewed_until_the_box_forgets_it_and_then_closed() {
    let (rig, mut subscription) = proven().await;
    subscription.renew().await.unwrap();
    let asked = rig.double.asked();
    assert!(asked[1].field("sid").is_some() && asked[1].field("nt").is_none() && asked[1].field("callback").is_none());
    subscription.close().await;
    assert_eq!(rig.double.change(|state| state.events.sids()), [""; 0]);
    let (rig, mut subscription) = proven().await;
    rig.double.change(|state| state.events.forget());
    let why = subscription.renew().await.unwrap_err();
    assert!(why.contains("412"), "{why}");
}
