//! What happens when.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use super::Failure;
use super::fritzbox::Line;
use super::scene::{HOME, OFFICE, SHOP, SHOPKEEPER, Scene, settings};
use super::show::Show;
use super::stage::Stage;
use crate::cli::out::Out;
use crate::daemon;
use crate::engine::event::Event;
use crate::rules::address::Family::{V4, V6};
use crate::rules::status::Status::{AccountDisabled, Checking, Complete, NewAddress, Updating, Verifying};

/// The pace at FreeDYN: least time between two requests, and how long name servers get before they are asked.
const PACE: Duration = Duration::from_secs(5);
/// Longer than the daemon's polling.
const QUIET: Duration = Duration::from_secs(600);
/// The least wait after 911.
const OUTAGE: Duration = Duration::from_secs(1800);
const DAY: Duration = Duration::from_secs(86_400);
/// Time to read.
const READING: Duration = Duration::from_millis(300);
/// Longer than the daemon rests before it acts on what it has seen.
const SETTLED: Duration = Duration::from_millis(700);

/// Nobody sends anything to these: they only travel as text. Ranges for documentation would not do, they are never published.
const BEFORE: Line = Line {
    v4: Ipv4Addr::new(91, 12, 34, 56),
    v6: Ipv6Addr::new(0x2003, 0xf, 0xaa, 0, 0, 0, 0, 0x10),
    prefix: Ipv6Addr::new(0x2003, 0xf, 0xaa, 0x1200, 0, 0, 0, 0),
};
const AFTER: Line = Line {
    v4: Ipv4Addr::new(91, 12, 78, 90),
    v6: Ipv6Addr::new(0x2003, 0xf, 0xbb, 0, 0, 0, 0, 0x10),
    prefix: Ipv6Addr::new(0x2003, 0xf, 0xbb, 0x3400, 0, 0, 0, 0),
};

/// The whole story.
pub(super) async fn play(out: &mut Out) -> Result<(), Failure> {
    let scene = Scene::build(BEFORE).await?;
    let mut show = Show::new(out, scene.clock.now().wall);
    welcome(&mut show, &scene);
    let (mut stage, ends) = Stage::new(show, scene.clock.clone());
    let mut text = format!("{}\n{}", scene.entry(HOME, &scene.both_families()), scene.surroundings());
    stage.show.chapter("1. A name for both families");
    stage.show.say("The configuration (passwords are read from files):\n");
    stage.show.config(&text);

    let setup = scene.setup(settings(&text)?, ends)?;
    under(setup, async {
        first_update(&mut stage, &scene).await?;
        trouble(&mut stage, &scene, &mut text).await?;
        reconnection(&mut stage, &scene).await?;
        recovery(&mut stage, &scene).await?;
        abuse(&mut stage, &scene, &mut text).await
    })
    .await?;

    stage.show.say("\nwanbeacon is stopped and started again, on the same state.\n");
    let ends = stage.again();
    under(scene.setup(settings(&text)?, ends)?, still_locked(&mut stage, &scene)).await?;
    farewell(&mut stage, &scene)
}

/// Runs the daemon while `act` plays, and stops it.
async fn under(setup: daemon::Setup, act: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let stop = setup.events.0.clone();
    let (ended, played) = tokio::join!(Box::pin(daemon::run(setup)), async {
        let played = act.await;
        // It may have ended already.
        let _ = stop.send(Event::Stop);
        played
    });
    ended?;
    played
}

fn welcome(show: &mut Show<'_>, scene: &Scene) {
    show.say("wanbeacon at work, on this machine alone.\n");
    show.say("Daemon, address source, sender and DNS check are the real ones. Pretended are, on loopback:");
    show.say(format_args!("  a FRITZ!Box at {}, the provider FreeDYN at {},", scene.fritzbox.address, scene.provider.address));
    show.say(format_args!("  and the name server of {} at {}.", super::names::ZONE, scene.names));
    show.say("Waits are the real ones, too: where a line says \"— 5 s later —\", the clock is put forward by as much.");
}

async fn first_update(stage: &mut Stage<'_>, scene: &Scene) -> Result<(), Failure> {
    stage.expect(&[(HOME, V4, &[Checking, Updating, Verifying]), (HOME, V6, &[Checking, NewAddress])]).await?;
    stage.pause(READING).await?;
    stage.skip(PACE, "requests to FreeDYN keep a distance, and its name servers get a moment");
    stage.expect(&[(HOME, V4, &[Complete]), (HOME, V6, &[Updating, Verifying])]).await?;
    stage.pause(READING).await?;
    stage.skip(PACE, "");
    stage.expect(&[(HOME, V6, &[Complete])]).await?;
    count(stage, scene, &[(HOME, 2)]).await
}

async fn trouble(stage: &mut Stage<'_>, scene: &Scene, text: &mut String) -> Result<(), Failure> {
    stage.show.chapter("2. The provider is in trouble: 911");
    scene.provider.book().trouble = true;
    let asked = scene.clock.now().wall;
    add(stage, text, &scene.entry(OFFICE, "mode        = \"v4\"\n")).await?;
    stage.expect(&[(OFFICE, V4, &[Updating, NewAddress])]).await?;
    let next = stage.now(OFFICE, V4).and_then(|it| it.next_attempt);
    if next.is_none_or(|next| next < asked.plus(OUTAGE)) {
        return Err(Failure::Differs(format!("after 911 at {asked} the next attempt should be half an hour away; it is {next:?}")));
    }
    count(stage, scene, &[(OFFICE, 1)]).await
}

async fn reconnection(stage: &mut Stage<'_>, scene: &Scene) -> Result<(), Failure> {
    stage.show.chapter("3. The box reconnects: another IPv4 address, another IPv6 prefix");
    stage.show.say("FreeDYN is well again by then; the half hour is kept all the same.\n");
    scene.provider.book().trouble = false;
    stage.skip(QUIET, "the line is quiet");
    stage.pause(SETTLED).await?;
    scene.fritzbox.reconnect(AFTER);
    let told = Instant::now();
    stage.expect(&[(HOME, V4, &[NewAddress, Updating, Verifying]), (HOME, V6, &[NewAddress])]).await?;
    stage.show.so_far(format_args!("the provider knows, {:.1} s after the box told of it", told.elapsed().as_secs_f64()));
    stage.pause(READING).await?;
    stage.skip(PACE, "");
    stage.expect(&[(HOME, V4, &[Complete]), (HOME, V6, &[Updating, Verifying])]).await?;
    stage.pause(READING).await?;
    stage.skip(PACE, "");
    stage.expect(&[(HOME, V6, &[Complete])]).await?;
    stage.show.so_far(format_args!("{OFFICE} keeps waiting; then it sends the address of that time"));
    count(stage, scene, &[(HOME, 4), (OFFICE, 1)]).await
}

async fn recovery(stage: &mut Stage<'_>, scene: &Scene) -> Result<(), Failure> {
    stage.show.chapter("4. The half hour is over");
    let next = stage.now(OFFICE, V4).and_then(|it| it.next_attempt);
    let next = next.ok_or_else(|| Failure::Differs(format!("{OFFICE} waits for nothing")))?;
    stage.skip(next.since(scene.clock.now().wall), "");
    stage.expect(&[(OFFICE, V4, &[Updating, Verifying])]).await?;
    stage.pause(READING).await?;
    stage.skip(PACE, "");
    stage.expect(&[(OFFICE, V4, &[Complete])]).await?;
    count(stage, scene, &[(HOME, 4), (OFFICE, 2)]).await
}

async fn abuse(stage: &mut Stage<'_>, scene: &Scene, text: &mut String) -> Result<(), Failure> {
    stage.show.chapter("5. The provider has locked an account: abuse");
    stage.show.say("This name belongs to another account; the others are not affected.\n");
    scene.provider.book().locked = Some(SHOPKEEPER);
    add(stage, text, &scene.entry(SHOP, "mode        = \"v4\"\n")).await?;
    stage.expect(&[(SHOP, V4, &[Updating, AccountDisabled])]).await?;
    count(stage, scene, &[(SHOP, 1)]).await?;
    a_day(stage, scene).await
}

async fn still_locked(stage: &mut Stage<'_>, scene: &Scene) -> Result<(), Failure> {
    let back = [Checking, Complete].as_slice();
    stage.expect(&[(SHOP, V4, &[AccountDisabled]), (HOME, V4, back), (HOME, V6, back), (OFFICE, V4, back)]).await?;
    stage.pause(READING).await?;
    a_day(stage, scene).await
}

/// The daemon looks, and has no reason to send anything.
async fn a_day(stage: &mut Stage<'_>, scene: &Scene) -> Result<(), Failure> {
    let before = scene.fritzbox.asked();
    stage.pause(READING).await?;
    stage.skip(DAY, "");
    stage.until("the look at the box", || scene.fritzbox.asked() >= before + 2).await?;
    stage.pause(SETTLED).await?;
    stage.show.so_far("the box was asked; nothing was due, and what is locked stays locked");
    count(stage, scene, &[(HOME, 4), (OFFICE, 2), (SHOP, 1)]).await
}

fn farewell(stage: &mut Stage<'_>, scene: &Scene) -> Result<(), Failure> {
    let Some(picture) = stage.picture().cloned() else {
        return Err(Failure::Differs("nothing was to be seen".into()));
    };
    stage.show.chapter("In the end");
    stage.show.table(&picture, |name| scene.requests(name));
    stage.show.say(format_args!(
        "\nA lock opens when the settings change or `wanbeacon unlock {SHOP}` is called.\n\
         Nothing left this machine; the state was kept in a folder that is gone now."
    ));
    Ok(())
}

/// One more entry, as after SIGHUP.
async fn add(stage: &mut Stage<'_>, text: &mut String, entry: &str) -> Result<(), Failure> {
    stage.show.config(entry);
    stage.pause(READING).await?;
    text.push('\n');
    text.push_str(entry);
    let settings = settings(text)?;
    stage.tell(Event::Reconfigured(Box::new(daemon::rules(&settings))));
    Ok(())
}

/// Shows how many requests there were, and that it is as many as there should be.
async fn count(stage: &mut Stage<'_>, scene: &Scene, expected: &[(&str, u32)]) -> Result<(), Failure> {
    stage.pause(READING).await?;
    let mut parts = Vec::new();
    for (name, expected) in expected {
        let requests = scene.requests(name);
        if requests != *expected {
            return Err(Failure::Differs(format!("{name} made {requests} requests instead of {expected}")));
        }
        parts.push(format!("{name} {requests}"));
    }
    stage.show.so_far(format_args!("requests so far: {}", parts.join(", ")));
    Ok(())
}
