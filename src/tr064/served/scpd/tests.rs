use super::*;
use crate::tr064::scpd::Scpd;
use crate::tr064::served::services::{ALL, DEVICE, FORWARDING, REMOTE_ACCESS, SECURITY, USER_INTERFACE, WAN_COMMON, WAN_IP};
use crate::tr064::xml::{self, Element};

/// An action: its name; of its arguments name, direction and variable.
type ActionMeaning = (String, Vec<[String; 3]>);

/// What a service description says, whatever it looks like.
#[derive(Debug, PartialEq)]
struct Meaning {
    actions: Vec<ActionMeaning>,
    variables: Vec<VariableMeaning>,
}

#[derive(Debug, PartialEq)]
struct VariableMeaning {
    name: String,
    kind: String,
    default: Option<String>,
    allowed: Vec<String>,
    evented: Option<String>,
}

impl Meaning {
    fn of(text: &str) -> Self {
        let root = xml::parse(text).unwrap();
        let field = |element: &Element, name: &str| element.child(name).unwrap().text.clone();
        let list = |element: &Element, name: &str| element.child(name).map_or_else(Vec::new, |list| list.children.clone());
        let argument = |it: &Element| [field(it, "name"), field(it, "direction"), field(it, "relatedStateVariable")];
        let actions = list(&root, "actionList");
        let variables = list(&root, "serviceStateTable");
        Self {
            actions: actions.iter().map(|it| (field(it, "name"), list(it, "argumentList").iter().map(argument).collect())).collect(),
            variables: variables
                .iter()
                .map(|it| VariableMeaning {
                    name: field(it, "name"),
                    kind: field(it, "dataType"),
                    default: it.child("defaultValue").map(|value| value.text.clone()),
                    allowed: list(it, "allowedValueList").into_iter().map(|value| value.text).collect(),
                    evented: it.attribute("sendEvents").map(str::to_owned),
                })
                .collect(),
        }
    }
}

#[test]
fn the_remote_access_describes_itself_as_a_box_does() {
    let captured = Meaning::of(include_str!("../../../../tests/fixtures/fritzbox/box/x_remoteSCPD.xml"));
    assert_eq!(Meaning::of(&scpd(&REMOTE_ACCESS)), captured);
    assert_eq!((captured.actions.len(), captured.variables.len()), (7, 16));
}

#[test]
fn what_is_served_of_the_other_services_is_described_as_a_box_does() {
    macro_rules! captured {
        ($name:literal) => {
            include_str!(concat!("../../../../tests/fixtures/fritzbox/box/", $name))
        };
    }
    let table = [
        (&DEVICE, captured!("deviceinfoSCPD.xml")),
        (&SECURITY, captured!("lanconfigsecuritySCPD.xml")),
        (&USER_INTERFACE, captured!("userifSCPD.xml")),
        (&FORWARDING, captured!("layer3forwardingSCPD.xml")),
        (&WAN_COMMON, captured!("wancommonifconfigSCPD.xml")),
        (&WAN_IP, captured!("wanipconnSCPD.xml")),
    ];
    for (service, captured) in table {
        let (ours, captured) = (Meaning::of(&scpd(service)), Meaning::of(captured));
        for action in &ours.actions {
            assert!(captured.actions.contains(action), "{action:?}");
        }
        for variable in &ours.variables {
            let theirs = captured.variables.iter().find(|it| it.name == variable.name).unwrap_or_else(|| panic!("{variable:?}"));
            assert_eq!((&variable.kind, &variable.allowed, &variable.evented), (&theirs.kind, &theirs.allowed, &theirs.evented));
            // Another maker.
            if variable.name != "ManufacturerName" {
                assert_eq!(variable.default, theirs.default, "{variable:?}");
            }
        }
    }
}

#[test]
fn our_own_client_reads_every_description() {
    for service in ALL {
        let text = scpd(service);
        let read = Scpd::parse(&text).unwrap();
        assert!(service.actions.iter().all(|action| read.knows(action.name)), "{text}");
        assert!(text.lines().all(|line| line.starts_with('<') && line.ends_with('>')), "{text}");
    }
}
