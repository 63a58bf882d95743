//! Everything that is there before it begins: counterparts, state folder, clock, configuration.

use std::fs::{self, DirBuilder};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use super::Failure;
use super::fritzbox::{FritzBox, Line};
use super::names;
use super::provider::{Customer, Provider};
use super::stage::Ends;
use crate::config::{self, Settings, Web, World};
use crate::daemon::Setup;
use crate::daemon::clock::Clock;
use crate::daemon::memory::Remembered;
use crate::engine::Run;
use crate::rules::moment::RELEASED;

pub(super) const HOME: &str = "home.freedyn.test";
pub(super) const OFFICE: &str = "office.freedyn.test";
pub(super) const SHOP: &str = "shop.freedyn.test";

/// The customer whose account gets locked.
pub(super) const SHOPKEEPER: &str = "2345678901";

/// The passwords are as pretended as the provider; the configuration names files, as it should.
const CUSTOMERS: [(&str, Customer); 2] = [
    ("/run/secrets/freedyn", Customer { username: "1234567890", password: "pretended-key-1", names: &[HOME, OFFICE] }),
    ("/run/secrets/freedyn-shop", Customer { username: SHOPKEEPER, password: "pretended-key-2", names: &[SHOP] }),
];

/// The counterparts and what the daemon runs on.
pub(super) struct Scene {
    pub(super) fritzbox: FritzBox,
    pub(super) provider: Provider,
    pub(super) names: SocketAddr,
    pub(super) clock: Clock,
    folder: Folder,
}

impl Scene {
    /// Starts the counterparts.
    pub(super) async fn build(line: Line) -> io::Result<Self> {
        let provider = Provider::start(CUSTOMERS.iter().map(|(_, customer)| *customer).collect()).await?;
        let names = names::start(provider.shared()).await?;
        Ok(Self { fritzbox: FritzBox::start(line).await?, provider, names, clock: set_clock(), folder: Folder::create()? })
    }

    /// How often the provider was asked about `name`.
    pub(super) fn requests(&self, name: &str) -> u32 {
        self.provider.book().requests.get(name).copied().unwrap_or(0)
    }

    /// A daemon on the state folder.
    pub(super) fn setup(&self, settings: Settings, ends: Ends) -> Result<Setup, Failure> {
        let Ends { watch, events } = ends;
        Ok(Setup {
            // A story for one reader: nobody else is served meanwhile.
            settings: Settings { web: Web { enabled: false, ..settings.web }, ..settings },
            run: Run::Daemon,
            remembered: Remembered::open(Some(&self.folder.0)).map_err(|busy| Failure::Differs(busy.to_string()))?,
            socket: None,
            reload: None,
            clock: self.clock.clone(),
            dns_port: self.names.port(),
            watch: Some(watch),
            events,
        })
    }

    /// The box and the resolver, which at home need no mention.
    pub(super) fn surroundings(&self) -> String {
        let fritzbox = remark(&format!("address = \"{}\"", self.fritzbox.address), "at home: found by itself");
        let sources = remark("ipv4 = [\"fritzbox\"]", "at home: interface, box or web, whatever is there");
        let resolver = remark(&format!("resolver = [\"{}\"]", self.names), "at home: the system's");
        format!("[fritzbox]\n{fritzbox}\n[wan]\n{sources}ipv6 = [\"fritzbox\"]\n\n[daemon]\n{resolver}")
    }

    /// An entry for `domain` with further lines.
    pub(super) fn entry(&self, domain: &str, further: &str) -> String {
        let owner = CUSTOMERS.iter().find(|(_, customer)| customer.names.contains(&domain));
        let (file, username) = owner.map_or(("", ""), |(file, customer)| (file, customer.username));
        let server = remark(&format!("server_ipv4 = \"http://{}\"", self.provider.address), "at home: left out");
        format!(
            "[[ddns]]\nprovider    = \"freedyn\"\ndomain      = \"{domain}\"\nusername    = \"{username}\"\n\
             password    = {{ file = \"{file}\" }}\n{server}{further}"
        )
    }

    /// What the entry for both families has beyond the others.
    pub(super) fn both_families(&self) -> String {
        let host = remark("ipv6_host   = \"::10\"", "a server behind the box: prefix of the line + this");
        format!("server_ipv6 = \"http://{}\"\n{host}", self.provider.address)
    }
}

/// Reads a configuration as a file would be read. It gives no cause for a warning.
pub(super) fn settings(text: &str) -> Result<Settings, Failure> {
    let world = World::given([], CUSTOMERS.iter().map(|(file, customer)| (*file, customer.password)));
    let (settings, problems) = match config::load(text, "config.toml", &world) {
        Ok(loaded) => (Some(loaded.settings), loaded.warnings),
        Err(problems) => (None, problems),
    };
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    settings.filter(|_| lines.is_empty()).ok_or_else(|| Failure::Differs(lines.join("; ")))
}

/// A line of configuration and what there is to say about it.
fn remark(line: &str, remark: &str) -> String {
    format!("{line:<46}# {remark}\n")
}

/// The machine's clock; set right within this program if it has never been set.
fn set_clock() -> Clock {
    let clock = Clock::default();
    clock.skip(RELEASED.since(clock.now().wall));
    clock
}

/// A folder that goes with its owner.
struct Folder(PathBuf);

impl Folder {
    fn create() -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("wanbeacon-demo-{}-{:08x}", std::process::id(), fastrand::u32(..)));
        // Not recursive: what exists already may belong to somebody else.
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => Ok(Self(folder)),
            Err(error) => Err(io::Error::other(format!("the folder {} ({error}); TMPDIR names another place", folder.display()))),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!("failed to remove {}: {error}", self.0.display());
        }
    }
}
