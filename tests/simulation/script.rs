//! What happens to a daemon in the course of the years.

use wanbeacon::engine::event::Event;
use wanbeacon::rules::address::{Family, PerFamily};

use super::dice::Dice;
use super::driver::World;
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
}

impl Happening {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let family = if dice.percent(50) { Family::V4 } else { Family::V6 };
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
    }
}

fn address(world: &mut World, family: Family, event: bool) -> Result<(), String> {
    world.line.change(family, &mut world.dice);
    world.tell(&format!("{family} is now {:?}", world.line.shown[family]));
    if event { world.handle(Event::LookNow) } else { Ok(()) }
}

fn link(world: &mut World, up: PerFamily<bool>) -> Result<(), String> {
    world.line.up = up;
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
    world.observer.settings(rules.clone(), world.now);
    world.handle(Event::Reconfigured(Box::new(rules)))
}
