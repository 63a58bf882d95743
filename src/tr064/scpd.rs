//! Service descriptions: what a service can do (`UPnP` Device Architecture 1.0, 2.3). PURE.

use std::collections::BTreeSet;

use super::xml;

/// What a service says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scpd {
    actions: BTreeSet<String>,
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
        let actions = root.child("actionList").into_iter().flat_map(|list| &list.children).filter(|child| child.name == "action");
        Ok(Self { actions: actions.filter_map(name).collect() })
    }

    /// Does it know this action?
    #[must_use]
    pub fn knows(&self, action: &str) -> bool {
        self.actions.contains(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_lists_its_ipv6_actions() {
        let scpd = Scpd::parse(include_str!("../../tests/fixtures/fritzbox/igdconn-scpd-7590.xml")).unwrap();
        for action in ["GetExternalIPAddress", "GetStatusInfo", "X_AVM_DE_GetExternalIPv6Address", "X_AVM_DE_GetIPv6Prefix"] {
            assert!(scpd.knows(action), "{action}");
        }
        assert!(!scpd.knows("ExternalIPAddress"), "that is a variable");
    }

    #[test]
    fn another_router_has_no_ipv6_actions() {
        let scpd = Scpd::parse(include_str!("../../tests/fixtures/fritzbox/miniupnpd-wanipcn-scpd.xml")).unwrap();
        assert!(scpd.knows("GetExternalIPAddress") && !scpd.knows("X_AVM_DE_GetExternalIPv6Address"));
    }

    #[test]
    fn what_is_no_service_description_is_refused() {
        for text in ["", "<html><body/></html>", "<scpd>", "<!DOCTYPE scpd><scpd/>"] {
            assert!(Scpd::parse(text).is_err(), "{text:?}");
        }
    }
}
