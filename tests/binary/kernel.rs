//! The kernel's own addresses on a real interface, as the daemon follows them: one half of a veth pair in a network of the
//! test's own. The daemon polls once an hour, so whatever these tests see was told by an event.

use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::support::PATIENCE;
use crate::support::daemon::Daemon;
use crate::support::fake::{Answer, Fake};
use crate::support::home::{Home, V4_NEW, V6_NEW, custom};
use crate::support::namespace::{inside, tool};

/// Another address in the prefix of [`V6_NEW`].
const V6_OTHER: &str = "2003:f:ab::20";
/// The same machine after the line got another prefix.
const V6_RENUMBERED: &str = "2003:f:cd::10";

/// A line to the world, `wan0`: it has carrier, and no address but what the test gives it. Duplicate address detection is
/// off until a test wants it.
fn line() {
    tool("ip", &["link", "add", "wan0", "type", "veth", "peer", "name", "isp0"]);
    kernel("conf/all/accept_dad", "0");
    for interface in ["wan0", "isp0"] {
        tool("ip", &["link", "set", interface, "addrgenmode", "none"]);
        kernel(&format!("conf/{interface}/accept_dad"), "0");
        kernel(&format!("conf/{interface}/accept_ra"), "0");
        tool("ip", &["link", "set", interface, "up"]);
    }
}

/// Sets a value under `net/ipv6`.
#[track_caller]
fn kernel(name: &str, value: &str) {
    std::fs::write(format!("/proc/sys/net/ipv6/{name}"), value).unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// `ip address WHAT`, on `wan0`.
#[track_caller]
fn address(what: &str) {
    let arguments: Vec<&str> = ["address"].into_iter().chain(what.split(' ')).chain(["dev", "wan0"]).collect();
    tool("ip", &arguments);
}

/// The addresses of `wan0` that the kernel calls `kind`, as soon as there are `count`.
#[track_caller]
fn of_kind(kind: &str, count: usize) -> Vec<String> {
    let shown = || {
        let output = Command::new("ip").args(["-json", "-6", "address", "show", "dev", "wan0", kind]).output().expect("a system tool");
        let all: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let all = all[0]["addr_info"].as_array().cloned().unwrap_or_default();
        all.iter().filter_map(|it| Some(it["local"].as_str()?.to_owned())).collect::<Vec<_>>()
    };
    (0..5000).map(|_| shown()).find(|all| all.len() == count).unwrap_or_else(|| panic!("never {count} {kind}: {:?}", shown()))
}

/// A name that follows `wan0` in both families, each with a request of its own.
fn following(provider: &Fake) -> Home {
    let urls = format!("{} {}", provider.v4("/up?ip=<ipaddr>"), provider.v4("/up?ip=<ip6addr>"));
    let config = custom(&urls, "both", "ipv4 = [\"interface:wan0\"]\nipv6 = [\"interface:wan0\"]");
    Home::new(&format!("{config}interval = \"1h\"\n"))
}

/// Asks for the status of a family until it fits.
#[track_caller]
fn until(home: &Home, daemon: &Daemon, family: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let status = home.status();
        last = status["ddns"][0][family].clone();
        last["why"] = status["wan"][0][family]["reason"].clone();
        if fits(&last) {
            return last;
        }
    }
    panic!("{family} never came to this: {last:#}\n{}", daemon.text())
}

/// The addresses that the provider was told, in order.
fn told(provider: &Fake) -> Vec<String> {
    provider.settle();
    provider.requests().iter().map(|seen| seen.parameter("ip").expect("an address")).collect()
}

/// Starts the daemon and waits until it has looked at an interface without addresses.
fn daemon(home: &Home) -> Daemon {
    let daemon = home.daemon();
    daemon.says("no IPv4 address");
    daemon.says("no IPv6 address");
    daemon
}

#[test]
fn an_address_that_appears_is_sent_once_in_either_family() {
    inside("kernel::an_address_that_appears_is_sent_once_in_either_family", || {
        line();
        let provider = Fake::start(Answer::good);
        let home = following(&provider);
        let daemon = daemon(&home);
        for (number, (it, length, family)) in [(V4_NEW, 24, "ipv4"), (V6_NEW, 64, "ipv6")].into_iter().enumerate() {
            address(&format!("add {it}/{length}"));
            assert_eq!(provider.wait_for(number + 1).parameter("ip").as_deref(), Some(it));
            until(&home, &daemon, family, |shown| shown["published"] == it);
        }
        assert_eq!(told(&provider), [V4_NEW, V6_NEW]);
    });
}

#[test]
fn a_private_address_that_appears_is_passed_over_and_the_public_one_beside_it_is_sent() {
    inside("kernel::a_private_address_that_appears_is_passed_over_and_the_public_one_beside_it_is_sent", || {
        line();
        let provider = Fake::start(Answer::good);
        let home = following(&provider);
        let daemon = daemon(&home);
        let private = ["192.168.178.20", "100.64.7.1"];
        for it in private {
            address(&format!("add {it}/24"));
        }
        address("add fd00::10/64");
        address(&format!("add {V4_NEW}/24"));
        // Both families are looked at again: what is told of IPv6 shows that the private one was seen by then.
        until(&home, &daemon, "ipv6", |it| it["why"].as_str().is_some_and(|why| why.contains("fd00::10")));
        provider.wait_for(1);
        assert_eq!(told(&provider), [V4_NEW]);
        let detected = home.run(&["detect", "--json"]).json();
        let sources = detected["wan"][0]["ipv4"]["sources"].as_array().expect("a list").clone();
        for it in private {
            let passed = sources.iter().find(|source| source["address"] == it).unwrap_or_else(|| panic!("{it}: {sources:#?}"));
            assert!(passed["rejected"].is_string(), "{passed:#}");
        }
    });
}

#[test]
fn a_deprecated_address_gives_way_to_the_other_one() {
    inside("kernel::a_deprecated_address_gives_way_to_the_other_one", || {
        line();
        let provider = Fake::start(Answer::good);
        let home = following(&provider);
        let daemon = daemon(&home);
        address(&format!("add {V6_NEW}/64"));
        until(&home, &daemon, "ipv6", |it| it["published"] == V6_NEW);
        address(&format!("add {V6_OTHER}/64"));
        address(&format!("change {V6_NEW}/64 preferred_lft 0"));
        let it = until(&home, &daemon, "ipv6", |it| it["address"] == V6_OTHER);
        // One request a minute for one name: it is known, and waits.
        assert!(it["next_attempt"].is_string(), "{it:#}");
        assert_eq!(told(&provider), [V6_NEW]);
        // Preferred again before the minute is over: nothing has to be sent at all.
        address(&format!("change {V6_NEW}/64 preferred_lft forever"));
        address(&format!("del {V6_OTHER}/64"));
        until(&home, &daemon, "ipv6", |it| it["address"] == V6_NEW && it["next_attempt"].is_null());
        assert_eq!(told(&provider), [V6_NEW]);
    });
}

#[test]
fn a_temporary_address_is_never_sent_even_if_it_lives_longer() {
    inside("kernel::a_temporary_address_is_never_sent_even_if_it_lives_longer", || {
        line();
        kernel("conf/wan0/use_tempaddr", "2");
        let provider = Fake::start(Answer::good);
        let home = following(&provider);
        address(&format!("add {V6_NEW}/64 mngtmpaddr valid_lft 7200 preferred_lft 3600"));
        let temporary = of_kind("temporary", 1).remove(0);
        address(&format!("change {temporary}/64 valid_lft 86400 preferred_lft 86400"));
        let daemon = home.daemon();
        provider.wait_for(1);
        until(&home, &daemon, "ipv6", |it| it["published"] == V6_NEW);
        let detected = home.run(&["detect", "--json"]).json();
        let sources = detected["wan"][0]["ipv6"]["sources"].as_array().expect("a list").clone();
        let passed = sources.iter().find(|it| it["address"] == temporary.as_str()).unwrap_or_else(|| panic!("{sources:#?}"));
        assert!(passed["rejected"].as_str().is_some_and(|why| why.contains("temporary")), "{passed:#}");
        assert_eq!(told(&provider), [V6_NEW]);
    });
}

#[test]
fn an_address_is_not_sent_before_duplicate_address_detection_is_finished() {
    inside("kernel::an_address_is_not_sent_before_duplicate_address_detection_is_finished", || {
        line();
        let provider = Fake::start(Answer::good);
        let home = following(&provider);
        let daemon = daemon(&home);
        // A hundred questions to the neighbours, a second each; as soon as that is seen, the rest in no time.
        kernel("conf/wan0/accept_dad", "1");
        kernel("conf/wan0/dad_transmits", "100");
        kernel("neigh/wan0/retrans_time_ms", "1000");
        address(&format!("add {V6_NEW}/64"));
        until(&home, &daemon, "ipv6", |it| it["why"].as_str().is_some_and(|why| why.contains("not finished")));
        assert_eq!(of_kind("tentative", 1), [V6_NEW]);
        assert_eq!(told(&provider), [""; 0]);
        kernel("neigh/wan0/retrans_time_ms", "1");
        provider.wait_for(1);
        assert_eq!(told(&provider), [V6_NEW]);
    });
}

#[test]
fn an_address_that_a_neighbour_has_is_not_sent() {
    inside("kernel::an_address_that_a_neighbour_has_is_not_sent", || {
        line();
        let provider = Fake::start(Answer::good);
        let home = following(&provider);
        let daemon = daemon(&home);
        kernel("conf/wan0/accept_dad", "1");
        tool("ip", &["address", "add", &format!("{V6_NEW}/64"), "dev", "isp0", "nodad"]);
        address(&format!("add {V6_NEW}/64"));
        assert_eq!(of_kind("dadfailed", 1), [V6_NEW]);
        until(&home, &daemon, "ipv6", |it| it["why"].as_str().is_some_and(|why| why.contains("another machine")));
        assert_eq!(told(&provider), [""; 0]);
    });
}

#[test]
fn an_address_that_is_removed_costs_no_request_nor_does_its_return() {
    inside("kernel::an_address_that_is_removed_costs_no_request_nor_does_its_return", || {
        line();
        let provider = Fake::start(Answer::good);
        let home = following(&provider);
        let daemon = daemon(&home);
        let lines = [(V4_NEW, 24, "ipv4"), (V6_NEW, 64, "ipv6")];
        for (it, length, family) in lines {
            address(&format!("add {it}/{length}"));
            until(&home, &daemon, family, |shown| shown["published"] == it);
        }
        for (it, length, family) in lines {
            address(&format!("del {it}/{length}"));
            let shown = until(&home, &daemon, family, |shown| shown["address"].is_null());
            // A line between two addresses has not lost its link: it is looked at without delay when the next one comes.
            assert!(shown["why"].as_str().is_some_and(|why| why.contains("address")), "{shown:#}");
            assert_eq!(shown["published"], it, "what stands in the zone is not forgotten");
        }
        home.run(&["status"]).with(69);
        for (it, length, family) in lines {
            address(&format!("add {it}/{length}"));
            until(&home, &daemon, family, |shown| shown["address"] == it);
        }
        home.run(&["status"]).with(0);
        assert_eq!(told(&provider), [V4_NEW, V6_NEW]);
    });
}

#[test]
fn renewed_lifetimes_cost_nothing() {
    inside("kernel::renewed_lifetimes_cost_nothing", || {
        line();
        let provider = Fake::start(Answer::good);
        let home = following(&provider);
        let daemon = daemon(&home);
        address(&format!("add {V6_NEW}/64 valid_lft 7200 preferred_lft 3600"));
        until(&home, &daemon, "ipv6", |it| it["published"] == V6_NEW);
        let since = home.status()["wan"][0]["ipv6"]["since"].clone();
        for renewal in 0..50 {
            address(&format!("change {V6_NEW}/64 valid_lft {} preferred_lft {}", 7200 + renewal, 3600 + renewal));
        }
        // The kernel tells in order: when this is seen, all before it was.
        address(&format!("add {V4_NEW}/24"));
        provider.wait_for(2);
        assert_eq!(told(&provider), [V6_NEW, V4_NEW]);
        assert_eq!(home.status()["wan"][0]["ipv6"]["since"], since, "it is the same address since");
    });
}

#[test]
fn a_line_that_loses_its_carrier_says_so_and_sends_nothing_when_it_is_back() {
    inside("kernel::a_line_that_loses_its_carrier_says_so_and_sends_nothing_when_it_is_back", || {
        line();
        let provider = Fake::start(Answer::good);
        let home = following(&provider);
        let daemon = daemon(&home);
        address(&format!("add {V4_NEW}/24"));
        until(&home, &daemon, "ipv4", |it| it["published"] == V4_NEW);
        tool("ip", &["link", "set", "isp0", "down"]);
        let it = until(&home, &daemon, "ipv4", |it| it["address"].is_null());
        assert_eq!(it["status"], "internet-not-connected", "{it:#}");
        tool("ip", &["link", "set", "isp0", "up"]);
        until(&home, &daemon, "ipv4", |it| it["address"] == V4_NEW);
        assert_eq!(told(&provider), [V4_NEW], "it is the same address as before");
    });
}

#[test]
#[ignore = "takes a minute: the spacing of one name"]
fn a_renumbered_prefix_costs_exactly_one_request() {
    inside("kernel::a_renumbered_prefix_costs_exactly_one_request", || {
        line();
        let provider = Fake::start(Answer::good);
        let home = following(&provider);
        let daemon = daemon(&home);
        address(&format!("add {V6_NEW}/64 valid_lft 7200 preferred_lft 3600"));
        until(&home, &daemon, "ipv6", |it| it["published"] == V6_NEW);
        // As a router does it: the new prefix comes, the old one is deprecated, and lives out two hours.
        address(&format!("add {V6_RENUMBERED}/64 valid_lft 7200 preferred_lft 3600"));
        address(&format!("change {V6_NEW}/64 valid_lft 7200 preferred_lft 0"));
        provider.wait_for(2);
        until(&home, &daemon, "ipv6", |it| it["published"] == V6_RENUMBERED);
        address(&format!("del {V6_NEW}/64"));
        address(&format!("add {V4_NEW}/24"));
        provider.wait_for(3);
        assert_eq!(told(&provider), [V6_NEW, V6_RENUMBERED, V4_NEW]);
    });
}
