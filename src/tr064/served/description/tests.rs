use super::*;
use crate::tr064::description::Description;
use crate::tr064::xml::{self, Element};

fn device() -> Device {
    Device { serial: "0A1B2C3D4E5F".into(), version: "1.24.3".into() }
}

fn field<'e>(element: &'e Element, name: &str) -> &'e str {
    &element.child(name).unwrap_or_else(|| panic!("{name}")).text
}

#[test]
fn our_own_client_reads_it_and_takes_it_for_no_box_and_no_router() {
    let read = Description::parse(&tr64desc(&device())).unwrap();
    assert_eq!((read.model.as_str(), read.manufacturer.as_str()), ("wanbeacon", "wanbeacon"));
    assert!(!read.is_fritz_box() && read.wan_connections().count() == 0 && read.wan_common().is_none());
    assert_eq!(read.udn, "uuid:77616e62-6561-4f6e-8000-0a1b2c3d4e5f");
    assert_eq!(read.base, None);
    let kinds: Vec<&str> = read.services.iter().map(|service| service.kind.as_str()).collect();
    assert_eq!(kinds, ALL.map(|service| service.kind));
}

#[test]
fn services_are_where_a_box_has_them() {
    let services = |text: &str| -> Vec<Element> {
        xml::parse(text).unwrap().descendants().filter(|element| element.name == "service").cloned().collect()
    };
    let captured = services(include_str!("../../../../tests/fixtures/fritzbox/tr64desc-7530.xml"));
    for ours in services(&tr64desc(&device())) {
        assert!(captured.contains(&ours), "{ours:?}");
    }
}

#[test]
fn every_device_of_the_tree_has_services_and_a_name_of_its_own() {
    let root = xml::parse(&tr64desc(&device())).unwrap();
    let devices: Vec<&Element> = root.descendants().filter(|element| element.name == "device").collect();
    assert_eq!(devices.len(), 4);
    let mut names: Vec<&str> = devices.iter().map(|device| field(device, "UDN")).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4);
    for device in devices {
        assert!(device.child("serviceList").is_some_and(|list| !list.children.is_empty()), "{}", field(device, "deviceType"));
    }
}

#[test]
fn every_address_is_a_path() {
    let text = tr64desc(&device());
    let root = xml::parse(&text).unwrap();
    let urls = root.descendants().filter(|element| element.name.ends_with("URL"));
    assert!(urls.inspect(|url| assert!(url.text.starts_with('/'), "{url:?}")).count() > 20);
    assert!(!text.contains("://"), "{text}");
}

#[test]
fn the_version_is_told_in_numbers_whatever_it_is() {
    let table = [("1.24.3", ["1", "24", "3"]), ("0.2.0-rc.1", ["0", "2", "0"]), ("x.", ["0", "0", "0"]), ("", ["0", "0", "0"])];
    for (version, numbers) in table {
        let root = xml::parse(&tr64desc(&Device { version: version.into(), ..device() })).unwrap();
        let system = root.child("systemVersion").unwrap();
        assert_eq!(["Major", "Minor", "Patch"].map(|name| field(system, name)), numbers, "{version}");
        assert_eq!(field(system, "Display"), version);
        // What fritzconnection makes of it.
        let number: f64 = format!("{}.{}", field(system, "Minor"), field(system, "Patch")).parse().unwrap();
        assert!(number >= 0.0);
    }
}
