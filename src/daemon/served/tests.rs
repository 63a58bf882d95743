use tokio::sync::oneshot;

use super::*;
use crate::config::{Remote, RemoteUser, World, load_over};
use crate::rules::address::PerFamily;
use crate::rules::secret::Secret;

#[test]
fn who_went_away_needs_no_answer_but_a_push_is_taken_all_the_same() {
    fn asked<T>(question: impl FnOnce(oneshot::Sender<T>) -> Question) {
        let (answer, place) = oneshot::channel();
        let question = question(answer);
        assert!(!is_asker_gone(&question));
        drop(place);
        assert!(is_asker_gone(&question), "{question:?}");
    }
    asked(Question::Status);
    asked(Question::View);
    asked(Question::SecurityPort);
    asked(|answer| Question::Change(Change::Enable(true), answer));
    let (answer, _) = oneshot::channel();
    let push = Push { domains: Vec::new(), addresses: PerFamily::default(), prefix: None };
    assert!(!is_asker_gone(&Question::Push(push, answer)));
}

#[test]
fn what_is_wrong_with_a_change_is_told_in_the_words_of_the_client() {
    let user = RemoteUser { name: "fern".to_owned(), password: Some(Secret::new("hunter2".to_owned())) };
    let overlay =
        Overlay { ddns: None, off: None, remote: Some(Remote { enabled: true, port: 8443, user: Some(user), replaced: Vec::new() }) };
    let file = "[web]\ntls_listen = \"127.0.0.1:443\"\n[web.tr064]\nenabled = true\nlisten = \"127.0.0.1:8443\"\n";
    let problems = load_over(file, "config.toml", &overlay, &World::given([], [])).unwrap_err();
    let Refusal::Invalid(told) = refusal(&problems, false) else { panic!("it is not the file's fault: {problems:?}") };
    assert!(told.starts_with("NewPort: 127.0.0.1:8443 is listened on without TLS as well (web.tr064.listen); "), "{told}");
    let broken = load_over("[dæmon]", "config.toml", &overlay, &World::given([], [])).unwrap_err();
    assert!(matches!(refusal(&broken, false), Refusal::Failed(_)));
    assert!(matches!(refusal(&broken, true), Refusal::Invalid(told) if told.starts_with("config.toml:1:")), "the change is to blame");
}
