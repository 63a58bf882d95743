//! Years of random events against the production engine, under virtual time and under the eyes of an independent observer.
//!
//! A history is one seed: a random configuration, line, provider and operator. `WANBEACON_SEED` repeats one (and goes on with
//! the next ones), `WANBEACON_DAYS` makes the run longer than the ordinary ten thousand days.

#[path = "simulation/dice.rs"]
mod dice;
#[path = "simulation/driver.rs"]
mod driver;
#[path = "simulation/line.rs"]
mod line;
#[path = "simulation/observer.rs"]
mod observer;
#[path = "simulation/provider.rs"]
mod provider;
#[path = "simulation/pushes.rs"]
mod pushes;
#[path = "simulation/script.rs"]
mod script;
#[path = "simulation/setup.rs"]
mod setup;
#[path = "simulation/sights.rs"]
mod sights;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dice::Dice;
use driver::World;
use script::Happening;
use wanbeacon::engine::event::Event;
use wanbeacon::rules::address::{Family, PerFamily};

/// Milliseconds.
const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// When a history begins: a clock that is set does not move what happened in it before the beginning of time.
const START: u64 = 5 * DAY;

/// Days of events in one history, and of health at its end.
const BUSY: u64 = 40;
const GOOD: u64 = 10;

/// Days of the ordinary run.
const ORDINARY: u64 = 10_000;

/// A run repeats the same histories until somebody asks for others.
const FIRST_SEED: u64 = 1;

/// What a history amounted to.
#[derive(Default)]
struct Sum {
    requests: u64,
    right: usize,
    /// Looks from outside.
    checks: u64,
    ticks: u64,
    /// Wake-ups for nothing.
    idle: u64,
    /// Calls of routers, and those with news.
    calls: u64,
    news: u64,
}

impl Sum {
    const fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.right += other.right;
        self.checks += other.checks;
        self.ticks += other.ticks;
        self.idle += other.idle;
        self.calls += other.calls;
        self.news += other.news;
    }
}

#[test]
fn no_history_breaks_a_rule_of_conduct_and_every_good_day_ends_with_the_right_address() {
    let from_environment = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = from_environment("WANBEACON_SEED").unwrap_or(FIRST_SEED);
    let days = from_environment("WANBEACON_DAYS").unwrap_or(ORDINARY);
    let histories = days.div_ceil(BUSY + GOOD);
    println!("WANBEACON_SEED={first} WANBEACON_DAYS={days}");
    let next = AtomicU64::new(0);
    let work = || {
        let mut sum = Sum::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= histories {
                return Ok(sum);
            }
            let seed = first + number;
            let lived = std::panic::catch_unwind(|| history(seed)).unwrap_or_else(|_| Err("a panic; its message is above".into()));
            match lived {
                Ok(its) => sum.add(&its),
                Err(problem) => {
                    next.store(histories, Ordering::Relaxed);
                    return Err(format!("{problem}\nrepeat with WANBEACON_SEED={seed} WANBEACON_DAYS=1"));
                }
            }
        }
    };
    let results: Vec<Result<Sum, String>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("the seed is printed above")).collect()
    });
    let mut sum = Sum::default();
    for result in results {
        match result {
            Ok(its) => sum.add(&its),
            Err(problem) => panic!("{problem}"),
        }
    }
    let Sum { requests, right, checks, ticks, idle, calls, news } = sum;
    let lived = histories * (BUSY + GOOD);
    println!("{lived} days, {requests} requests, {right} names right at the end, {checks} checks, {idle} of {ticks} wake-ups for nothing");
    println!("{calls} calls of routers, {news} of them with news");
    assert!(requests > days / 10 && right > 0, "so few requests prove nothing");
    // What was due when a wake-up was asked for may have been settled by something else meanwhile.
    assert!(idle <= ticks / 50, "idle stays idle");
}

/// One history; the broken rule with what happened before, if there is one.
fn history(seed: u64) -> Result<Sum, String> {
    let mut world = World::new(Dice::new(seed));
    let result = live(&mut world);
    result.map_err(|problem| format!("{}\n\nBROKEN: {problem}", world.trace()))
}

fn live(world: &mut World) -> Result<Sum, String> {
    world.run(START + SECOND)?;
    let calm = world.dice.pick(&[2 * HOUR, 6 * HOUR, 12 * HOUR]);
    while world.now < START + BUSY * DAY {
        let pause = match world.dice.below(10) {
            0 => world.dice.between(0, 30 * SECOND),
            1 => world.dice.between(0, 10 * MINUTE),
            _ => world.dice.between(0, calm * 2),
        };
        world.run(world.now + pause)?;
        let happening = Happening::random(world.setup.novel, &mut world.dice);
        world.happen(happening)?;
    }
    recover(world)?;
    world.run(world.now + DAY)?;
    let right = world.all_is_well()?;
    world.run(START + (BUSY + GOOD) * DAY)?;
    let right = right.min(world.all_is_well()?);
    let (ticks, idle) = world.ticks;
    let (calls, news) = world.calls;
    Ok(Sum { requests: world.observer.requests, right, checks: world.observer.sights.begun, ticks, idle, calls, news })
}

/// Provider, line, clock, disk and process are healthy from now on; of the locks only those stay that nobody opens.
fn recover(world: &mut World) -> Result<(), String> {
    world.provider.trouble = 0;
    world.lines.iter_mut().for_each(|line| line.flaky = false);
    world.dies_in = None;
    world.fill_disk(0);
    world.set_clock(0)?;
    world.run(world.now + 4 * HOUR)?;
    world.tell("everything is healthy from now on");
    if world.dice.percent(60) {
        world.setup.renew();
        script::reload(world)?;
    }
    let fresh = world.dice.percent(60);
    for family in Family::ALL {
        for line in &mut world.lines {
            line.heal(family, fresh, &mut world.dice);
        }
        let shown = world.lines.each_ref().map(|line| line.shown[family]);
        world.tell(&format!("{family} is now {shown:?}"));
    }
    let up = PerFamily { v4: true, v6: true };
    world.observer.link(up);
    world.handle(Event::LinkChanged(up))?;
    pushes::recover(world)?;
    assert!(world.is_healthy(), "the process came back after {:?}", Duration::from_millis(4 * HOUR));
    Ok(())
}
