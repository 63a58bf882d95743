//! What happens to a daemon in the course of the years.

use wanbeacon::engine::event::{Event, RouterNews};
use wanbeacon::rules::address::{Family, PerFamily};
use wanbeacon::rules::consensus::Line;

use super::dice::Dice;
use super::driver::World;
use super::pushes;
use super::{HOUR, MINUTE, SECOND};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// A family gets another address; is there an event, or does polling find out?
    Address(Family, bool),
    /// Several changes within minutes.
    Flap(Family),
    LinkLost(PerFamily<bool>),
    LinkBack,
    Provider(u64),
    Edit,
    Restart,
    Kill,
    KillBetween(u32),
    LoseState,
    DiskFull(u64),
    ClockStep(i64),
    ClockLost,
    ClockRight,
    Unlock,
    Update,
    LookNow,
    /// A router told something of the first or the second line.
    Router(bool, RouterNews),
    /// Somebody tells, and tells, and tells.
    Flood(bool),
    Followed(bool),
    /// The machine slept so long.
    Resumed(u64),
    /// The sources speak otherwise of the same line.
    Moods(bool),
    /// The other line gets another address.
    Cable(Family, bool),
    /// The router of the first or the second line calls.
    Push(bool),
    /// Routers call, and call, and each time say something else.
    PushFlap(bool),
}

impl Happening {
    pub(crate) fn random(novel: bool, dice: &mut Dice) -> Self {
        let family = if dice.percent(50) { Family::V4 } else { Family::V6 };
        if novel && dice.percent(35) {
            return Self::novel(family, dice);
        }
        match dice.below(100) {
            0..35 => Self::Address(family, dice.percent(70)),
            35..40 => Self::Flap(family),
            40..45 => match dice.below(3) {
                0 => Self::LinkLost(PerFamily { v4: false, v6: true }),
                1 => Self::LinkLost(PerFamily { v4: true, v6: false }),
                _ => Self::LinkLost(PerFamily { v4: false, v6: false }),
            },
            45..53 => Self::LinkBack,
            53..63 => Self::Provider(dice.pick(&[0, 5, 5, 15, 60, 95])),
            63..69 => Self::Edit,
            69..72 => Self::Restart,
            72..75 => Self::Kill,
            75..80 => Self::KillBetween(u32::try_from(dice.below(4)).expect("a few")),
            80 => Self::LoseState,
            81..83 => Self::DiskFull(dice.pick(&[MINUTE, 20 * MINUTE, 5 * HOUR])),
            83..86 => Self::ClockStep(dice.pick(&[-30, -8, -1, 1, 5, 26])),
            86 => Self::ClockLost,
            87..90 => Self::ClockRight,
            90..93 => Self::Unlock,
            93..97 => Self::Update,
            _ => Self::LookNow,
        }
    }
}

impl Happening {
    fn novel(family: Family, dice: &mut Dice) -> Self {
        let cable = dice.percent(40);
        match dice.below(28) {
            20..26 => Self::Push(cable),
            26..28 => Self::PushFlap(cable),
            0..4 => Self::Router(cable, RouterNews::Changed),
            4..6 => Self::Router(cable, RouterNews::Proven(PerFamily { v4: dice.percent(80), v6: dice.percent(80) })),
            6 => Self::Router(cable, RouterNews::Lost),
            7 => Self::Flood(cable),
            8 => Self::Followed(dice.percent(60)),
            9..12 => Self::Resumed(dice.pick(&[0, SECOND, 5 * MINUTE, 8 * HOUR])),
            12..17 => Self::Moods(cable),
            _ => Self::Cable(family, dice.percent(70)),
        }
    }
}

pub(crate) fn happen(world: &mut World, happening: Happening) -> Result<(), String> {
    world.tell(&format!("{happening:?}"));
    match happening {
        Happening::Address(family, event) => address(world, family, event),
        Happening::Flap(family) => {
            for _ in 0..world.dice.between(2, 15) {
                address(world, family, true)?;
                let pause = world.dice.between(SECOND, 3 * MINUTE);
                world.run(world.now + pause)?;
            }
            Ok(())
        }
        Happening::LinkLost(up) => link(world, up),
        Happening::LinkBack => link(world, PerFamily { v4: true, v6: true }),
        Happening::Provider(trouble) => {
            world.provider.trouble = trouble;
            Ok(())
        }
        Happening::Edit => {
            let what = world.setup.edit(&mut world.dice);
            world.tell(&format!("the configuration is changed: {what}"));
            reload(world)
        }
        Happening::Restart => world.stop(),
        Happening::Kill => {
            if world.running() {
                world.die("killed");
            }
            Ok(())
        }
        Happening::KillBetween(lists) => {
            world.dies_in = Some(lists);
            Ok(())
        }
        Happening::LoseState => {
            if world.running() {
                world.lose_state();
            }
            Ok(())
        }
        Happening::DiskFull(span) => {
            world.fill_disk(span);
            Ok(())
        }
        Happening::ClockStep(hours) => world.set_clock(hours * 3_600_000),
        Happening::ClockLost => world.set_clock(-1_795_000_000_000),
        Happening::ClockRight => world.set_clock(0),
        Happening::Unlock => {
            if world.is_healthy() {
                world.observer.unlock(world.now);
            }
            world.handle(Event::Unlock { domain: None, by: "the simulation".into() })
        }
        Happening::Update => {
            if world.is_healthy() {
                world.observer.wants_update(world.now);
            }
            world.handle(Event::Update { domain: None })
        }
        Happening::LookNow => world.handle(Event::LookNow),
        Happening::Router(cable, news) => router(world, cable, news),
        Happening::Flood(cable) => flood(world, cable),
        Happening::Followed(on) => {
            world.follow(on)?;
            // The daemon says so together with what the links are.
            let up = world.lines[0].up;
            link(world, up)
        }
        Happening::Resumed(span) => {
            if world.dice.percent(50) {
                // Meanwhile the line got another address.
                for family in Family::ALL {
                    world.change(0, family);
                    world.change(1, family);
                }
            }
            world.sleep(span)
        }
        Happening::Moods(cable) => {
            let what = world.lines[usize::from(cable)].moods(&mut world.dice);
            world.tell(&what);
            if world.dice.percent(60) { world.handle(Event::LookNow) } else { Ok(()) }
        }
        Happening::Cable(family, event) => {
            world.change(1, family);
            if world.dice.percent(60) {
                pushes::call(world, true)?;
            }
            if event { world.handle(Event::LookNow) } else { Ok(()) }
        }
        Happening::Push(cable) => pushes::call(world, cable),
        Happening::PushFlap(cable) => pushes::flap(world, cable),
    }
}

fn address(world: &mut World, family: Family, event: bool) -> Result<(), String> {
    world.change(0, family);
    if world.setup.novel && world.dice.percent(60) {
        pushes::call(world, false)?;
    }
    if event { world.handle(Event::LookNow) } else { Ok(()) }
}

/// Through which interface a line goes, if there is that line.
fn way(world: &World, cable: bool) -> Option<Line> {
    let name = if cable { "cable" } else { "default" };
    world.observer.rules().lines.iter().find(|line| line.name == name).cloned()
}

fn router(world: &mut World, cable: bool, news: RouterNews) -> Result<(), String> {
    let Some(Line { interface: via, .. }) = way(world, cable) else {
        return Ok(());
    };
    if world.is_healthy() {
        let rules = world.observer.rules().clone();
        match news {
            RouterNews::Proven(families) => world.observer.sights.proven(&rules, via.as_deref(), families),
            RouterNews::Lost => world.observer.sights.proven(&rules, via.as_deref(), PerFamily::default()),
            RouterNews::Changed => {}
        }
    }
    world.handle(Event::Router { via, news })
}

/// Whoever tells without end makes us look at the line no more often than the budget says: six looks, and one per ten seconds.
fn flood(world: &mut World, cable: bool) -> Result<(), String> {
    let Some(line) = way(world, cable).filter(|_| world.is_healthy()) else {
        return Ok(());
    };
    let (begin, starts) = (world.now, world.starts);
    let asked = |world: &World| {
        let of =
            |family| ["FritzBox", "Upnp", "Pcp", "Interface(None)"].map(|source| world.observer.sights.asked(&line.name, family, source));
        PerFamily::from_fn(of)
    };
    let before = asked(world);
    for _ in 0..world.dice.between(50, 400) {
        match world.dice.below(10) {
            0 => router(world, cable, RouterNews::Lost)?,
            1 => {
                let up = world.lines[0].up;
                link(world, up)?;
            }
            _ => router(world, cable, RouterNews::Changed)?,
        }
        let pause = world.dice.below(SECOND);
        world.run(world.now + pause)?;
    }
    let after = asked(world);
    // Twenty, then one per ten seconds. One look is due by the clock, one may be under way, and an update that somebody asked for may want one.
    let most = 20 + (world.now - begin) / (10 * SECOND) + 3;
    for family in Family::ALL {
        for (before, after) in before[family].iter().zip(after[family]) {
            if starts == world.starts && after > before + most {
                let span = (world.now - begin) / SECOND;
                return Err(format!("a flood of {span} s makes a source be asked {} times", after - before));
            }
        }
    }
    Ok(())
}

fn link(world: &mut World, up: PerFamily<bool>) -> Result<(), String> {
    world.lines.iter_mut().for_each(|line| line.up = up);
    if world.is_healthy() {
        world.observer.link(up);
    }
    world.handle(Event::LinkChanged(up))
}

pub(crate) fn reload(world: &mut World) -> Result<(), String> {
    let rules = world.setup.load();
    if !world.running() {
        return Ok(());
    }
    world.observer.settings(rules.clone(), world.is_healthy().then_some(world.now));
    world.handle(Event::Reconfigured(Box::new(rules)))
}
