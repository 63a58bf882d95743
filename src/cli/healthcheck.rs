//! `wanbeacon healthcheck`: is the daemon alive?

use super::args::Options;
use super::ask::ask;
use super::exit::Exit;
use super::listener::{self, LIMIT};
use super::out::Out;
use super::spare;
use crate::control::Request;

/// Asks the daemon's own loop: it lives if it answers, whatever the providers say. Without a state folder, or with one that cannot be
/// used, there is no socket; then the web listener is asked.
pub(super) fn run(options: &Options, out: &mut Out) -> Exit {
    match ask(options, &Request::Health, LIMIT) {
        Ok(_) => Exit::Success,
        Err(_) if web(options) => Exit::Success,
        Err(error) => {
            out.complain(error);
            Exit::Unhealthy
        }
    }
}

/// Does the web listener of the configured daemon say that it is well?
fn web(options: &Options) -> bool {
    let address = spare::load(options).ok().and_then(|found| listener::address(options, &found.loaded.settings));
    address.is_some_and(|address| listener::get(address, "/healthz", 4096).is_some())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

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

    #[test]
    fn without_a_state_folder_the_web_listener_is_asked() {
        let dir = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let config = dir.path().join("config.toml");
        std::fs::write(&config, format!("[web]\nlisten = \"{}\"\n", listener.local_addr().unwrap())).unwrap();
        let told = |answer: &'static [u8]| {
            let listener = listener.try_clone().unwrap();
            let server = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut asked = [0; 64];
                let length = stream.read(&mut asked).unwrap();
                stream.write_all(answer).unwrap();
                asked[..length].to_vec()
            });
            let line = ["wanbeacon".into(), "--state-dir=none".into(), "--config".into(), config.clone().into(), "healthcheck".into()];
            let code = run(&Args::read(line).unwrap().options, &mut Page::default().out()).code();
            assert!(server.join().unwrap().starts_with(b"GET /healthz "));
            code
        };
        assert_eq!(told(b"HTTP/1.0 200 OK\r\n\r\nok"), 0);
        assert_eq!(told(b"HTTP/1.0 503 Service Unavailable\r\n\r\n"), 1);
    }
}
