//! No command of a document is passed over: each is checked against what is there, or stands on a list that says why it is not.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use clap::{CommandFactory as _, Parser as _};
use wanbeacon::cli::args::Args;
use wanbeacon::config::{World, load_file};
use wanbeacon::rules::intake::{Fields, Order};

use super::markdown::{Page, page, pages, root};
use super::shell::{Command, commands};

/// Programs of others, taken as they are; what they are given of ours is checked all the same.
const TAKEN: [(&str, &str); 26] = [
    ("apt", "installs the package that the release checklist builds"),
    ("cd", "the shell's own"),
    ("chmod", "of the system; tests/docs/secrets.rs shows who can read what"),
    ("chown", "as chmod"),
    ("cp", "of the system"),
    ("dnf", "as apt"),
    ("export", "the shell's own; our variables are checked"),
    ("git", "of whoever builds; folders of ours are checked"),
    ("id", "of the system"),
    ("install", "of the system; files of ours are checked"),
    ("ip", "of the system, only looks"),
    ("journalctl", "of systemd; the unit is checked"),
    ("lintian", "of Debian, for a package"),
    ("ls", "of the system"),
    ("mkdir", "of the system"),
    ("mv", "of the system"),
    ("printf", "the shell's own"),
    ("rustc", "of whoever builds"),
    ("sed", "of the system"),
    ("sudoedit", "opens an editor"),
    ("systemd-creds", "of systemd, makes a credential"),
    ("tar", "unpacks the tarball of the release checklist"),
    ("umask", "the shell's own"),
    ("docker kill", "sends the signal that src/signals.rs takes"),
    ("docker stop", "another updater's container"),
    ("docker update", "another updater's container"),
];

/// What cargo is asked for beside `cargo run`; those that are no part of it are named in the release checklist.
const CARGO: [&str; 9] = ["auditable", "build", "cyclonedx", "deb", "deny", "generate-rpm", "install", "package", "test"];

/// Units of the clients that people come from.
const OTHER_UNITS: [&str; 3] = ["ddclient", "ddns-go", "inadyn"];

/// What systemctl is asked for.
const VERBS: [&str; 11] =
    ["daemon-reload", "disable", "edit", "enable", "list-timers", "reload", "reset-failed", "restart", "start", "status", "stop"];

/// Folders of the repository: what a command names in them has to be there.
const FOLDERS: [&str; 5] = [".ci/", "catalog/", "packaging/", "systemd/", "tests/"];

type Judgement = Result<(), String>;

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Judgement {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// The commands of a block for the shell or for cron.
pub(crate) fn of_block(language: &str, text: &str) -> Vec<Command> {
    let mut found = commands(text);
    if language == "cron" {
        // When it runs.
        for command in &mut found {
            command.words.drain(..5);
        }
    }
    found
}

fn of_page(page: &Page) -> Vec<Command> {
    let blocks = page.blocks();
    let ours = blocks.iter().filter(|block| ["sh", "cron"].contains(&block.language));
    ours.flat_map(|block| of_block(block.language, &block.text)).collect()
}

/// The command without who runs it.
fn bare(words: &[String]) -> Vec<&str> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (["sudo", "-u", "wanbeacon", own @ ..] | ["sudo", own @ ..] | own) = words.as_slice();
    match own {
        ["env", own @ ..] => own.iter().copied().skip_while(|word| word.contains('=')).collect(),
        own => own.to_vec(),
    }
}

/// Is what `page` tells to do possible?
pub(crate) fn judge(page: &Page, command: &Command) -> Judgement {
    let words = bare(&command.words);
    for word in words.iter().filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder))) {
        ensure(root().join(word).exists(), || format!("there is no {word}"))?;
    }
    let settings = command.settings.iter().map(String::as_str).chain(words.iter().copied());
    for name in settings.filter_map(|word| word.split_once('=')).map(|(name, _)| name).filter(|name| name.starts_with("WANBEACON_")) {
        // Those of an entry are loaded where a container gets them.
        let known = is_variable(name) || name == "WANBEACON_RENEW" || words.first() == Some(&"docker");
        ensure(known, || format!("{name} is no variable"))?;
    }
    match words.as_slice() {
        [] => Ok(()),
        [program, arguments @ ..] if *program == "wanbeacon" || program.ends_with("/bin/wanbeacon") => understood(arguments),
        ["cargo", "run", options @ ..] => understood(&options.iter().copied().skip_while(|word| *word != "--").skip(1).collect::<Vec<_>>()),
        ["cargo", arguments @ ..] => cargo(arguments),
        ["curl", arguments @ ..] => curl(page, arguments),
        ["docker", arguments @ ..] => docker(page, arguments),
        ["systemctl", verb, units @ ..] => {
            ensure(VERBS.contains(verb), || format!("systemctl {verb} is not on the list"))?;
            units.iter().filter(|unit| !unit.starts_with('-')).try_for_each(|unit| is_unit(unit))
        }
        ["journalctl", "-u", unit] => is_unit(unit),
        [program, ..] if program.contains('/') => {
            // The tarball has it beside what it installs.
            let file = if *program == "./install.sh" { "packaging/install.sh" } else { program };
            ensure(root().join(file).exists(), || format!("there is no {program}"))
        }
        [program, ..] => taken(program),
    }
}

fn taken(program: &str) -> Judgement {
    ensure(TAKEN.iter().any(|(name, _)| *name == program), || {
        format!("{program:?} is checked by nothing: check it in tests/docs/commands.rs, or say there why it is taken as it is")
    })
}

/// Does the program understand these words? What stands in brackets may be left out.
pub(crate) fn understood(arguments: &[&str]) -> Judgement {
    let arguments = arguments.iter().map(|word| word.trim_matches(['[', ']'])).filter(|word| *word != "DOMAIN");
    Args::try_parse_from(std::iter::once("wanbeacon").chain(arguments)).map(drop).map_err(|error| error.to_string())
}

fn is_variable(name: &str) -> bool {
    Args::command().get_arguments().any(|option| option.get_env().is_some_and(|variable| variable == name))
}

fn is_unit(name: &str) -> Judgement {
    let file = if name.contains('.') { name.to_owned() } else { format!("{name}.service") };
    ensure(OTHER_UNITS.contains(&name) || root().join("systemd").join(file).exists(), || format!("there is no unit {name}"))
}

fn cargo(arguments: &[&str]) -> Judgement {
    ensure(arguments.first().is_some_and(|name| CARGO.contains(name)), || format!("cargo {arguments:?} is not on the list"))?;
    arguments.windows(2).filter(|pair| pair[0] == "--test").try_for_each(|pair| {
        let file = root().join("tests").join(pair[1]).with_extension("rs");
        ensure(file.exists(), || format!("there is no test {}", pair[1]))
    })
}

fn curl(page: &Page, arguments: &[&str]) -> Judgement {
    let (user, url) = match arguments {
        ["-u", user, url] => (Some(*user), *url),
        [url] => (None, *url),
        _ => return Err(format!("curl {arguments:?}: a user and a URL are understood here")),
    };
    if let Some(user) = user {
        is_user(user)?;
    }
    let query = served(url)?;
    if query.is_empty() {
        return Ok(());
    }
    let read = Order::read(&Fields::read(query.as_bytes(), b""), IpAddr::V4(Ipv4Addr::new(91, 12, 34, 56)));
    let told = |word: &str| page.spans().iter().any(|span| span == word);
    read.map_or_else(|refusal| ensure(told(refusal.code.word()), || format!("{url} is answered with {}", refusal.code.word())), |_| Ok(()))
}

/// Is this user in a configuration of any document?
pub(crate) fn is_user(name: &str) -> Judgement {
    let entry = format!("[[web.user]]\nname     = {name:?}\n");
    let known = pages().iter().any(|page| page.blocks().iter().any(|block| block.language == "toml" && block.text.contains(&entry)));
    ensure(known, || format!("no configuration has a user {name:?}"))
}

/// Is there something at this URL that takes these parameters? Gives the query.
pub(crate) fn served(url: &str) -> Result<&str, String> {
    let rest = url.strip_prefix("http://").ok_or_else(|| format!("{url} is no URL"))?;
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let routes = std::fs::read_to_string(root().join("src/web/route.rs")).map_err(|error| error.to_string())?;
    ensure(routes.contains(&format!("{path:?}")), || format!("nothing is served at {path:?}"))?;
    ensure(query.is_empty() || path == "/nic/update", || format!("{path} takes no parameters"))?;
    for name in query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name)) {
        ensure(is_parameter(name), || format!("the intake knows no parameter {name:?}"))?;
    }
    Ok(query)
}

/// Does the intake take anything from this parameter?
fn is_parameter(name: &str) -> bool {
    // Without an address of its own the request has that of its peer, which nobody publishes.
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let reads = |query: String| Order::read(&Fields::read(query.as_bytes(), b""), peer).is_ok();
    let logs_in = |query: String| Fields::read(query.as_bytes(), b"").login(None).is_some();
    reads(format!("{name}=home.example.de&myip=91.12.34.56"))
        || ["91.12.34.56", "2003:e7:1:2::/64"].into_iter().any(|value| reads(format!("hostname=home.example.de&{name}={value}")))
        || logs_in(format!("{name}=a&password=b"))
        || logs_in(format!("user=a&{name}=b"))
}

fn docker(page: &Page, arguments: &[&str]) -> Judgement {
    match arguments {
        ["build", "-f", file, "-t", "wanbeacon", "."] => ensure(root().join(file).exists(), || format!("there is no {file}")),
        ["exec", "wanbeacon", "/wanbeacon", arguments @ ..] => understood(arguments),
        ["compose", "up", "-d"] => ensure(page.text.contains("packaging/compose.yaml"), || "no link to compose.yaml".to_owned()),
        ["run", options @ ..] => Run::read(options)?.judge(page),
        [action, ..] => taken(&format!("docker {action}")),
        [] => Err("docker alone does nothing".to_owned()),
    }
}

/// A container that is started.
#[derive(Default)]
struct Run<'a> {
    variables: Vec<(&'a str, &'a str)>,
    /// What of the host is where.
    mounts: Vec<(&'a str, &'a str)>,
}

impl<'a> Run<'a> {
    fn read(options: &[&'a str]) -> Result<Self, String> {
        let mut run = Self::default();
        let mut rest = options.iter().copied();
        while let Some(option) = rest.next() {
            match option {
                "-d" | "--read-only" => {}
                "--name" | "--network" | "--user" | "--cap-drop" | "--restart" => drop(rest.next()),
                "-e" => run.variables.extend(rest.next().and_then(|setting| setting.split_once('='))),
                "-v" => run.mounts.extend(rest.next().and_then(|mount| mount.trim_end_matches(":ro").split_once(':'))),
                "wanbeacon" => return understood(&rest.collect::<Vec<_>>()).map(|()| run),
                other => return Err(format!("docker run {other}: not understood here")),
            }
        }
        Err("docker run without the image wanbeacon".to_owned())
    }

    fn judge(&self, page: &Page) -> Judgement {
        for (name, _) in &self.variables {
            ensure(is_variable(name) || name.starts_with("WANBEACON_DDNS_"), || format!("{name} is no variable"))?;
        }
        for (host, _) in &self.mounts {
            let own = host.strip_prefix("$PWD/");
            ensure(own.map_or(!host.contains('/'), |path| is_made(page, path)), || format!("{host} is not made on this page"))?;
        }
        let blocks = page.blocks();
        let own = blocks.iter().filter(|block| block.language == "toml").map(|block| block.text.as_str());
        let has_file = self.mounts.iter().any(|(_, inside)| *inside == CONFIG);
        let configs: Vec<&str> = if has_file { own.collect() } else { vec![""] };
        let problems: Vec<String> = configs.iter().filter_map(|config| self.load(config).err()).collect();
        ensure(problems.len() < configs.len(), || format!("no configuration of this page works there: {problems:?}"))
    }

    /// Loads the configuration as the container would.
    fn load(&self, config: &str) -> Judgement {
        let secrets = self.mounts.iter().map(|(_, inside)| (*inside, "a secret\n")).filter(|(inside, _)| *inside != CONFIG);
        let files = secrets.chain((!config.is_empty()).then_some((CONFIG, config)));
        let loaded = load_file(Path::new(CONFIG), &World::given(self.variables.iter().copied(), files));
        loaded.map(drop).map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }
}

const CONFIG: &str = "/etc/wanbeacon/config.toml";

/// Does the page tell of this file or folder, or make it?
fn is_made(page: &Page, path: &str) -> bool {
    let makes = |command: &Command| {
        command.made.as_deref() == Some(path) || command.words.contains(&"mkdir".into()) && command.words.contains(&path.into())
    };
    page.spans().iter().any(|span| span == path) || of_page(page).iter().any(makes)
}

#[test]
fn every_command_is_checked_or_on_the_list() {
    let mut count = 0;
    let mut problems = Vec::new();
    for page in pages() {
        for command in of_page(&page) {
            count += 1;
            problems
                .extend(judge(&page, &command).err().map(|problem| format!("{}: {problem}\n  {:?}", page.path.display(), command.words)));
        }
        for span in page.spans() {
            if let Some(rest) = span.strip_prefix("wanbeacon ") {
                let words: Vec<&str> = rest.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
                problems.extend(understood(&words).err().map(|problem| format!("{}: {problem}", page.path.display())));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(count >= 100, "only {count} commands found");
}

#[test]
fn no_program_is_on_the_list_for_nothing() {
    let used: Vec<String> = pages().iter().flat_map(of_page).map(|command| bare(&command.words).join(" ") + " ").collect();
    for (name, reason) in TAKEN {
        assert!(used.iter().any(|line| line.starts_with(&format!("{name} "))) && !reason.is_empty(), "{name} is used nowhere");
    }
}

#[test]
fn what_cannot_work_is_found() {
    let readme = page("README.md");
    let judged = |text: &str| commands(text).iter().try_for_each(|command| judge(&readme, command));
    let run = |options: &str| format!("docker run -d {options} wanbeacon");
    let entry = "-e WANBEACON_DDNS_PROVIDER=freedyn -e WANBEACON_DDNS_DOMAIN=a.de -e WANBEACON_DDNS_USERNAME=1234567890";
    let good = run(&format!("{entry} -e WANBEACON_DDNS_PASSWORD_FILE=/s -v \"$PWD/freedyn.secret:/s:ro\""));
    assert_eq!(judged(&good), Ok(()));
    let bad = [
        "frobnicate --all".to_owned(),
        "ls && frobnicate".to_owned(),
        "ls \"$(frobnicate)\"".to_owned(),
        "sudo wanbeacon chek".to_owned(),
        "WANBEACON_CONFG=a wanbeacon check".to_owned(),
        "export WANBEACON_CONFG=a".to_owned(),
        "cargo frobnicate".to_owned(),
        "cargo test --test frobnicate".to_owned(),
        "packaging/frobnicate.sh".to_owned(),
        "sudo install -m 0644 systemd/frobnicate.service /etc".to_owned(),
        "sudo systemctl restart wanbeacond".to_owned(),
        "sudo systemctl frobnicate wanbeacon".to_owned(),
        "journalctl -u wanbeacond".to_owned(),
        "curl http://127.0.0.1:8245/api/v2/status".to_owned(),
        "curl -u frobnicator http://127.0.0.1:8245/api/v1/status".to_owned(),
        "curl -k http://127.0.0.1:8245/api/v1/status".to_owned(),
        "curl \"http://127.0.0.1:8245/nic/update?hostnam=a.de&myip=91.12.34.56\"".to_owned(),
        "curl \"http://127.0.0.1:8245/nic/update?hostname=a.de&myip=10.0.0.1\"".to_owned(),
        "docker compose up".to_owned(),
        "docker frobnicate".to_owned(),
        "docker build -f Dockerfile -t wanbeacon .".to_owned(),
        "docker exec wanbeacon /wanbeacon chek".to_owned(),
        good.replace("/s:ro", "/t:ro"),
        good.replace("freedyn.secret", "frobnicate"),
        good.replace("_USERNAME", "_USER"),
        run("--frobnicate"),
        run(&format!("{entry} -e WANBEACON_DDNS_PASSWORD=x -e WANBEACON_FROB=1")),
        good.replace(" wanbeacon", " wanbeacon chek"),
    ];
    for line in bad {
        assert!(judged(&line).is_err(), "{line:?} passed");
    }
}
