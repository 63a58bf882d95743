//! Device descriptions: which services a router offers and where (`UPnP` Device Architecture 1.0, 2.1). PURE.

use super::xml;

/// A device and its services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Model name as the device writes it; may be empty.
    pub model: String,
    /// Manufacturer; may be empty.
    pub manufacturer: String,
    /// Unique device name, which tells devices apart; may be empty.
    pub udn: String,
    /// `URLBase`, if there is one: other addresses are relative to it.
    pub base: Option<String>,
    /// Every service of the device and of the devices inside it, in the order of the document.
    pub services: Vec<Service>,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Service type, such as `urn:schemas-upnp-org:service:WANIPConnection:1`.
    pub kind: String,
    /// Where its actions are called: a path, or a whole URL.
    pub control: String,
    /// Where its events are subscribed; may be empty.
    pub events: String,
    /// Where it says what it can do; may be empty.
    pub scpd: String,
}

impl Description {
    /// Reads a description.
    ///
    /// # Errors
    ///
    /// Says why the text is not one. Some routers answer with an HTML page where `UPnP` is switched off.
    pub fn parse(text: &str) -> Result<Self, String> {
        let root = xml::parse(text)?;
        let device = root
            .child("device")
            .ok_or_else(|| format!("the XML is not a device description: {:?} has no <device>", xml::short(&root.name)))?;
        let field = |element: &xml::Element, name: &str| element.child(name).map(|child| child.text.clone());
        let services = device.descendants().filter(|element| element.name == "service").map(|service| Service {
            kind: field(service, "serviceType").unwrap_or_default(),
            control: field(service, "controlURL").unwrap_or_default(),
            events: field(service, "eventSubURL").unwrap_or_default(),
            scpd: field(service, "SCPDURL").unwrap_or_default(),
        });
        Ok(Self {
            model: field(device, "modelName").unwrap_or_default(),
            manufacturer: field(device, "manufacturer").unwrap_or_default(),
            udn: field(device, "UDN").unwrap_or_default(),
            base: field(&root, "URLBase").filter(|base| !base.is_empty()),
            services: services.collect(),
        })
    }

    /// The connections to the outside that can be asked without login: IP before PPP.
    pub fn wan_connections(&self) -> impl Iterator<Item = &Service> {
        ["WANIPConnection", "WANPPPConnection"].into_iter().flat_map(|name| self.igd(name))
    }

    /// What the connections to the outside have in common, if it can be asked without login.
    #[must_use]
    pub fn wan_common(&self) -> Option<&Service> {
        self.igd("WANCommonInterfaceConfig").next()
    }

    /// Services of the `UPnP` Forum with this name, of every version.
    fn igd(&self, name: &str) -> impl Iterator<Item = &Service> {
        let prefix = format!("urn:schemas-upnp-org:service:{name}:");
        self.services.iter().filter(move |service| service.kind.starts_with(&prefix) && !service.control.is_empty())
    }

    /// Is it one of AVM's? The company has taken the name of its boxes since.
    #[must_use]
    pub fn is_fritz_box(&self) -> bool {
        let first = self.manufacturer.split_whitespace().next().unwrap_or_default();
        first.eq_ignore_ascii_case("AVM") || [&self.manufacturer, &self.model].iter().any(|text| text.starts_with("FRITZ!"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captured_descriptions_lead_to_the_wan_connection() {
        let table = [
            (include_str!("../../tests/fixtures/fritzbox/igddesc-7490.xml"), "FRITZ!Box 7490", "/igdupnp/control/WANIPConn1"),
            (include_str!("../../tests/fixtures/fritzbox/igddesc-7590.xml"), "FRITZ!Box 7590", "/igdupnp/control/WANIPConn1"),
            (include_str!("../../tests/fixtures/fritzbox/miniupnpd-desc.xml"), "Debian router", "/ctl/IPConn"),
            (include_str!("../../tests/fixtures/fritzbox/linksys-desc.xml"), "Home Gateway", "/upnp/control/WANPPPConn1"),
            (include_str!("../../tests/fixtures/fritzbox/livebox-desc.xml"), "Livebox", "/87895a19/upnp/control/WANIPConn1"),
        ];
        for (text, model, control) in table {
            let description = Description::parse(text).unwrap();
            assert!(description.model.contains(model), "{}", description.model);
            let controls: Vec<&str> = description.wan_connections().map(|service| service.control.as_str()).collect();
            assert_eq!(controls, [control], "{model}");
            assert_eq!(description.is_fritz_box(), model.starts_with("FRITZ!Box"), "{model}");
        }
    }

    #[test]
    fn the_base_is_read_where_there_is_one() {
        let linksys = Description::parse(include_str!("../../tests/fixtures/fritzbox/linksys-desc.xml")).unwrap();
        assert_eq!(linksys.base.as_deref(), Some("http://192.168.1.1:49152"));
        let fritz = Description::parse(include_str!("../../tests/fixtures/fritzbox/igddesc-7590.xml")).unwrap();
        assert_eq!(fritz.base, None);
    }

    #[test]
    fn a_service_says_where_it_is_described_and_where_its_events_are() {
        let fritz = Description::parse(include_str!("../../tests/fixtures/fritzbox/igddesc-7590.xml")).unwrap();
        let connection = fritz.wan_connections().next().unwrap();
        assert_eq!((connection.scpd.as_str(), connection.events.as_str()), ("/igdconnSCPD.xml", "/igdupnp/control/WANIPConn1"));
        assert_eq!(fritz.wan_common().unwrap().scpd, "/igdicfgSCPD.xml");
        let mini = Description::parse(include_str!("../../tests/fixtures/fritzbox/miniupnpd-desc.xml")).unwrap();
        assert_eq!((mini.wan_common().unwrap().control.as_str(), mini.manufacturer.as_str()), ("/ctl/CmnIfCfg", "Debian"));
        assert_eq!(mini.udn, "uuid:11111111-2222-3333-4444-555555555555");
    }

    #[test]
    fn services_that_need_a_login_are_not_taken_for_igd() {
        let description = Description::parse(include_str!("../../tests/fixtures/fritzbox/tr64desc-7530.xml")).unwrap();
        assert!(description.services.len() > 20);
        assert_eq!(description.wan_connections().count(), 0);
    }

    #[test]
    fn words_of_a_stranger_are_quoted_and_short() {
        let long = "a".repeat(5000);
        for text in [
            "<a\u{1b}[2J/>",
            "<a\u{9b}2J>",
            "<r></a\u{1b}[2J>",
            &format!("<{long}/>"),
            &format!("<r></{long}>"),
            &format!("<r><{long}></r>"),
        ] {
            for why in [Description::parse(text).unwrap_err(), crate::tr064::scpd::Scpd::parse(text).unwrap_err()] {
                assert!(!why.contains(char::is_control) && why.len() < 250, "{why:?}");
            }
        }
    }

    #[test]
    fn an_error_page_is_not_a_description() {
        for text in ["<html><head><title>404</title></head><body></body></html>", "not XML", "", "<a:"] {
            assert!(Description::parse(text).is_err(), "{text:?}");
        }
    }
}
