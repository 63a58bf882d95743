//! Service descriptions: what a service can do and what it tells by itself (`UPnP` Device Architecture 1.0, 2.3). PURE.

use std::collections::BTreeSet;

use super::xml;

/// What a service says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scpd {
    actions: BTreeSet<String>,
    evented: BTreeSet<String>,
}

impl Scpd {
    /// Reads a service description.
    ///
    /// # Errors
    ///
    /// Says why the text is not one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let root = xml::parse(text)?;
        if root.name != "scpd" {
            return Err(format!("the XML is not a service description but {:?}", xml::short(&root.name)));
        }
        let name = |element: &xml::Element| element.child("name").map(|name| name.text.clone());
        let listed = |list: &str, item: &'static str| {
            let list = root.child(list);
            list.into_iter().flat_map(|list| &list.children).filter(move |child| child.name == item)
        };
        Ok(Self {
            actions: listed("actionList", "action").filter_map(name).collect(),
            evented: listed("serviceStateTable", "stateVariable").filter(|variable| evented(variable)).filter_map(name).collect(),
        })
    }

    /// Does it know this action?
    #[must_use]
    pub fn knows(&self, action: &str) -> bool {
        self.actions.contains(action)
    }

    /// Does it tell subscribers when this variable changes?
    #[must_use]
    pub fn tells(&self, variable: &str) -> bool {
        self.evented.contains(variable)
    }
}

/// "yes" is the default; the first version of the architecture has an element for what is an attribute now.
fn evented(variable: &xml::Element) -> bool {
    let said = variable.attribute("sendEvents").or_else(|| variable.child("sendEventsAttribute").map(|element| element.text.as_str()));
    said.is_none_or(|said| said.trim().eq_ignore_ascii_case("yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_lists_its_ipv6_actions_and_tells_both_addresses() {
        let scpd = Scpd::parse(include_str!("../../tests/fixtures/fritzbox/igdconn-scpd-7590.xml")).unwrap();
        for action in ["GetExternalIPAddress", "GetStatusInfo", "X_AVM_DE_GetExternalIPv6Address", "X_AVM_DE_GetIPv6Prefix"] {
            assert!(scpd.knows(action), "{action}");
        }
        assert!(scpd.tells("ExternalIPAddress") && scpd.tells("ExternalIPv6Address") && scpd.tells("ConnectionStatus"));
        assert!(!scpd.tells("Uptime") && !scpd.knows("ExternalIPAddress"));
    }

    #[test]
    fn another_router_has_no_ipv6_actions() {
        let scpd = Scpd::parse(include_str!("../../tests/fixtures/fritzbox/miniupnpd-wanipcn-scpd.xml")).unwrap();
        assert!(scpd.knows("GetExternalIPAddress") && scpd.tells("ExternalIPAddress"));
        assert!(!scpd.knows("X_AVM_DE_GetExternalIPv6Address") && !scpd.tells("ExternalIPv6Address"));
    }

    #[test]
    fn events_are_read_in_both_forms() {
        let variable = |attribute: &str, element: &str| format!("<stateVariable{attribute}><name>A</name>{element}</stateVariable>");
        for (variable, tells) in [
            (variable("", ""), true),
            (variable(" sendEvents=\"no\"", ""), false),
            (variable(" sendEvents='YES'", ""), true),
            (variable("", "<sendEventsAttribute>no</sendEventsAttribute>"), false),
        ] {
            let scpd = Scpd::parse(&format!("<scpd><serviceStateTable>{variable}</serviceStateTable></scpd>")).unwrap();
            assert_eq!(scpd.tells("A"), tells, "{variable}");
        }
    }

    #[test]
    fn what_is_no_service_description_is_refused() {
        for text in ["", "<html><body/></html>", "<scpd>", "<!DOCTYPE scpd><scpd/>"] {
            assert!(Scpd::parse(text).is_err(), "{text:?}");
        }
    }
}
