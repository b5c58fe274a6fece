//! A browser behind the WebDriver protocol (W3C), which is JSON over HTTP: the few commands that
//! the tests of the pages need.
//!
//! Guarantees: the driver and the browser end with the value. A dialog on a page fails the next
//! command. Does not know: any page.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

const DRIVER: &str = "/usr/bin/chromedriver";

/// A browser with one window.
pub struct Browser {
    /// Dropped after the session has ended.
    _driver: Driver,
    http: reqwest::Client,
    session: String,
}

impl Browser {
    /// Starts one; `None` where there is none, which CI does not accept.
    pub async fn start() -> Option<Self> {
        let path = std::env::var("HANDOFF_TEST_CHROMEDRIVER").unwrap_or_else(|_| DRIVER.to_owned());
        if !Path::new(&path).exists() {
            assert!(std::env::var_os("CI").is_none(), "there is no browser driver at {path}");
            println!("SKIPPED: there is no browser driver at {path}");
            return None;
        }
        let (driver, port) = Driver::start(&path);
        let http = reqwest::Client::new();
        let base = format!("http://127.0.0.1:{port}/session");
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1400,900",
        ];
        let mut chrome = json!({ "args": args });
        if let Ok(binary) = std::env::var("HANDOFF_TEST_CHROME") {
            chrome["binary"] = json!(binary);
        }
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "unhandledPromptBehavior": "dismiss and notify",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": chrome,
        }}});
        let answer = ask(&http, &base, Some(wanted)).await;
        let session = answer["sessionId"].as_str().expect("a session").to_owned();
        Some(Self { _driver: driver, http, session: format!("{base}/{session}") })
    }

    async fn call(&self, command: &str, body: Value) -> Value {
        ask(&self.http, &format!("{}/{command}", self.session), Some(body)).await
    }

    /// Opens an address.
    pub async fn go(&self, url: &str) {
        self.call("url", json!({ "url": url })).await;
    }

    /// Runs a script in the page, as the driver and not as the page.
    pub async fn js(&self, script: &str) -> Value {
        self.call("execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// The text that a script returns.
    pub async fn text(&self, script: &str) -> String {
        self.js(script).await.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks as a person does, and waits for the page that this opens.
    pub async fn click(&self, css: &str) {
        let found = json!({ "using": "css selector", "value": css });
        let element = self.call("element", found).await;
        let id = element.as_object().and_then(|one| one.values().next()).and_then(Value::as_str);
        self.call(&format!("element/{}/click", id.expect("an element")), json!({})).await;
    }

    /// What the browser complained about since the last look: refused scripts and styles, errors.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.call("se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().into_iter().flatten();
        entries.filter_map(|entry| entry["message"].as_str()).map(str::to_owned).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ending the session ends the browser; nothing can be awaited here.
        let port = self.session.split('/').nth(2).unwrap_or_default().to_owned();
        let path = self.session.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
        if let Ok(mut line) = std::net::TcpStream::connect(port) {
            let ask =
                format!("DELETE /{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
            let _ = line.write_all(ask.as_bytes());
            // The driver keeps the line open: the first bytes say that the browser has ended.
            let _ = line.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = line.read(&mut [0_u8; 512]);
        }
    }
}

/// The driver's process; ends with the value.
struct Driver {
    process: Child,
    /// Kept open: who writes into a closed pipe is ended.
    output: BufReader<ChildStdout>,
}

impl Driver {
    /// Starts it on a free port, which it says.
    fn start(path: &str) -> (Self, u16) {
        let mut process = Command::new(path)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the driver starts");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let mut driver = Self { process, output };
        let mut port = None;
        for line in driver.output.by_ref().lines().map_while(Result::ok) {
            port = line.split_once("successfully on port ").map(|(_, port)| port.to_owned());
            if port.is_some() {
                break;
            }
        }
        let port = port.expect("the driver says its port");
        (driver, port.trim_end_matches('.').parse().expect("a port"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One command; an error of the protocol fails the test.
async fn ask(http: &reqwest::Client, url: &str, body: Option<Value>) -> Value {
    let sent = http
        .post(url)
        .header("content-type", "application/json")
        .body(body.unwrap_or(Value::Null).to_string())
        .send()
        .await
        .expect("the driver answers");
    let text = sent.text().await.expect("a body");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    let value = answer["value"].clone();
    assert!(value.get("error").is_none(), "{url}: {value}");
    value
}
