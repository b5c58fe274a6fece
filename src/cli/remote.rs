//! The daemon's API from the command line.
//!
//! Guarantees: the token goes only to the address that the operator named: redirects are not
//! followed, and it is sent without TLS to other machines only with a warning; every error is a
//! sentence that says how to mend it, with the exit code that fits; ids are encoded as path
//! segments. Does not know: what the routes answer.

use std::{fmt, net::IpAddr, time::Duration};

use reqwest::{Client, Method, redirect::Policy};
use serde_json::Value;
use url::{Host, Url};

use super::{
    exit::{Exit, Stop},
    refusal::{Answer, refusal},
    screen::clean,
};

/// A backup of a large store takes its time; everything else is quick.
const DEADLINE: Duration = Duration::from_mins(10);
const CONNECT: Duration = Duration::from_secs(5);
/// The longest answer that is read: a rulebook with its tables, and air.
const ANSWER_MAX: usize = 64 << 20;

/// The daemon.
pub struct Remote {
    client: Client,
    base: Url,
    token: Option<String>,
    runtime: tokio::runtime::Runtime,
}

/// The token stays out of every print.
impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Remote {
    /// The daemon at this address. Nothing is sent yet.
    ///
    /// # Errors
    /// An address that is none.
    pub fn new(address: &str, token: Option<String>) -> Result<Self, Stop> {
        let base = address_of(address)?;
        let client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .timeout(DEADLINE)
            .user_agent(concat!("handoff/", env!("CARGO_PKG_VERSION")));
        // A proxy of the environment is for other machines.
        let client = if is_loopback(&base) { client.no_proxy() } else { client };
        let client = client.build().map_err(anyhow::Error::from)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(anyhow::Error::from)?;
        Ok(Self { client, base, token, runtime })
    }

    /// Whether a token would travel readable over a network.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        self.token.is_some() && self.base.scheme() == "http" && !is_loopback(&self.base)
    }

    /// Whether there is a token to send.
    #[must_use]
    pub const fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// `GET /api/v1/…`.
    pub fn get(&self, path: &[&str], query: &[(&str, String)]) -> Result<Value, Stop> {
        self.good(self.call(Method::GET, path, query, None)?)
    }

    /// `POST /api/v1/…`.
    pub fn post(&self, path: &[&str], body: &Value) -> Result<Value, Stop> {
        self.good(self.call(Method::POST, path, &[], Some(body))?)
    }

    /// `POST /api/v1/…`, for a caller who reads the refusals itself.
    ///
    /// # Errors
    /// No answer at all.
    pub fn post_for_answer(&self, path: &[&str], body: &Value) -> Result<Answer, Stop> {
        self.call(Method::POST, path, &[], Some(body))
    }

    /// `DELETE /api/v1/…`.
    pub fn delete(&self, path: &[&str]) -> Result<Value, Stop> {
        self.good(self.call(Method::DELETE, path, &[], None)?)
    }

    fn call(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<Answer, Stop> {
        let mut url = self.at(&[&["api", "v1"], path].concat());
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.client.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        self.send(request)
    }

    /// Posts a source's delivery: its own headers, no token of ours.
    ///
    /// # Errors
    /// No answer at all, or a header that HTTP does not carry.
    pub fn deliver(
        &self,
        path: &[&str],
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<Answer, Stop> {
        let mut request = self.client.post(self.at(path)).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.send(request)
    }

    /// What a good answer holds; every other one as a sentence.
    ///
    /// # Errors
    /// What the daemon says, with the code for its status.
    pub fn good(&self, answer: Answer) -> Result<Value, Stop> {
        if (200..300).contains(&answer.status) && !answer.body.is_null() {
            return Ok(answer.body);
        }
        Err(refusal(&self.shown(), self.token.as_deref(), &answer))
    }

    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        // Addresses with a host always have segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, Stop> {
        self.runtime.block_on(async {
            let mut answer = request.send().await.map_err(|error| self.no_answer(&error))?;
            let status = answer.status().as_u16();
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(|error| self.no_answer(&error))? {
                if body.len() + chunk.len() > ANSWER_MAX {
                    return Err(Stop::new(Exit::Failed, "the answer is longer than 64 MiB"));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
        })
    }

    fn no_answer(&self, error: &reqwest::Error) -> Stop {
        let base = self.shown();
        if error.is_builder() {
            return Stop::usage(
                "this cannot be sent as HTTP: a header or the address is not valid",
            );
        }
        if error.is_connect() {
            return Stop::new(
                Exit::Unreachable,
                format!(
                    "no daemon answers at {base} ({}); start it with `handoff serve`, or set \
                     HANDOFF_URL (or --url) to where it runs",
                    innermost(error)
                ),
            );
        }
        if error.is_timeout() {
            return Stop::new(
                Exit::Unreachable,
                format!(
                    "{base} did not answer within {} s; look into the daemon's log",
                    DEADLINE.as_secs()
                ),
            );
        }
        Stop::new(
            Exit::Unreachable,
            format!(
                "the connection to {base} broke before the answer ({}); what was asked may have \
                 been done: look before you repeat it",
                innermost(error)
            ),
        )
    }

    /// The address without a password that may stand in it.
    fn shown(&self) -> String {
        let mut url = self.base.clone();
        // Both fail only for addresses that carry neither.
        let _ = url.set_password(None);
        let _ = url.set_username("");
        url.as_str().trim_end_matches('/').to_owned()
    }
}

fn address_of(address: &str) -> Result<Url, Stop> {
    let wrong = || {
        Stop::usage(format!(
            "{:?} is no address of a daemon: write it as in http://127.0.0.1:8080",
            clean(address, 100)
        ))
    };
    let url = Url::parse(address.trim()).map_err(|_| wrong())?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none();
    if fits { Ok(url) } else { Err(wrong()) }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(four)) => IpAddr::from(four).is_loopback(),
        Some(Host::Ipv6(six)) => IpAddr::from(six).is_loopback(),
        None => false,
    }
}

/// The last cause: the part that says what happened and names no URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if cause.is::<reqwest::Error>() { "unknown cause".to_owned() } else { cause.to_string() }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread::JoinHandle,
    };

    use super::*;

    /// Answers one request and gives back what was asked.
    fn daemon(status: &str, body: &str) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nlocation: http://evil.example/\r\n\
             connection: close\r\n\r\n{body}",
            body.len()
        );
        let served = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !request.windows(4).any(|four| four == b"\r\n\r\n") {
                let read = socket.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..read]);
            }
            socket.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        (address, served)
    }

    fn asked(status: &str, body: &str, token: Option<&str>) -> (Result<Value, Stop>, String) {
        let (address, served) = daemon(status, body);
        let remote = Remote::new(&address, token.map(str::to_owned)).unwrap();
        let answer = remote.get(&["leads", "a/../b?c"], &[("state", "waiting".to_owned())]);
        (answer, served.join().unwrap())
    }

    #[test]
    fn a_call_carries_the_token_and_ids_stay_inside_their_segment() {
        let (answer, request) = asked("200 OK", "{\"leads\":[]}", Some("hnd_x"));
        assert_eq!(answer.unwrap(), serde_json::json!({ "leads": [] }));
        let first = request.lines().next().unwrap();
        assert_eq!(first, "GET /api/v1/leads/a%2F..%2Fb%3Fc?state=waiting HTTP/1.1");
        assert!(request.contains("authorization: Bearer hnd_x"), "{request}");
    }

    #[test]
    fn a_redirect_is_not_followed_and_a_refusal_is_a_sentence() {
        let stop = asked("302 Found", "", Some("hnd_x")).0.unwrap_err();
        assert_eq!(stop.exit, Exit::Unreachable);
        let stop = asked("404 x", "{\"detail\":\"no lead\"}", None).0.unwrap_err();
        assert_eq!((stop.exit, stop.error.to_string().as_str()), (Exit::No, "no lead"));
    }

    #[test]
    fn a_daemon_that_is_not_there_is_said_to_be() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let remote = Remote::new(&format!("http://127.0.0.1:{port}"), None).unwrap();
        let stop = remote.get(&["books"], &[]).unwrap_err();
        assert_eq!(stop.exit, Exit::Unreachable);
        assert!(stop.error.to_string().contains("`handoff serve`"), "{}", stop.error);
    }

    #[test]
    fn addresses_are_checked_and_exposed_tokens_noticed() {
        for (address, is_exposed) in [
            ("http://127.0.0.1:8080", false),
            ("http://localhost:8080/", false),
            ("http://[::1]:8080", false),
            ("https://handoff.acme.example/base", false),
            ("http://handoff.acme.example", true),
            ("http://10.0.0.7:8080", true),
        ] {
            let remote = Remote::new(address, Some("t".to_owned())).unwrap();
            assert_eq!(remote.is_exposed(), is_exposed, "{address}");
        }
        for address in ["", "8080", "127.0.0.1:8080", "ftp://x.example", "http://x.example/?a=1"] {
            assert_eq!(Remote::new(address, None).unwrap_err().exit, Exit::Usage, "{address}");
        }
    }

    #[test]
    fn neither_token_nor_password_is_shown() {
        let remote =
            Remote::new("http://ada:hunter2@127.0.0.1:1/", Some("hnd_secret".into())).unwrap();
        let stop = remote.get(&["books"], &[]).unwrap_err();
        let shown = format!("{} {}", stop.error, remote.shown());
        assert!(!shown.contains("hunter2") && !shown.contains("hnd_"), "{shown}");
    }
}
