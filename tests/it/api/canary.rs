//! Nothing that a lead's author typed, and no secret, reaches a log, a metric, an error or the
//! process's title (I23): marked words in every field and every secret go through a busy day of the
//! real binary at its most talkative, to every kind of source, and into every refusal.

use handoff::{
    demo::channels::{posts::Sink, smtp::MailSink},
    intake::{Kind, Scheme, Secret, SourceSettings},
    model::time::Time,
};
use serde_json::{Value, json};

use crate::{
    faults::daemon::Daemon,
    harness::{until, website},
};

/// What only a lead's author knows. Each is one that nothing else writes.
const TYPED: [&str; 12] = [
    "kanarieneva",
    "zwitscherdomain",
    "Federkleid",
    "Schnabelmann",
    "Vogelhaus",
    "49173555010",
    "Piepstadt",
    "Nistplatz",
    "Trillerwort",
    "Zugvogel",
    "campaignfink",
    "refererspatz",
];
/// What only the settings know.
const SECRETS: [&str; 4] = [
    "linksecret-amsel-0123456789-abcdefghij",
    "slackpfad",
    "appsecret-meise",
    "quellengeheimnis:zaunkoenig-0123456789",
];

fn fill(number: usize) -> String {
    json!({ "type": "lead.created", "data": {
        "email": format!("kanarieneva{number}@zwitscherdomain.example"),
        "first_name": "Federkleid", "last_name": "Schnabelmann", "company": "Vogelhaus",
        "phone": format!("+49173555010{number}"), "city": "Piepstadt", "job_title": "Nistplatz",
        "message": "Trillerwort\r\nerror: forged line \u{1b}[31m", "country": "Zugvogel",
        "utm_campaign": "campaignfink", "referrer": "https://refererspatz.example/?q=1",
        "employees": "Federkleid", "website": "https://zwitscherdomain.example",
    }})
    .to_string()
}

fn now() -> Time {
    handoff::clock::Clock::now(&handoff::clock::SystemClock::new())
}

/// Posts a body to the website's hook, signed or as it is; answers the status.
async fn post(daemon: &Daemon, path: &str, body: &str, delivery: Option<&str>) -> u16 {
    let url = format!("http://127.0.0.1:{}{path}", daemon.port);
    let mut request = reqwest::Client::new().post(&url).body(body.to_owned());
    if let Some(delivery) = delivery {
        for (name, value) in website().sign("POST", &url, body.as_bytes(), now(), delivery) {
            request = request.header(name, value);
        }
    }
    request.send().await.expect("an answer").status().as_u16()
}

/// The kinds of source whose secret may be any text.
fn plain_kinds() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::StandardWebhooks | Kind::Svix))
}

/// What is written after the name, kind and secret of a source of this kind.
fn scheme(kind: Kind) -> Scheme {
    let mut settings = SourceSettings::new(kind);
    if kind == Kind::Hmac {
        settings.signature_header = Some("x-signature".into());
    }
    Scheme::compile(&settings, &[Secret::new(SECRETS[3])]).expect("the secret is good")
}

/// Sends what is refused in every way to every source and page; all that was answered, headers too.
async fn stumble(daemon: &Daemon) -> String {
    let (http, base) = (reqwest::Client::new(), format!("http://127.0.0.1:{}", daemon.port));
    let mut said = String::new();
    let mut send = async |request: reqwest::RequestBuilder| {
        let answer = request.send().await.expect("an answer");
        let is_refused = answer.status().as_u16() >= 400;
        let headers = format!("{} {:?}\n", answer.status(), answer.headers());
        let text = answer.text().await.expect("text");
        if is_refused {
            said.push_str(&headers);
            said.push_str(&text);
        }
    };
    for kind in plain_kinds() {
        let path = format!("/in/{}", kind.word());
        let url = format!("{base}{path}");
        let (body, big) = (fill(50), format!("{{\"Vogelhaus\":\"{}\"}}", "x".repeat(2 << 20)));
        let at = |minutes| now().plus(handoff::model::time::Span::minutes(minutes));
        // Good; too old; from the future; forged; encoded; too large; unreadable.
        for (minutes, sent, typed, encoding) in [
            (0, &body, &body, None),
            (-60, &body, &body, None),
            (60, &body, &body, None),
            (0, &body, &fill(51), None),
            (0, &body, &body, Some("gzip-Vogelhaus")),
            (0, &big, &big, None),
        ] {
            let signed =
                scheme(kind).sign("POST", &url, typed.as_bytes(), at(minutes), "Vogelhaus");
            let mut request = http.post(&url).body(sent.clone()).header("x-typed", "Schnabelmann");
            for (name, value) in signed {
                request = request.header(name, value);
            }
            if let Some(encoding) = encoding {
                request = request.header("content-encoding", encoding);
            }
            send(request).await;
        }
        // A secret where it does not belong.
        send(http.get(format!("{base}/{path}/{}", SECRETS[3]))).await;
        send(http.delete(&url).body(fill(52))).await;
    }
    for path in [
        "/leads/Vogelhaus",
        "/act/Vogelhaus",
        "/open/Vogelhaus",
        "/assets/Vogelhaus",
        "/?Vogelhaus",
    ] {
        send(http.get(format!("{base}{path}"))).await;
        send(http.post(format!("{base}{path}")).body(fill(53))).await;
    }
    said
}

/// Settings with every kind of secret, the log at its most talkative, and people who are told.
async fn talkative() -> (Daemon, Sink, MailSink) {
    let daemon = Daemon::new();
    let (chat, mail) = (Sink::start().expect("a port"), MailSink::start().await.expect("a port"));
    let path = daemon.folder.path();
    let settings = std::fs::read_to_string(path.join("handoff.toml")).expect("settings");
    let sources = plain_kinds()
        .map(|kind| {
            let header = if kind == Kind::Hmac { "signature_header = \"x-signature\"" } else { "" };
            format!(
                "[[source]]\nname = \"{0}\"\nkind = \"{0}\"\nsecrets = [\"env:ANY_SECRET\"]\n{header}\n",
                kind.word()
            )
        })
        .collect::<Vec<_>>()
        .concat();
    let more = format!(
        r#"
{sources}
[crm.hubspot.callback]
kind = "hubspot-v3"
secrets = ["env:APP_SECRET"]

[channel.email]
kind = "email"
host = "127.0.0.1"
port = {}
tls = "plain"
from = "handoff <handoff@acme.example>"

[channel.alerts]
kind = "slack"
url = "env:CHAT_URL"
allow_private = true

[action_links]
secrets = ["env:LINK_SECRET"]

[log]
level = "trace"
format = "json"
"#,
        mail.address().port()
    );
    std::fs::write(path.join("handoff.toml"), settings + &more).expect("settings");
    let rulebook = std::fs::read_to_string(path.join("rulebook.toml")).expect("a rulebook");
    let rulebook = rulebook
        .replace("manager = \"mary\"", "manager = \"mary\"\ntell_by = [\"email\"]")
        .replace(r#"alarm = ["rep: mary"]"#, r#"alarm = ["channel: alerts"]"#)
        .replace("respond_within = \"5m\"", "respond_within = \"2s\"")
        .replace("late_by = \"5m\"", "late_by = \"1s\"");
    std::fs::write(path.join("rulebook.toml"), rulebook).expect("a rulebook");
    (daemon, chat, mail)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_typed_word_and_no_secret_is_in_the_log_or_on_the_metrics_page() {
    let (mut daemon, chat, mail) = talkative().await;
    daemon.environment = vec![
        ("LINK_SECRET".into(), SECRETS[0].into()),
        ("CHAT_URL".into(), chat.url("/slack/slackpfad")),
        ("APP_SECRET".into(), SECRETS[2].into()),
        ("ANY_SECRET".into(), SECRETS[3].into()),
    ];
    let made = daemon.command().args(["token", "create", "ops"]).output().expect("it runs");
    let token = String::from_utf8(made.stdout).expect("text").trim().to_owned();
    daemon.start().await;
    daemon.crm.script([
        handoff::demo::crm::Fault::Status(500),
        handoff::demo::crm::Fault::Status(400),
        handoff::demo::crm::Fault::ResetAfter,
    ]);
    for number in 0..6 {
        assert_eq!(
            post(&daemon, "/in/website", &fill(number), Some(&format!("m{number}"))).await,
            200
        );
    }
    // Broken, forged, unreadable, for nobody; and typed words where ids should stand.
    assert_eq!(post(&daemon, "/in/website", "{\"kanarieneva\":", Some("b1")).await, 200);
    assert_eq!(
        post(&daemon, "/in/website", r#"{"data":{"last_name":"Schnabelmann"}}"#, Some("b2")).await,
        200
    );
    for path in ["/in/website", "/in/Vogelhaus", "/crm/hubspot", "/crm/Vogelhaus", "/Vogelhaus"] {
        assert!(post(&daemon, path, &fill(99), None).await >= 400, "{path}");
    }
    let errors = stumble(&daemon).await;
    assert!(errors.matches("401 ").count() > 10 && errors.contains("413 "), "{errors}");
    let title =
        std::fs::read_to_string(format!("/proc/{}/cmdline", daemon.pid())).expect("a title");
    let api = |method: &str, path: &str| {
        let url = format!("http://127.0.0.1:{}/api/v1{path}", daemon.port);
        let method = method.parse().expect("a method");
        reqwest::Client::new().request(method, url).bearer_auth(&token)
    };
    api("GET", "/leads?Vogelhaus=1").send().await.expect("an answer");
    api("GET", "/leads/Schnabelmann").send().await.expect("an answer");
    api("POST", "/jobs/Vogelhaus").body("{\"Schnabelmann\":1}").send().await.expect("an answer");
    let wrong = api("GET", "/leads").bearer_auth("hnd_Vogelhaus");
    wrong.send().await.expect("an answer");
    until("leads were told, handed over and written", || async {
        let told = mail.mails().all().len();
        let list =
            api("GET", "/leads").send().await.expect("an answer").text().await.expect("text");
        let list: Value = serde_json::from_str(&list).expect("JSON");
        let leads = list["leads"].as_array().cloned().unwrap_or_default();
        let moved = leads.iter().filter(|lead| lead["had"].is_array()).count();
        told >= 4 && moved >= 4 && daemon.crm.records().len() >= 4
    })
    .await;
    let metrics = format!("http://127.0.0.1:{}/metrics", daemon.port);
    let metrics = reqwest::get(metrics).await.expect("an answer").text().await.expect("text");
    assert!(daemon.stop().1, "{}", daemon.log());
    let log = daemon.log();
    assert!(log.len() > 2_000 && log.contains("\"DEBUG\""), "it was talkative: {log}");
    let all_mails: String = mail.mails().all().into_iter().map(|mail| mail.content).collect();
    assert!(all_mails.contains("Vogelhaus"), "the words did go through");
    let secrets = [token.as_str(), crate::harness::SECRET, handoff::demo::crm::TOKEN];
    let words = TYPED.iter().chain(&SECRETS).chain(&secrets[..2]);
    let places = [("log", &log), ("metrics", &metrics), ("errors", &errors), ("title", &title)];
    for (name, page) in places {
        for word in words.clone() {
            let hit = page.lines().find(|line| line.to_lowercase().contains(&word.to_lowercase()));
            assert_eq!(hit, None, "{word} is in the {name}");
        }
        assert!(!page.contains("/act/"), "a link that acts is in the {name}");
        assert!(
            !page.contains(&format!("Bearer {}", secrets[2])),
            "the CRM's token is in the {name}"
        );
    }
    let is_json = |line: &&str| serde_json::from_str::<Value>(line).is_ok();
    assert_eq!(log.lines().find(|line| !is_json(line)), None, "one record is one line");
}
