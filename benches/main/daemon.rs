//! The release binary on a store of its own, with a receiver of webhooks beside it.
//!
//! Guarantees: it ends with the group, by its own id. Does not know: what is measured.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use handoff::{
    clock::{Clock as _, SystemClock},
    demo::channels::posts::Sink,
    intake::{Kind, Scheme, Secret, SourceSettings},
    model::time::Time,
};

use super::figure;

const SECRET: &str = "whsec_bGVhZGhvb2stZGVtby1zaWduaW5nLWtleS0wMDAwMDE=";

/// The running daemon.
pub struct Daemon {
    child: Child,
    folder: PathBuf,
    port: u16,
    http: reqwest::Client,
    website: Scheme,
    /// Takes what the channel `alerts` is told.
    pub alerts: Sink,
    /// From the start of the process until it said that it is ready.
    pub ready: Duration,
}

impl Daemon {
    /// Starts it in this folder, which has the store and the rulebook.
    pub async fn start(folder: &Path) -> Self {
        let alerts = Sink::start().expect("a port");
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
        let settings = format!(
            r#"
listen = "127.0.0.1:{port}"
store = "sqlite:handoff.db"
rulebook = "rulebook.toml"

[log]
level = "warn"

[[source]]
name = "website"
kind = "standard-webhooks"
secrets = ["env:WEBSITE_SECRET"]

[channel.alerts]
kind = "webhook"
url = "env:ALERTS_URL"
secrets = ["env:WEBSITE_SECRET"]
allow_private = true
per_second = 10000
burst = 10000
"#
        );
        std::fs::write(folder.join("handoff.toml"), settings).expect("a file");
        let log = File::create(folder.join("log")).expect("a log");
        let began = figure::start();
        let child = Command::new(env!("CARGO_BIN_EXE_handoff"))
            .arg("serve")
            .current_dir(folder)
            .env("WEBSITE_SECRET", SECRET)
            .env("ALERTS_URL", alerts.url("/alerts"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        let settings = SourceSettings::new(Kind::StandardWebhooks);
        let mut daemon = Self {
            child,
            folder: folder.to_owned(),
            port,
            http: reqwest::Client::new(),
            website: Scheme::compile(&settings, &[Secret::new(SECRET)]).expect("a good secret"),
            alerts,
            ready: Duration::ZERO,
        };
        while began.elapsed() < Duration::from_mins(2) {
            if daemon.get("/health/ready").await.is_some() {
                daemon.ready = began.elapsed();
                return daemon;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let log = std::fs::read_to_string(daemon.folder.join("log")).unwrap_or_default();
        panic!("it did not become ready:\n{log}");
    }

    /// A page, if the answer is 200.
    pub async fn get(&self, path: &str) -> Option<String> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let answer = self.http.get(url).send().await.ok()?;
        if answer.status() == 200 { answer.text().await.ok() } else { None }
    }

    /// Posts a signed fill; whether it was taken.
    pub async fn post(&self, n: usize) -> bool {
        let url = format!("http://127.0.0.1:{}/in/website", self.port);
        let body = super::book::body(n);
        let delivery = format!("live_{n}");
        let headers = self.website.sign("POST", &url, body.as_bytes(), now(), &delivery);
        let mut request = self.http.post(&url).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(body).send().await.is_ok_and(|answer| answer.status() == 200)
    }

    /// Resident memory in MiB, now and at its highest.
    pub fn resident(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("it runs");
        let mib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0)
                / 1024
        };
        (mib("VmRSS"), mib("VmHWM"))
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.expect("kill runs").success());
        assert!(self.child.wait().expect("it ends").success(), "it ends well");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The wall clock.
pub fn now() -> Time {
    SystemClock::new().now()
}
