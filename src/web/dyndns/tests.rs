use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, HeaderMap, RETRY_AFTER};
use tokio::sync::mpsc;

use super::*;
use crate::config::{DEFAULT_LISTEN, Face, LoginForm};
use crate::rules::address::{Family, PerFamily, Prefix};
use crate::rules::domain::Domain;
use crate::rules::push::{Push, Stored, Taken};
use crate::rules::rights::Rights;
use crate::rules::secret::Secret;

/// All of it is news.
fn taken(addresses: &[&str], prefix: Option<&str>) -> Taken {
    let of = |family| addresses.iter().map(|it| it.parse().unwrap()).find(|it| Family::of(*it) == family);
    Taken::Good(Stored { addresses: PerFamily::from_fn(of), prefix: prefix.map(|it| Prefix::parse(it).unwrap()) })
}

/// What the daemon answers. `None`: it does not.
type Daemon = Option<Option<Vec<Taken>>>;

fn web() -> Web {
    let user = |name: &str, rights: &[Right]| User {
        name: name.into(),
        password: Secret::new(format!("{name}-secret")),
        rights: rights.iter().copied().collect::<Rights>(),
    };
    Web {
        enabled: true,
        listen: DEFAULT_LISTEN,
        tls_listen: None,
        remote_user: None,
        users: vec![user("router", &[Right::App]), user("admin", &[Right::Config]), user("phone", &[Right::Phone, Right::Nas])],
        dyndns: Face { enabled: true, ..Face::default() },
        tr064: Face::default(),
        login: LoginForm::default(),
    }
}

fn call(query: &str) -> Call {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, basic("router", "router-secret"));
    let peer = IpAddr::from([91, 12, 34, 99]);
    Call { method: Method::GET, path: "/nic/update".into(), query: query.into(), headers, body: Bytes::new(), peer, tls: false }
}

fn basic(name: &str, password: &str) -> HeaderValue {
    HeaderValue::try_from(format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))).unwrap()
}

/// The answer, its text, and what the daemon was asked to take.
async fn told(call: &Call, daemon: Daemon) -> (Reply, String, Option<Push>) {
    let (questions, mut asked) = mpsc::channel(1);
    let shared = Shared::new(web(), questions);
    let daemon = async {
        let Some(Question::Push(push, place)) = asked.recv().await else { return None };
        if let Some(taken) = daemon {
            place.send(taken).unwrap();
        }
        Some(push)
    };
    let serving = async {
        let reply = update(call, &shared).await;
        drop(shared);
        reply
    };
    let (reply, push) = tokio::join!(serving, daemon);
    let (parts, body) = reply.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (Reply::from_parts(parts, http_body_util::Full::default()), text, push)
}

async fn line(call: &Call, daemon: Daemon) -> (u16, String) {
    let (reply, text, _) = told(call, daemon).await;
    (reply.status().as_u16(), text)
}

/// An answer that a daemon gives which is not to be asked.
const UNASKED: Daemon = None;

#[tokio::test]
async fn a_push_goes_to_the_daemon_and_its_answer_to_the_router() {
    let call = call("hostname=a.de,b.de&myip=91.0.0.1&ipv6=2003:f::1&ipv6praefx=2003:f::/56");
    let (reply, text, push) = told(&call, Some(Some(vec![taken(&["91.0.0.1", "2003:f::1"], Some("2003:f::/56")), Taken::Unknown]))).await;
    assert_eq!(text, "good 91.0.0.1,2003:f::1,2003:f::/56\nnotfqdn");
    assert_eq!((reply.status(), &reply.headers()[CONTENT_TYPE]), (StatusCode::OK, &HeaderValue::from_static("text/plain")));
    assert_eq!(reply.headers()[CACHE_CONTROL], "no-store");
    let push = push.unwrap();
    assert_eq!(push.domains.iter().map(Domain::as_str).collect::<Vec<_>>(), ["a.de", "b.de"]);
    assert_eq!(push.addresses.v4, Some([91, 0, 0, 1].into()));
}

#[tokio::test]
async fn a_form_is_read_from_the_body_of_a_post_and_from_nowhere_else() {
    let mut form = call("hostname=a.de");
    form.method = Method::POST;
    form.body = "myip=91.0.0.1".into();
    form.headers.insert(CONTENT_TYPE, HeaderValue::from_static("Application/X-WWW-Form-URLencoded; charset=utf-8"));
    let good = || Some(Some(vec![taken(&["91.12.34.99"], None)]));
    assert_eq!(line(&form, Some(Some(vec![taken(&["91.0.0.1"], None)]))).await, (200, "good 91.0.0.1".into()));
    let other = Call { method: Method::GET, ..form.clone() };
    assert_eq!(line(&other, good()).await, (200, "good 91.12.34.99".into()));
    form.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    assert_eq!(line(&form, good()).await, (200, "good 91.12.34.99".into()));
    let head = Call { method: Method::HEAD, ..call("hostname=a.de") };
    assert_eq!(line(&head, good()).await, (200, "good 91.12.34.99".into()), "the server leaves the body out");
}

#[tokio::test]
async fn other_methods_are_a_bad_agent() {
    for method in [Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
        let call = Call { method, headers: HeaderMap::new(), ..call("hostname=a.de") };
        let (reply, text, _) = told(&call, UNASKED).await;
        assert_eq!((reply.status().as_u16(), text.as_str()), (405, "badagent"));
        assert_eq!(reply.headers()[ALLOW], "GET, HEAD, POST");
    }
}

#[tokio::test]
async fn nothing_is_told_without_a_login() {
    for query in ["hostname=a.de", "hostname=", "updateall=1", "hostname=a.de&myip=x", ""] {
        for login in
            [None, Some(basic("router", "wrong")), Some(basic("nobody", "router-secret")), Some(HeaderValue::from_static("Basic x"))]
        {
            let mut call = call(query);
            call.headers = login.into_iter().map(|login| (AUTHORIZATION, login)).collect();
            let (reply, text, push) = told(&call, UNASKED).await;
            assert_eq!((reply.status().as_u16(), text.as_str(), push), (401, "badauth", None), "{query}");
            assert_eq!(reply.headers()[WWW_AUTHENTICATE], "Basic realm=\"wanbeacon push\", charset=\"UTF-8\"");
        }
    }
}

#[tokio::test]
async fn a_login_in_the_query_counts_more_than_that_of_the_header() {
    let good = || Some(Some(vec![taken(&["91.12.34.99"], None)]));
    let mut call = call("hostname=a.de&user=admin&password=admin-secret");
    call.headers.insert(AUTHORIZATION, basic("placeholder", "x"));
    assert_eq!(line(&call, good()).await.0, 200);
    call.query = "hostname=a.de&user=admin&password=wrong".into();
    call.headers.insert(AUTHORIZATION, basic("router", "router-secret"));
    assert_eq!(line(&call, UNASKED).await, (401, "badauth".into()));
    call.query = "hostname=a.de&user=router".into();
    call.headers.insert(AUTHORIZATION, basic("anything", "router-secret"));
    assert_eq!(line(&call, good()).await.0, 200, "the password completes it");
}

#[tokio::test]
async fn a_user_needs_the_right_app_or_config() {
    let mut call = call("hostname=a.de");
    call.headers.insert(AUTHORIZATION, basic("phone", "phone-secret"));
    let (reply, text, push) = told(&call, UNASKED).await;
    assert_eq!((reply.status().as_u16(), text.as_str(), push), (403, "badauth", None));
    assert!(!reply.headers().contains_key(WWW_AUTHENTICATE), "asking for another login does not help");
}

#[tokio::test]
async fn a_client_that_guesses_is_told_when_to_come_back() {
    let (questions, _asked) = mpsc::channel(1);
    let shared = Shared::new(web(), questions);
    let mut guess = call("hostname=a.de");
    guess.headers.insert(AUTHORIZATION, basic("router", "guess"));
    for _ in 0..1000 {
        let reply = update(&guess, &shared).await;
        if reply.status() == StatusCode::UNAUTHORIZED {
            continue;
        }
        assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(reply.headers().contains_key(RETRY_AFTER));
        assert_eq!(reply.into_body().collect().await.unwrap().to_bytes(), "911", "what is no reason to stop for good");
        let right = update(&call("hostname=a.de"), &shared).await;
        assert_eq!(right.status(), StatusCode::SERVICE_UNAVAILABLE, "the right login does not help now");
        return;
    }
    panic!("it may guess for ever");
}

#[tokio::test(start_paused = true)]
async fn requests_without_a_login_keep_nobody_out_who_has_one() {
    let (questions, mut asked) = mpsc::channel(1);
    let shared = Shared::new(web(), questions);
    tokio::spawn(async move {
        while let Some(Question::Push(_, place)) = asked.recv().await {
            drop(place.send(Some(vec![taken(&["91.12.34.99"], None)])));
        }
    });
    let mut bare = call("hostname=a.de");
    bare.headers.clear();
    let mut statuses = Vec::new();
    for _ in 0..300 {
        statuses.push(update(&bare, &shared).await.status().as_u16());
    }
    assert_eq!((statuses[0], statuses[299]), (401, 503));
    assert_eq!(update(&call("hostname=a.de"), &shared).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_push_with_the_login_of_a_browser() {
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "http://evil.test"), ("origin", "null")]
    {
        let mut call = call("hostname=a.de");
        call.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        let (reply, text, push) = told(&call, UNASKED).await;
        assert_eq!((reply.status().as_u16(), text.as_str(), push), (403, "badauth", None), "{name}: {value}");
        assert!(!reply.headers().contains_key(WWW_AUTHENTICATE), "the browser is not to ask for a login");
    }
    let mut own = call("hostname=a.de");
    own.headers.insert(HeaderName::from_static("sec-fetch-site"), HeaderValue::from_static("none"));
    assert_eq!(line(&own, Some(Some(vec![taken(&["91.12.34.99"], None)]))).await.0, 200, "who types it in may");
}

#[tokio::test]
async fn a_daemon_that_cannot_take_it_is_a_fault() {
    let call = call("hostname=a.de,b.de");
    assert_eq!(line(&call, Some(None)).await, (500, "911".into()), "it could not be stored");
    assert_eq!(line(&call, None).await, (503, "911".into()), "it is stopping");
}

#[test]
fn a_password_in_the_wrong_field_is_not_shown() {
    let user = User { password: Secret::new(" geheim,wort ".into()), ..web().users.remove(0) };
    for hidden in ["geheim,wort", "xgeheim,wort.de", "geheim", "wort"] {
        assert!(!shown(hidden, &user).contains("wort") && !shown(hidden, &user).contains("geheim"), "{hidden}");
    }
    assert_eq!(shown("a.de,büro\n", &user), "\"a.de,büro\\n\"");
    assert_eq!(shown("", &user), "\"\"");
    let open = User { password: Secret::new(String::new()), ..user };
    assert_eq!(shown("a.de", &open), "\"a.de\"");
}

#[tokio::test]
async fn what_is_no_name_does_not_trouble_the_daemon() {
    let (reply, text, push) = told(&call("hostname=-,a%0d%0agood"), UNASKED).await;
    assert_eq!((reply.status().as_u16(), text.as_str(), push), (400, "notfqdn\nnotfqdn", None));
}
