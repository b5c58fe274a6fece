//! Requests to every route: hooks, callbacks, action links, the API, the pages.
//!
//! States: no request fails inside; only POST and DELETE write; nobody without a token gets past
//! the API's door; hooks are never answered so that a sender switches them off; a refusal of the
//! API is a problem document, a page has its policy. What a request leaves behind (open sessions,
//! counters) changes none of this.
//! Input: who calls (flags), the request line, header lines, an empty line, the body. `TOKEN` in
//! the address becomes a good action link.

use std::{
    collections::BTreeMap,
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex, atomic::AtomicU64},
    time::Duration,
};

use actix_web::{
    App,
    body::BoxBody,
    dev::{Service as _, ServiceResponse},
    http::{
        Method, Uri,
        header::{HeaderName, HeaderValue},
    },
    test::{self, TestRequest},
    web,
};
use handoff::{
    clock::ManualClock,
    crm::{Crm, Hubspot},
    decide::Reach,
    http::{Front, pages::Pages},
    intake::{Kind, Scheme, Secret, SourceSettings},
    model::time::Span,
    notify::link::{Grant, LinkKey},
    rulebook::Rulebook,
    telemetry::Metrics,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Cut, NOON, SETUP, example,
    http_store::{Forgetful, LEAD, REP, TOKEN, WRITES},
    script::client,
};

const URL: &str = "https://handoff.example";

type Called = Pin<Box<dyn Future<Output = (u16, ServiceResponse<BoxBody>)>>>;

/// The routes, and what stands behind them.
struct House {
    runtime: actix_web::rt::Runtime,
    front: web::Data<Front>,
    call: Box<dyn Fn(TestRequest) -> Called>,
}

thread_local! {
    // Never dropped: what actix keeps in its threads may be gone before it.
    static HOUSE: &'static House = Box::leak(Box::new(House::build()));
}

fn scheme(kind: Kind, secret: &str) -> Scheme {
    Scheme::compile(&SourceSettings::new(kind), &[Secret::new(secret)]).expect("a good secret")
}

fn front() -> Front {
    let book = Arc::new(Rulebook::compile(&example(), &SETUP, 1).expect("the example"));
    let settings = serde_json::from_value(json!({ "token": "t" })).expect("settings");
    let crm: Arc<dyn Crm> = Arc::new(Hubspot::over(settings, client(Vec::new())).expect("hubspot"));
    let callback = Arc::new(scheme(Kind::HubspotV1, "app-secret"));
    Front {
        store: Arc::new(Forgetful),
        clock: Arc::new(ManualClock::at(NOON)),
        wake: Box::new(|| {}),
        wake_jobs: Box::new(|| {}),
        changes: tokio::sync::watch::channel(0).1,
        metrics: Arc::new(Metrics::new("sqlite")),
        sources: BTreeMap::from([
            ("website".to_owned(), scheme(Kind::Github, "plain-secret")),
            ("form".to_owned(), scheme(Kind::Token, "bearer-token-of-some-length")),
        ]),
        callbacks: BTreeMap::from([("hubspot".to_owned(), (crm, callback))]),
        book: Box::new(move || Arc::clone(&book)),
        mirror: Box::new(Arc::default),
        take_book: Box::new(|_| {}),
        setup: SETUP.clone(),
        reach: Reach::default(),
        link_key: Arc::new(LinkKey::new(&[[7_u8; 32]]).expect("a key")),
        public_url: URL.to_owned(),
        bounds: handoff::http::bounds::Bounds::default(),
        secrets: handoff::http::secrets::SecretUse::default(),
        volume: handoff::telemetry::Volume::default(),
        body_max: 16 * 1024,
        body_within: Duration::from_secs(10),
        is_loopback: true,
        requests: AtomicU64::new(0),
        started_at: NOON,
        page_key: Mutex::new(None),
        pages: Pages::default(),
        demo: None,
        draining: std::sync::atomic::AtomicBool::new(false),
        presence: Box::new(Vec::new),
    }
}

impl House {
    fn build() -> Self {
        let runtime = actix_web::rt::Runtime::new().expect("a runtime");
        let front = web::Data::new(front());
        let app = App::new().app_data(front.clone()).configure(handoff::http::routes);
        let service = Rc::new(runtime.block_on(test::init_service(app)));
        let call = move |request: TestRequest| -> Called {
            let service = Rc::clone(&service);
            Box::pin(async move {
                let answer = service.call(request.to_request()).await.expect("an answer");
                (answer.status().as_u16(), answer)
            })
        };
        Self { runtime, front, call: Box::new(call) }
    }
}

/// Who calls, and how.
struct Asked {
    method: Method,
    uri: String,
    is_authorised: bool,
}

pub fn run(bytes: &[u8]) {
    if bytes.len() > 40 * 1024 {
        return;
    }
    HOUSE.with(|house: &&House| {
        let Some((asked, request)) = read(house, bytes) else { return };
        WRITES.set(0);
        let (status, answer) = house.runtime.block_on((house.call)(request));
        let writes = WRITES.get();
        let path = asked.uri.split('?').next().unwrap_or_default().to_owned();
        assert!(status < 500 || status == 503, "{status} of {} {path}", asked.method);
        let may_write = [Method::POST, Method::DELETE].contains(&asked.method);
        assert!(may_write || writes == 0, "{} {path} wrote", asked.method);
        if path.starts_with("/api/v1/") && !asked.is_authorised {
            assert_eq!((status, writes), (401, 0), "{} {path}", asked.method);
        }
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        if let ["in", source, rest @ ..] = &parts[..]
            && asked.method == Method::POST
            && rest.len() <= 1
            && !source.is_empty()
            && rest.iter().all(|part| !part.is_empty())
        {
            let ends_hook = matches!(status, 404 | 410 | 300..=399);
            assert!(!ends_hook, "{status} switches a hook off: {path}");
        }
        is_well_formed(house, &path, status, answer);
    });
}

fn is_well_formed(house: &House, path: &str, status: u16, answer: ServiceResponse<BoxBody>) {
    let header = |name: &str| {
        let value = answer.headers().get(name);
        value.map(|value| value.to_str().expect("a header is ASCII").to_owned())
    };
    let kind = header("content-type").unwrap_or_default();
    if kind.starts_with("text/html") {
        let policy = header("content-security-policy").expect("a page has a policy");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"));
    }
    let is_problem = path.starts_with("/api/v1/") && status >= 400 && status != 405;
    if is_problem {
        assert_eq!(kind, "application/problem+json", "{status} of {path}");
    }
    // An open board never ends.
    if kind.starts_with("text/event-stream") {
        return;
    }
    let body = house.runtime.block_on(test::read_body(answer));
    if kind.contains("json") {
        let json: Value = serde_json::from_slice(&body).expect("JSON is JSON");
        if is_problem {
            assert_eq!(json["status"], status, "{json}");
            assert!(json["reference"].as_str().is_some_and(|text| !text.is_empty()));
        }
    }
    if kind.starts_with("text/html") {
        let html = String::from_utf8_lossy(&body);
        assert!(!html.contains("<b>Eva"), "what a stranger typed is markup");
    }
}

/// The request, unless it is none that a server would hand on.
fn read(house: &House, bytes: &[u8]) -> Option<(Asked, TestRequest)> {
    let mut cut = Cut(bytes);
    let flags = cut.byte();
    let line = std::str::from_utf8(cut.line()).ok()?;
    let (method, uri) = line.split_once(' ')?;
    let method = Method::from_bytes(method.as_bytes()).ok()?;
    let uri = uri.replace("TOKEN", &link(house, flags >> 4));
    uri.parse::<Uri>().ok().filter(|uri| uri.path_and_query().is_some() && uri.host().is_none())?;
    let headers = cut.headers();
    let body = cut.0;
    let mut request = TestRequest::with_uri(&uri).method(method.clone());
    for (name, value) in &headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        request = request.append_header((name, HeaderValue::from_bytes(value).ok()?));
    }
    let is_authorised = flags & 1 > 0;
    if is_authorised {
        let own = HeaderName::from_static("authorization");
        request = request.insert_header((own, format!("Bearer {TOKEN}")));
    }
    if flags & 2 > 0 {
        let source = if uri.starts_with("/crm/") {
            &*house.front.callbacks["hubspot"].1
        } else {
            &house.front.sources["website"]
        };
        for (name, value) in source.sign("POST", &format!("{URL}{uri}"), body, NOON, "msg_1") {
            request = request.insert_header((name, value));
        }
    }
    if flags & 4 > 0
        && let Some(session) = house.front.pages.sessions.begin(NOON)
    {
        request = request.append_header(("cookie", format!("__Host-handoff={session}")));
    }
    Some((Asked { method, uri, is_authorised }, request.set_payload(body.to_vec())))
}

fn link(house: &House, which: u8) -> String {
    let rep = REP.to_owned();
    let grant = match which % 4 {
        0 => Grant::Act { lead: LEAD, rep },
        1 => Grant::OutToday { rep },
        2 => Grant::Board { rep },
        _ => Grant::Once { who: rep, nonce: Uuid::from_u128(u128::from(which)) },
    };
    let life = if which & 8 > 0 { Span::ZERO } else { Span::hours(1) };
    house.front.link_key.sign(&grant, NOON.plus(life))
}
