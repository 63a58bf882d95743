//! `wanbeacon import fritzbox`.

use crate::rig::Rig;
use crate::secrets::terminal;

#[tokio::test]
async fn the_configuration_passes_the_check_once_the_password_is_there() {
    let rig = Rig::new().await;
    for (mode, url) in [
        ("ddns_v4", "https://ddns.example/update?host=<domain>&ip=<ipaddr>"),
        ("ddns_both", "https://ddns.example/u?ip=<ipaddr> https://ddns.example/u?ip6=<ip6addr>"),
        ("ddns_v4", "https://ddns.example/u?ip=<ipaddr>&ip6=<ip6addr>&prefix=<ip6lanprefix>"),
        ("ddns_together", "ddns.example/u?login=<b64><username>:<pass></b64>&ip6=<ip6addr>"),
    ] {
        rig.double.change(|state| (state.remote.ddns.mode, state.remote.ddns.update_url) = (mode.into(), url.into()));
        rig.configure("username = \"admin\"\npassword = { file = \"box.secret\" }");
        let printed = rig.run(&["import", "fritzbox"]).await;
        let typed = rig.finish(rig.unconfigured(&["import", "fritzbox"])).await;
        assert_eq!(printed.good(), typed.good());
        assert!(printed.good().contains("# The box does not tell the password"), "{printed:?}");
        assert!(printed.stderr.contains("the box goes on updating the name by itself"), "without a terminal nothing is asked: {printed:?}");
        rig.write("config.toml", printed.good());
        let without = rig.run(&["check"]).await;
        assert!(without.code == Some(78) && format!("{without:?}").contains("ddns.secret"), "{without:?}");
        rig.write("ddns.secret", "geheim\n");
        let checked = rig.run(&["check"]).await;
        assert_eq!(checked.code, Some(0), "{checked:?}\n{}", printed.stdout);
        std::fs::remove_file(rig.path("ddns.secret")).unwrap();
    }
    assert!(rig.changes().is_empty(), "nothing is changed unless it is wanted");
}

#[tokio::test]
async fn the_client_of_the_box_is_switched_off_when_that_is_wanted() {
    let rig = Rig::new().await;
    let before = rig.double.change(|state| state.remote.ddns.clone());
    let ended = rig.run(&["import", "fritzbox", "--switch-off"]).await;
    assert!(ended.good().contains("[[ddns]]\n") && !ended.stdout.contains("enabled"), "{ended:?}");
    assert!(ended.stderr.contains("the box's own dynamic DNS client is switched off"), "{ended:?}");
    let after = rig.double.change(|state| state.remote.ddns.clone());
    assert!(before.enabled && !after.enabled);
    assert_eq!((after.update_url, after.domain, after.password), (before.update_url, before.domain, before.password));

    let again = rig.run(&["import", "fritzbox", "--switch-off"]).await;
    assert!(again.good().contains("enabled = false\n") && again.stderr.contains("is off already"), "{again:?}");
    assert_eq!(rig.changes(), ["SetDDNSConfig"]);
}

#[tokio::test]
async fn at_a_terminal_it_is_offered_to_switch_the_client_of_the_box_off() {
    for (answer, off) in [("n\n", false), ("\n", false), ("y\n", true)] {
        let rig = Rig::new().await;
        let words = [env!("CARGO_BIN_EXE_wanbeacon"), "import", "fritzbox"].map(str::to_owned);
        let (transcript, code) = terminal(&words.into_iter().chain(rig.options()).collect::<Vec<_>>(), &[("[y/N]", answer)]).await;
        assert_eq!(code, Some(0), "{transcript}");
        assert_eq!(rig.double.change(|state| state.remote.ddns.enabled), !off, "{transcript}");
    }
}
