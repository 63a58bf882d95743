//! Two lines on one machine. The program runs in a network with two uplinks, the test in the network behind them, where one
//! address is reached over either: what arrives there shows which way it took.

use std::process::Command;

use rustix::process::Signal;

use crate::support::daemon::Daemon;
use crate::support::fake::{Answer, Fake, Seen};
use crate::support::home::{Ended, Home, finish};
use crate::support::namespace::{inside, tool};
use crate::support::skipped;

/// The network of the program.
const HOME: &str = "--net=/run/netns/home";

/// Somebody on the far side of both uplinks (RFC 5737). Without further ado the way there is over the first one.
const FAR: &str = "198.51.100.1";

const DSL: &str = "91.12.34.56";
const CABLE: &str = "91.13.34.57";
const CABLE_NEW: &str = "91.14.34.58";

/// Runs a tool in the network of the program.
#[track_caller]
fn at_home(command: &str) {
    let words: Vec<&str> = [HOME].into_iter().chain(command.split(' ')).collect();
    tool("nsenter", &words);
}

/// An address for `interface`, its other end in the same /24, and the way out over it.
#[track_caller]
fn connect(interface: &str, far_end: &str, address: &str, metric: &str) {
    let gateway = format!("{}.1", address.rsplit_once('.').expect("an IPv4 address").0);
    tool("ip", &["addr", "add", &format!("{gateway}/24"), "dev", far_end]);
    at_home(&format!("ip addr add {address}/24 dev {interface}"));
    at_home(&format!("ip route replace default via {gateway} dev {interface} metric {metric}"));
}

/// Two uplinks, `wan0` and `wan1`; only the first has IPv4 addresses. False if this system does not know such.
fn uplinks() -> bool {
    let veth = Command::new("ip").args(["link", "add", "wan0", "type", "veth", "peer", "name", "far0"]).output();
    if !veth.is_ok_and(|output| output.status.success()) {
        skipped("no pairs of virtual interfaces here (veth)");
        return false;
    }
    tool("ip", &["link", "add", "wan1", "type", "veth", "peer", "name", "far1"]);
    tool("ip", &["addr", "add", &format!("{FAR}/32"), "dev", "lo"]);
    // ip(8) keeps the names of networks there.
    tool("mount", &["-t", "tmpfs", "none", "/run"]);
    tool("ip", &["netns", "add", "home"]);
    at_home("ip link set lo up");
    for (interface, far_end) in [("wan0", "far0"), ("wan1", "far1")] {
        tool("ip", &["link", "set", interface, "netns", "home"]);
        tool("ip", &["link", "set", far_end, "up"]);
        at_home(&format!("ip link set {interface} up"));
        // Strict filtering, which some systems begin with, refuses answers over the second line.
        let _ = Command::new("nsenter").args([HOME, "sysctl", "-qw", &format!("net.ipv4.conf.{interface}.rp_filter=0")]).output();
    }
    let _ = Command::new("nsenter").args([HOME, "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0"]).output();
    connect("wan0", "far0", DSL, "100");
    true
}

/// The program, moved into its network.
fn moved(home: &Home, arguments: &[&str]) -> Command {
    let inner = home.command(arguments);
    let mut command = Command::new("nsenter");
    command.arg(HOME).arg(inner.get_program()).args(inner.get_args()).env_clear();
    command
}

fn run(home: &Home, arguments: &[&str]) -> Ended {
    finish(moved(home, arguments))
}

/// A service that answers with the address that it sees.
fn echo() -> Fake {
    Fake::start_everywhere(|seen| Answer::ok(seen.peer.to_string()))
}

fn url(fake: &Fake, path_and_query: &str) -> String {
    format!("http://{FAR}:{}{path_and_query}", fake.port)
}

/// `name` at `provider`, following `wan`.
fn entry(provider: &Fake, name: &str, wan: &str, mode: &str) -> String {
    let v4 = url(provider, "/up?host=<domain>&ip=<ipaddr>");
    let urls = if mode == "v4" { v4 } else { format!("{v4} {}", url(provider, "/up?host=<domain>&ip6=<ip6addr>")) };
    format!("[[ddns]]\nupdate_url = {urls:?}\ndomain = \"{name}\"\nmode = \"{mode}\"\nwan = \"{wan}\"\nverify = false\n")
}

fn line(name: &str, interface: &str, ipv4: &str, ipv6: &str) -> String {
    format!("[wan.{name}]\ninterface = \"{interface}\"\nipv4 = [{ipv4:?}]\nipv6 = [{ipv6}]\n")
}

/// Two names, each on a line of its own, which learn their IPv4 address from the same echo.
fn two_lines(provider: &Fake, echo: &Fake) -> Home {
    let echo = url(echo, "/");
    let parts = [
        entry(provider, "dsl.example.org", "dsl", "v4"),
        entry(provider, "cable.example.org", "cable", "v4"),
        line("dsl", "wan0", &echo, ""),
        line("cable", "wan1", &echo, ""),
        "[daemon]\nsettle = \"0s\"\n".to_owned(),
    ];
    Home::new(&parts.concat())
}

/// Name, address that was sent, and where the request came from.
fn told(seen: &Seen) -> (String, String, String) {
    let address = seen.parameter("ip").or_else(|| seen.parameter("ip6"));
    (seen.parameter("host").unwrap_or_default(), address.unwrap_or_default(), seen.peer.to_string())
}

fn all_told(provider: &Fake) -> Vec<(String, String, String)> {
    let mut all: Vec<_> = provider.requests().iter().map(told).collect();
    all.sort();
    all
}

fn expected(rows: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    rows.iter().map(|(name, address, from)| ((*name).to_owned(), (*address).to_owned(), (*from).to_owned())).collect()
}

/// Looks again, and waits until both lines were asked and everything that follows was sent.
fn look_again(daemon: &Daemon, echo: &Fake, provider: &Fake) {
    let looks = echo.count();
    daemon.signal(Signal::USR1);
    echo.wait_for(looks + 2);
    echo.settle();
    provider.settle();
}

#[test]
fn each_line_is_asked_and_told_of_through_its_own_interface() {
    inside("lines::each_line_is_asked_and_told_of_through_its_own_interface", || {
        if !uplinks() {
            return;
        }
        connect("wan1", "far1", CABLE, "200");
        let (provider, echo) = (Fake::start_everywhere(Answer::good), echo());
        let home = two_lines(&provider, &echo);
        run(&home, &["--once"]).with(0);
        let rows = [("cable.example.org", CABLE, CABLE), ("dsl.example.org", DSL, DSL)];
        assert_eq!(all_told(&provider), expected(&rows));
        let status = home.status();
        let seen: Vec<_> = (0..2).map(|line| (&status["wan"][line]["name"], &status["wan"][line]["ipv4"]["address"])).collect();
        assert_eq!(seen, [(&"dsl".into(), &DSL.into()), (&"cable".into(), &CABLE.into())]);
        // Without a word about the way out the system decides: what was seen above is no accident.
        home.configure(&format!("[wan]\nipv4 = [{:?}]\nipv6 = []\n", url(&echo, "/")));
        let found = run(&home, &["detect", "--json"]).json();
        assert_eq!(found["wan"][0]["ipv4"]["address"], DSL, "{found:#}");
    });
}

#[test]
fn the_interface_source_of_a_line_reads_the_lines_own_interface() {
    inside("lines::the_interface_source_of_a_line_reads_the_lines_own_interface", || {
        if !uplinks() {
            return;
        }
        connect("wan1", "far1", CABLE, "200");
        at_home("ip addr add 2003:f:ab::10/64 dev wan0 nodad");
        at_home("ip addr add 2003:f:cd::10/64 dev wan1 nodad");
        let provider = Fake::start_everywhere(Answer::good);
        let parts = [
            entry(&provider, "dsl.example.org", "dsl", "both"),
            entry(&provider, "cable.example.org", "cable", "both"),
            line("dsl", "wan0", "interface", "\"interface\""),
            line("cable", "wan1", "interface", "\"interface\""),
        ];
        run(&Home::new(&parts.concat()), &["--once"]).with(0);
        let rows = [
            ("cable.example.org", "2003:f:cd::10", CABLE),
            ("cable.example.org", CABLE, CABLE),
            ("dsl.example.org", "2003:f:ab::10", DSL),
            ("dsl.example.org", DSL, DSL),
        ];
        assert_eq!(all_told(&provider), expected(&rows));
    });
}

#[test]
fn a_line_that_comes_up_is_told_once_and_only_for_its_own_entry() {
    inside("lines::a_line_that_comes_up_is_told_once_and_only_for_its_own_entry", || {
        if !uplinks() {
            return;
        }
        let (provider, echo) = (Fake::start_everywhere(Answer::good), echo());
        let home = two_lines(&provider, &echo);
        let mut daemon = Daemon::start(moved(&home, &[]));
        assert_eq!(told(&provider.wait_for(1)), expected(&[("dsl.example.org", DSL, DSL)])[0]);
        daemon.says("answered");
        connect("wan1", "far1", CABLE, "200");
        daemon.signal(Signal::USR1);
        assert_eq!(told(&provider.wait_for(2)), expected(&[("cable.example.org", CABLE, CABLE)])[0]);
        daemon.says_again("answered", 2);
        look_again(&daemon, &echo, &provider);
        assert_eq!(daemon.stop(), Some(0));
        assert_eq!(provider.count(), 2, "{:?}", all_told(&provider));
    });
}

#[test]
#[ignore = "takes a minute: the spacing of one name"]
fn a_change_on_one_line_is_told_once_and_only_for_its_own_entry() {
    inside("lines::a_change_on_one_line_is_told_once_and_only_for_its_own_entry", || {
        if !uplinks() {
            return;
        }
        connect("wan1", "far1", CABLE, "200");
        let (provider, echo) = (Fake::start_everywhere(Answer::good), echo());
        let home = two_lines(&provider, &echo);
        let mut daemon = Daemon::start(moved(&home, &[]));
        daemon.says_again("answered", 2);
        at_home(&format!("ip addr del {CABLE}/24 dev wan1"));
        connect("wan1", "far1", CABLE_NEW, "200");
        daemon.signal(Signal::USR1);
        assert_eq!(told(&provider.wait_for(3)), expected(&[("cable.example.org", CABLE_NEW, CABLE_NEW)])[0]);
        daemon.says_again("answered", 3);
        look_again(&daemon, &echo, &provider);
        assert_eq!(daemon.stop(), Some(0));
        assert_eq!(provider.count(), 3, "{:?}", all_told(&provider));
    });
}
