//! `wanbeacon healthcheck`: is the daemon alive?

use std::time::Duration;

use super::args::Options;
use super::ask::ask;
use super::exit::Exit;
use super::out::Out;
use crate::control::Request;

/// A daemon whose loop takes longer for one event is not well. Below the usual 30 s of Docker.
const LIMIT: Duration = Duration::from_secs(10);

/// Asks the daemon's own loop: it lives if it answers, whatever the providers say.
pub(super) fn run(options: &Options, out: &mut Out) -> Exit {
    match ask(options, &Request::Health, LIMIT) {
        Ok(_) => Exit::Success,
        Err(error) => {
            out.complain(error);
            Exit::Unhealthy
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::args::Args;
    use super::super::out::tests::Page;
    use super::*;

    #[test]
    fn without_a_daemon_the_check_fails_with_one() {
        let dir = tempfile::tempdir().unwrap();
        let line = ["wanbeacon".into(), "--state-dir".into(), dir.path().into(), "healthcheck".into()];
        let args = Args::read(line).unwrap();
        let page = Page::default();
        assert_eq!(run(&args.options, &mut page.out()).code(), 1);
        assert!(page.text().starts_with("wanbeacon: no daemon is running"), "{}", page.text());
    }
}
