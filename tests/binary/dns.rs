//! The zone's own name servers: they confirm, and they stand in for a lost memory. They answer at port 53, so these tests
//! run in a network of their own.

use crate::support::dns::Dns;
use crate::support::fake::{Answer, Fake};
use crate::support::home::{Home, NAME, V4_NEW, V4_OLD, custom, fixed};
use crate::support::namespace::inside;

/// A provider that writes into the zone what it is told.
fn provider(dns: &Dns) -> Fake {
    let zone = dns.clone();
    Fake::start(move |seen| {
        zone.set(NAME, &[seen.parameter("ip").expect("an address").as_str()]);
        Answer::good(seen)
    })
}

fn home(provider: &Fake) -> Home {
    let config = custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None)).replace("verify = false\n", "");
    Home::new(&format!("{config}resolver = [\"127.0.0.1\"]\n"))
}

#[test]
fn an_update_is_confirmed_by_the_authoritative_server() {
    inside("dns::an_update_is_confirmed_by_the_authoritative_server", || {
        let dns = Dns::start(53);
        dns.set(NAME, &[V4_OLD]);
        let provider = provider(&dns);
        let home = home(&provider);
        home.once().with(0);
        let it = home.status()["ddns"][0]["ipv4"].clone();
        assert_eq!((&it["status"], &it["published"]), (&"complete".into(), &V4_NEW.into()), "{it:#}");
        assert!(it["verified_at"].is_string(), "{it:#}");
    });
}

#[test]
fn without_a_memory_dns_is_asked_first_and_a_name_that_is_right_costs_no_request() {
    inside("dns::without_a_memory_dns_is_asked_first_and_a_name_that_is_right_costs_no_request", || {
        let dns = Dns::start(53);
        dns.set(NAME, &[V4_OLD]);
        let provider = provider(&dns);
        let home = home(&provider);
        home.once().with(0);
        assert_eq!(provider.count(), 1);
        let state = home.state().join("state");
        for lost in [Vec::new(), vec![0xA5; 3000], b"wanbeacon-state 99\n".to_vec()] {
            std::fs::write(&state, &lost).expect("our own file");
            let ended = home.once().with(0);
            assert!(ended.stderr.contains("DNS shows"), "{ended:#?}");
            assert_eq!(provider.count(), 1, "{lost:?}");
        }
        std::fs::remove_dir_all(home.state()).expect("our own folder");
        home.once().with(0);
        assert_eq!(provider.count(), 1, "the whole folder was lost");
    });
}

#[test]
fn without_a_memory_a_name_that_is_wrong_or_cannot_be_asked_for_is_sent_once() {
    inside("dns::without_a_memory_a_name_that_is_wrong_or_cannot_be_asked_for_is_sent_once", || {
        let dns = Dns::start(53);
        let provider = provider(&dns);
        dns.set(NAME, &[V4_OLD]);
        home(&provider).once().with(0);
        assert_eq!(provider.count(), 1);
        dns.zone.change(|zone| zone.broken = true);
        let unsure = home(&provider);
        unsure.once();
        unsure.once();
        assert_eq!(provider.count(), 2, "one request, and no second one although nothing could be confirmed");
    });
}

#[test]
fn a_state_folder_that_cannot_be_written_makes_dns_the_memory_of_the_daemon() {
    use std::os::unix::process::CommandExt;
    inside("dns::a_state_folder_that_cannot_be_written_makes_dns_the_memory_of_the_daemon", || {
        if std::fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| map.split_whitespace().nth(2) == Some("1")) {
            return crate::support::skipped("this namespace has one user only");
        }
        let dns = Dns::start(53);
        dns.set(NAME, &[V4_NEW]);
        let provider = provider(&dns);
        let home = home(&provider);
        std::fs::create_dir(home.state()).expect("our own folder");
        for path in [home.path(), &home.config_file()] {
            let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(path, open).expect("ours");
        }
        let mut command = home.command(&[]);
        command.uid(65_534).gid(65_534);
        let mut daemon = crate::support::daemon::Daemon::start(command);
        daemon.says("DNS shows");
        assert_eq!(daemon.stop(), Some(0));
        assert_eq!(provider.count(), 0);
    });
}
