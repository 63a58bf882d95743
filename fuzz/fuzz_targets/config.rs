//! Whatever stands in the configuration file: settings, or problems that show no secret.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanbeacon::config::{World, load};

fuzz_target!(|text: &str| {
    let world = World::given([("SECRET", "Zq7xYw9kPvB")], [("/run/secret", "Zq7xYw9kPvB\n")]);
    match load(text, "config.toml", &world) {
        Ok(loaded) => {
            for entry in &loaded.settings.entries {
                assert!(!entry.domains.is_empty() && entry.batch > 0);
                assert!(!format!("{entry:?}").contains("Zq7xYw9kPvB"));
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(!problem.to_string().contains("Zq7xYw9kPvB"), "{problem}");
            }
        }
    }
});
