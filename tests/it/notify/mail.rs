//! Mail against a real SMTP server (aiosmtpd) with certificates made by openssl, and against the
//! demo's stand-in.
//!
//! `HANDOFF_TEST_PYTHON` names a Python that has aiosmtpd. Without it these tests say SKIPPED, and
//! fail where `CI` is set.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, OnceLock},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use handoff::{
    demo::channels::{Arrivals, smtp::MailSink},
    notify::{
        Channel, Message,
        email::{Email, EmailSettings},
    },
};
use serde_json::{Value, json};

use super::{HOSTILE, message};

const PATIENCE: Duration = Duration::from_secs(10);

/// A certificate authority and a server's certificate for `localhost`, made once.
struct Certificates {
    folder: tempfile::TempDir,
}

impl Certificates {
    fn made() -> &'static Self {
        static MADE: OnceLock<Certificates> = OnceLock::new();
        MADE.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            for name in ["ca", "other"] {
                openssl(folder.path(), &format!(
                    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
                     -subj /CN={name}.example -keyout {name}.key -out {name}.pem"
                ));
            }
            openssl(
                folder.path(),
                "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
                 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout server.key -out server.csr",
            );
            openssl(
                folder.path(),
                "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
                 -copy_extensions copy -out server.pem",
            );
            Certificates { folder }
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A running mail server; it ends with this.
struct Server {
    process: Child,
    port: u16,
    mails: Arc<Arrivals<Value>>,
}

impl Server {
    /// Starts it, or says loudly that it cannot be.
    fn start(mode: &str) -> Option<Self> {
        let Ok(python) = std::env::var("HANDOFF_TEST_PYTHON") else {
            let why = "HANDOFF_TEST_PYTHON does not name a Python with aiosmtpd";
            assert!(std::env::var_os("CI").is_none(), "{why}");
            // Past the test harness, which keeps what a passing test prints.
            let line = format!("SKIPPED: no mail server: {why}\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            return None;
        };
        let certificates = Certificates::made();
        let mut process = Command::new(python)
            .args(["-W", "ignore"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/notify/smtp_server.py"))
            .arg(mode)
            .args(["server.pem", "server.key"].map(|name| certificates.path(name)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("HANDOFF_TEST_PYTHON runs");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first =
            lines.next().expect("the server says its port: is aiosmtpd installed?").unwrap();
        let port = serde_json::from_str::<Value>(&first).unwrap()["port"].as_u64().unwrap();
        let mails = Arc::new(Arrivals::default());
        let shared = Arc::clone(&mails);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                shared.push(serde_json::from_str(&line).unwrap());
            }
        });
        Some(Self { process, port: u16::try_from(port).unwrap(), mails })
    }

    /// The channel to it, with these settings changed and this authority trusted.
    fn channel(&self, more: &Value, ca: &str) -> Email {
        let ca = std::fs::read(Certificates::made().path(ca)).unwrap();
        let mut settings = json!({
            "host": "localhost", "port": self.port, "from": "handoff <handoff@acme.example>",
        });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let settings: EmailSettings = serde_json::from_value(settings).unwrap();
        Email::new(&settings, Some(&ca)).unwrap()
    }

    async fn mail(&self, count: usize) -> Value {
        let mails = self.mails.wait_for(count, PATIENCE).await;
        assert_eq!(mails.len(), count);
        mails.into_iter().next_back().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn content(mail: &Value) -> String {
    String::from_utf8(STANDARD.decode(mail["content"].as_str().unwrap()).unwrap()).unwrap()
}

fn header<'a>(content: &'a str, name: &str) -> &'a str {
    let line = content.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_once(": ").unwrap().1
}

#[tokio::test]
async fn mail_goes_over_tls_in_both_ways() {
    for (mode, more) in [("starttls", json!({})), ("tls", json!({"tls": "tls"}))] {
        let Some(server) = Server::start(mode) else { return };
        server.channel(&more, "ca.pem").send(message("Eva Linden")).await.unwrap();
        let mail = server.mail(1).await;
        assert_eq!(mail["tls"], true, "{mode}");
        assert_eq!(mail["sender"], "handoff@acme.example");
        assert_eq!(mail["to"], json!(["ada@acme.example"]));
        let content = content(&mail);
        assert_eq!(header(&content, "Subject"), "New lead, answer by 10:07");
        assert!(content.find("text/plain").unwrap() < content.find("text/html").unwrap());
        assert!(content.contains("Company: Eva Linden"));
    }
}

#[tokio::test]
async fn a_server_that_is_not_trusted_gets_no_mail() {
    for (mode, more) in [("starttls", json!({})), ("tls", json!({"tls": "tls"}))] {
        let Some(server) = Server::start(mode) else { return };
        for (more, ca) in [
            (more.clone(), "other.pem"),
            // The right authority, the wrong name.
            (merged(more, json!({"host": "127.0.0.1"})), "ca.pem"),
        ] {
            let failure = server.channel(&more, ca).send(message("Eva")).await.unwrap_err();
            assert_eq!(failure.word(), "auth_lost", "{mode} {ca}: {failure}");
        }
        assert!(server.mails.all().is_empty());
    }
}

#[tokio::test]
async fn starttls_is_required_and_never_skipped() {
    let Some(server) = Server::start("plain") else { return };
    let channel = server.channel(&json!({"user": "handoff", "password": "right"}), "ca.pem");
    let failure = channel.send(message("Eva")).await.unwrap_err();
    assert_eq!(failure.word(), "auth_lost", "{failure}");
    assert!(failure.to_string().contains("STARTTLS"), "{failure}");
    assert!(server.mails.all().is_empty());
}

#[tokio::test]
async fn a_wrong_password_stops_the_channel_and_a_right_one_is_used() {
    let Some(server) = Server::start("starttls") else { return };
    let signed_in = |password: &str| {
        server.channel(&json!({"user": "handoff", "password": password}), "ca.pem")
    };
    let failure = signed_in("hunter2").send(message("Eva")).await.unwrap_err();
    assert_eq!(failure.word(), "auth_lost", "{failure}");
    assert!(!format!("{failure:?}").contains("hunter2"));
    signed_in("right").send(message("Eva")).await.unwrap();
    assert_eq!(server.mail(1).await["user"], "handoff");
}

#[tokio::test]
async fn every_answer_of_the_server_has_one_treatment() {
    let Some(server) = Server::start("plain") else { return };
    let plain = json!({"tls": "plain", "timeout": "2s"});
    for (from, to, want) in [
        ("handoff", "ada", "ok"),
        ("handoff", "busy", "busy"),
        ("handoff", "gone", "refused"),
        ("handoff", "full", "refused"),
        ("handoff", "lost", "maybe_done"),
        ("handoff", "slow", "maybe_done"),
        ("denied", "ada", "auth_lost"),
    ] {
        let from = json!({"from": format!("{from}@acme.example")});
        let channel = server.channel(&merged(plain.clone(), from), "ca.pem");
        let to = Some(format!("{to}@acme.example"));
        let result = channel.send(Message { to: to.clone(), ..message("Eva") }).await;
        let word = result.as_ref().map_or_else(handoff::model::failure::Failure::word, |()| "ok");
        assert_eq!(word, want, "{to:?}: {result:?}");
        // What the server said repeats the address; what we keep does not.
        assert!(!format!("{result:?}").contains("acme.example"), "{result:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_busy() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings =
        json!({"host": "127.0.0.1", "port": port, "tls": "plain", "from": "a@acme.example"});
    let settings: EmailSettings = serde_json::from_value(settings).unwrap();
    let failure = Email::new(&settings, None).unwrap().send(message("Eva")).await.unwrap_err();
    assert_eq!(failure.word(), "busy", "{failure}");
}

#[tokio::test]
async fn a_repeat_is_recognisable_by_its_message_id() {
    let Some(server) = Server::start("plain") else { return };
    let channel = server.channel(&json!({"tls": "plain"}), "ca.pem");
    let lost = Message { to: Some("lost@acme.example".into()), ..message("Eva") };
    assert_eq!(channel.send(lost.clone()).await.unwrap_err().word(), "maybe_done");
    assert!(channel.send(lost).await.is_err());
    channel.send(Message { key: "another".into(), ..message("Eva") }).await.unwrap();
    server.mail(3).await;
    let ids: Vec<String> = server
        .mails
        .all()
        .iter()
        .map(|mail| header(&content(mail), "Message-ID").to_owned())
        .collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
}

/// The envelope, the headers and the markup of a mail as it arrived are ours alone.
fn check_harmless(to: &[&str], content: &str) {
    const OURS: [&str; 8] = [
        "From",
        "To",
        "Subject",
        "Message-ID",
        "Date",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    ];
    assert_eq!(to, ["ada@acme.example"]);
    let (headers, body) = content.split_once("\r\n\r\n").unwrap();
    let names: Vec<&str> = headers
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert!(names.iter().all(|name| OURS.contains(name)), "{names:?}");
    assert_eq!(names.len(), OURS.len());
    assert!(!body.contains('\u{1b}'), "{body}");
    assert_eq!(body.matches("Content-Type:").count(), 2, "two parts: {body}");
    // Lines of a quoted-printable part are joined as its reader joins them.
    let html = body.split("Content-Type: text/html").nth(1).unwrap().replace("=\r\n", "");
    assert!(!html.contains("<script") && !html.contains(" onerror=3D\""), "{html}");
    assert_eq!(html.matches("<a href").count(), 1, "only ours: {html}");
    assert!(content.len() < 20_000, "{}", content.len());
}

#[tokio::test]
async fn what_a_stranger_wrote_adds_no_header_no_recipient_and_no_markup() {
    let server = Server::start("plain");
    let sink = MailSink::start().await.unwrap();
    let stand_in = json!({
        "host": "127.0.0.1", "port": sink.address().port(), "tls": "plain",
        "from": "handoff <handoff@acme.example>",
    });
    let stand_in = serde_json::from_value::<EmailSettings>(stand_in).unwrap();
    let stand_in = Email::new(&stand_in, None).unwrap();
    let long = HOSTILE.map(|text| text.repeat(100_000 / text.len()));
    let texts = HOSTILE.iter().copied().chain(long.iter().map(String::as_str));
    for (index, text) in texts.enumerate() {
        if let Some(server) = &server {
            let channel = server.channel(&json!({"tls": "plain"}), "ca.pem");
            channel.send(message(text)).await.unwrap();
            let mail = server.mail(index + 1).await;
            let to: Vec<&str> =
                mail["to"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            check_harmless(&to, &content(&mail));
        }
        stand_in.send(message(text)).await.unwrap();
        let mails = sink.mails().wait_for(index + 1, PATIENCE).await;
        assert_eq!(mails.len(), index + 1);
        let to: Vec<&str> = mails[index].to.iter().map(String::as_str).collect();
        check_harmless(&to, &mails[index].content);
    }
}

fn merged(mut base: Value, more: Value) -> Value {
    if let (Value::Object(base), Value::Object(more)) = (&mut base, more) {
        base.extend(more);
    }
    base
}
