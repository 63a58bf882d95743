//! The box's files: descriptions, and what its services offer (SCPD), as captured.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::xml::Element;

/// Folder of the captured files, and those that have another name there.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fritzbox");
const RENAMED: [(&str, &str); 3] =
    [("/tr64desc.xml", "tr64desc-7530.xml"), ("/igddesc.xml", "igddesc-7590.xml"), ("/igdconnSCPD.xml", "igdconn-scpd-7590.xml")];

/// The second version of the first standard: no capture of it is known, so it is made from the first.
const SECOND: (&str, &str) = ("/igd2desc.xml", "/igddesc.xml");

/// An argument that comes back, and what it holds where nothing else is known.
#[derive(Clone, Debug)]
pub(crate) struct Out {
    pub(crate) name: String,
    pub(crate) default: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Action {
    /// Names of the arguments that have to be there.
    pub(crate) takes: Vec<String>,
    /// In the order of the file.
    pub(crate) gives: Vec<Out>,
}

#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) kind: String,
    pub(crate) control: String,
    pub(crate) actions: BTreeMap<String, Action>,
    /// State variables that are told to subscribers.
    pub(crate) evented: Vec<String>,
}

impl Service {
    /// IGD knows no login.
    pub(crate) fn is_open(&self) -> bool {
        self.kind.starts_with("urn:schemas-")
    }

    /// The name in the middle of the type, such as `WANIPConnection`.
    pub(crate) fn name(&self) -> &str {
        self.kind.rsplit(':').nth(1).unwrap_or_default()
    }
}

/// Everything that can be fetched or called.
#[derive(Debug)]
pub(crate) struct Services {
    files: BTreeMap<String, String>,
    services: Vec<Service>,
}

impl Services {
    pub(crate) fn load() -> Self {
        let folder = Path::new(FOLDER);
        let text = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut files = BTreeMap::new();
        for (path, name) in RENAMED {
            files.insert(path.to_owned(), text(&folder.join(name)));
        }
        for entry in fs::read_dir(folder.join("box")).expect("the fixtures are there") {
            let path = entry.expect("the fixtures can be read").path();
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            files.insert(format!("/{name}"), text(&path));
        }
        let second = files[SECOND.1].replace("InternetGatewayDevice:1", "InternetGatewayDevice:2");
        let second = second.replace("service:WANIPConnection:1", "service:WANIPConnection:2").replace("/igdupnp/", "/igd2upnp/");
        files.insert(SECOND.0.into(), second);
        let mut services = Vec::new();
        for path in files.keys().filter(|path| path.ends_with("desc.xml")) {
            let description = Element::parse(&files[path]).expect("the fixtures are well-formed");
            services.extend(description.all("service").into_iter().map(|service| describe(service, &files)));
        }
        Self { files, services }
    }

    pub(crate) fn file(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Paths of every file.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The service behind a control or event path.
    pub(crate) fn at(&self, path: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.control == path)
    }
}

/// A service whose file was never captured has no actions.
fn describe(service: &Element, files: &BTreeMap<String, String>) -> Service {
    let scpd = files.get(&service.field("SCPDURL")).map(|text| Element::parse(text).expect("the fixtures are well-formed"));
    let scpd = scpd.unwrap_or_default();
    let variables = scpd.all("stateVariable");
    let action = |action: &Element| {
        let (takes, gives): (Vec<&Element>, Vec<&Element>) =
            action.all("argument").into_iter().partition(|argument| argument.field("direction") == "in");
        let out = |argument: &Element| {
            let variable = variables.iter().find(|variable| variable.field("name") == argument.field("relatedStateVariable"));
            let text = variable.is_none_or(|variable| variable.field("dataType") == "string");
            Out { name: argument.field("name"), default: if text { String::new() } else { "0".into() } }
        };
        let takes = takes.into_iter().map(|argument| argument.field("name")).collect();
        (action.field("name"), Action { takes, gives: gives.into_iter().map(out).collect() })
    };
    let text = files.get(&service.field("SCPDURL")).map_or("", String::as_str);
    let is_evented = |name: &String| text.contains(&format!("<stateVariable sendEvents=\"yes\">\n<name>{name}</name>"));
    Service {
        kind: service.field("serviceType"),
        control: service.field("controlURL"),
        actions: scpd.all("action").into_iter().map(action).collect(),
        evented: variables.iter().map(|variable| variable.field("name")).filter(is_evented).collect(),
    }
}
