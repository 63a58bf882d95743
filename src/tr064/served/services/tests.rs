use std::collections::BTreeSet;

use super::*;

#[test]
fn every_path_and_every_name_leads_to_one_service() {
    let unique = |of: fn(&Service) -> &'static str| ALL.iter().map(|service| of(service)).collect::<BTreeSet<_>>().len();
    assert_eq!([unique(|it| it.id), unique(|it| it.kind), unique(|it| it.control), unique(|it| it.scpd)], [ALL.len(); 4]);
    for service in ALL {
        assert_eq!(by_control(service.control).map(|it| it.id), Some(service.id));
        assert_eq!(by_scpd(service.scpd).map(|it| it.id), Some(service.id));
    }
    assert!(by_control("/upnp/control/x_remote/").is_none() && by_control("/x_remoteSCPD.xml").is_none() && by_scpd("").is_none());
}

#[test]
fn every_service_has_two_actions_at_least() {
    for service in ALL {
        assert!(service.actions.len() >= 2, "{}", service.kind);
    }
}

#[test]
fn every_argument_has_its_variable_and_what_is_taken_comes_first() {
    for service in ALL {
        for action in service.actions {
            for argument in action.arguments {
                assert!(service.variable(argument).is_some(), "{} {}", action.name, argument.name);
                assert!(argument.name.starts_with("New"), "{}", argument.name);
            }
            assert!(action.taken().chain(action.given()).eq(action.arguments), "{}", action.name);
        }
    }
}

#[test]
fn names_of_services_end_in_a_digit_and_their_types_in_a_version() {
    for service in ALL {
        assert!(service.id.ends_with('1') && service.kind.starts_with("urn:dslforum-org:service:") && service.kind.ends_with(":1"));
        assert!(service.control.starts_with("/upnp/control/") && service.scpd.starts_with('/'), "{}", service.kind);
    }
}

#[test]
fn the_slip_of_the_document_names_the_same_action() {
    let name = |service: &Service, name| service.action(name).map(|action| action.name);
    assert_eq!(name(&REMOTE_ACCESS, "SetLetsEncryptEnabled"), Some("SetLetsEncryptEnable"));
    assert_eq!(name(&REMOTE_ACCESS, "SetLetsEncryptEnable"), Some("SetLetsEncryptEnable"));
    assert_eq!(name(&DEVICE, "SetLetsEncryptEnabled"), None);
}

#[test]
fn an_action_is_found_by_its_name_in_any_case_and_by_nothing_else() {
    let name = |service: &Service, name| service.action(name).map(|action| action.name);
    // SOAP::Lite calls a method of Perl, and these begin with a small letter.
    assert_eq!(name(&DEVICE, "getSecurityPort"), Some("GetSecurityPort"));
    assert_eq!(name(&REMOTE_ACCESS, "setletsencryptenabled"), Some("SetLetsEncryptEnable"));
    for other in ["", "Get", "GetSecurityPorts", " GetSecurityPort", "GetſecurityPort"] {
        assert_eq!(name(&DEVICE, other), None, "{other:?}");
    }
    for service in ALL {
        let names: BTreeSet<String> = service.actions.iter().map(|action| action.name.to_lowercase()).collect();
        assert_eq!(names.len(), service.actions.len(), "{}", service.kind);
    }
}

#[test]
fn nothing_is_open_but_what_a_client_needs_before_it_logs_in() {
    let open = ALL.iter().flat_map(|service| service.actions).filter(|action| action.access == Access::Open);
    let names: Vec<&str> = open.map(|action| action.name).collect();
    assert_eq!(names, ["GetSecurityPort", "GetInfo", "X_AVM-DE_GetAnonymousLogin", "X_AVM-DE_GetUserList", "GetInfo"]);
    let access = |name| REMOTE_ACCESS.action(name).map(|action| action.access);
    for name in ["SetConfig", "SetEnable", "GetDDNSProviders", "SetDDNSConfig"] {
        assert_eq!(access(name), Some(Access::Any(&[Right::Config])), "{name}");
    }
    assert_eq!(access("SetLetsEncryptEnable"), Some(Access::Any(&[Right::Config, Right::App])));
    assert_eq!(access("GetDDNSInfo"), Some(Access::Any(&Right::ALL)));
}
