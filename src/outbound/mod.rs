//! The one HTTP client that `crm` and `notify` share.
//!
//! Guarantees: every call ends within its deadline (15 s, 5 s of it to connect); an answer is read
//! up to 1 MiB; redirects and proxies are not followed; https and public addresses only unless the
//! destination is allowed a private one; whatever goes wrong becomes a [`Failure`] that says
//! whether the call may have been carried out, and holds no secret, no URL and no word of an answer.
//! Under a [`lease::Lease`] nothing is sent once it is over.
//! Does not know: any vendor, any retry (the store's jobs retry), the clock.

mod address;
mod answer;
mod call;
#[cfg(test)]
mod forgery_tests;
pub mod gate;
pub mod lease;
mod seal;
mod secret;
mod shelf;
mod stand_in;

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use reqwest::{Client, redirect::Policy};
use url::{Host, Url};

pub use self::{
    address::Reach,
    answer::Answer,
    call::Call,
    seal::Seal,
    secret::Secret,
    shelf::{Brought, Shelved, Slot, TokenShelf},
    stand_in::Said,
};
use self::{
    lease::{Cut, Lease, LeasedBody},
    stand_in::StandIn,
};
use crate::model::{failure::Failure, time::Time};

/// The time from the first byte of a call to the last one of its answer.
pub const DEADLINE: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(5);
/// The longest answer that is read, in bytes.
pub const ANSWER_MAX: usize = 1 << 20;
const HTTP: &str = "write https, or set allow_private = true if it is in your own network";
const TOO_LONG: &str = "the answer is longer than 1 MiB";

/// The client. Cloning shares its connections.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client,
    reach: Reach,
    deadline: Duration,
    stand_in: Option<StandIn>,
    /// Shared by its clones, which call the same destination.
    calls: Arc<AtomicU64>,
}

impl Outbound {
    /// A client with the usual deadline.
    ///
    /// # Errors
    /// A sentence, when the machine has no usable TLS roots.
    pub fn new(reach: Reach) -> Result<Self, String> {
        Self::by(reach, address::system())
    }

    fn by(reach: Reach, lookup: address::Lookup) -> Result<Self, String> {
        let client = Client::builder()
            .redirect(Policy::none())
            // A proxy would connect to addresses that we never see.
            .no_proxy()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(Duration::from_secs(30))
            .dns_resolver(address::Resolver { reach, lookup })
            .user_agent(concat!("handoff/", env!("CARGO_PKG_VERSION")))
            .https_only(reach == Reach::Public)
            .build()
            .map_err(|error| format!("no HTTP client: {}", innermost(&error)))?;
        Ok(Self { client, reach, deadline: DEADLINE, stand_in: None, calls: Arc::default() })
    }

    /// The same client with another deadline.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The same client, with this function in the place of the network.
    #[must_use]
    pub fn with_stand_in(
        mut self,
        answer: impl Fn(&Url, &[u8]) -> Said + Send + Sync + 'static,
    ) -> Self {
        self.stand_in = Some(StandIn::new(answer));
        self
    }

    /// Whether this URL may be called at all; names are judged again when they are resolved.
    ///
    /// # Errors
    /// A sentence that says what to change.
    pub fn check(&self, url: &Url) -> Result<(), String> {
        let host = url.host_str().unwrap_or_default();
        match url.scheme() {
            "https" => {}
            "http" if self.reach == Reach::Private => {}
            "http" => return Err(format!("{host}: http is not allowed; {HTTP}")),
            other => return Err(format!("{host}: {other} is not allowed; write https")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("{host}: take the user and password out of the URL"));
        }
        let address = match url.host() {
            None => return Err("the URL has no host".to_owned()),
            Some(Host::Domain(_)) => return Ok(()),
            Some(Host::Ipv4(four)) => four.into(),
            Some(Host::Ipv6(six)) => six.into(),
        };
        if self.reach.allows(address) {
            return Ok(());
        }
        Err(format!("{host}: {}", address::NotAllowed))
    }

    /// How many calls it has sent.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Sends a call and reads its answer, whatever its status.
    ///
    /// # Errors
    /// [`Failure::Busy`] if it was surely not carried out (or does no harm when repeated),
    /// [`Failure::MaybeDone`] if it may have been, [`Failure::Refused`] if it cannot be sent at all,
    /// [`Failure::TooLate`] if the task's lease is over.
    pub async fn send(&self, call: Call) -> Result<Answer, Failure> {
        self.check(&call.url).map_err(|why| Failure::Refused { why })?;
        let lease = Lease::held();
        if lease.as_ref().is_some_and(Lease::is_over) {
            return Err(Failure::TooLate);
        }
        self.calls.fetch_add(1, Ordering::Relaxed);
        let is_harmless = call.is_harmless;
        let unsure = |why: &str| {
            if is_harmless {
                Failure::Busy { after: None, why: why.to_owned() }
            } else {
                Failure::MaybeDone
            }
        };
        if let Some(stand_in) = &self.stand_in {
            let answer = stand_in.answer(&call);
            let is_too_long = answer.body.len() > ANSWER_MAX;
            return if is_too_long { Err(unsure(TOO_LONG)) } else { Ok(answer) };
        }
        let mut request = self.client.request(call.method, call.url).headers(call.headers);
        if let Some(body) = call.body {
            request = match lease {
                Some(lease) => request.body(reqwest::Body::wrap(LeasedBody::new(body, lease))),
                None => request.body(body),
            };
        }
        let whole = async {
            let mut answer = request.send().await.map_err(|error| sending(&error, &unsure))?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let mut body = Vec::new();
            while let Some(chunk) =
                answer.chunk().await.map_err(|_| unsure("the answer broke off"))?
            {
                if body.len() + chunk.len() > ANSWER_MAX {
                    return Err(unsure(TOO_LONG));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Answer { status, headers, body: Bytes::from(body), is_harmless })
        };
        lease::within(self.deadline, whole).await.unwrap_or_else(|cut| match cut {
            Cut::Unbegun => Err(Failure::TooLate),
            Cut::Underway => Err(unsure("no answer within the deadline")),
        })
    }

    /// Sends a call; an answer that is not 2xx becomes its class of failure.
    ///
    /// # Errors
    /// As [`Outbound::send`] and [`Answer::failure`].
    pub async fn ask(&self, call: Call, now: Time) -> Result<Answer, Failure> {
        let answer = self.send(call).await?;
        answer.failure(now).map_or(Ok(answer), Err)
    }
}

/// The class of an error before any answer came.
fn sending(error: &reqwest::Error, unsure: &impl Fn(&str) -> Failure) -> Failure {
    if error.is_builder() {
        return Failure::Refused { why: "the call cannot be written as HTTP".to_owned() };
    }
    if error.is_connect() {
        let why = format!("cannot connect: {}", innermost(error));
        return Failure::Busy { after: None, why };
    }
    unsure("the connection broke before an answer")
}

/// The last cause of an error: the part that names neither the URL nor a header.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if cause.is::<reqwest::Error>() { "unknown cause".to_owned() } else { cause.to_string() }
}

#[cfg(test)]
mod tests {
    use reqwest::Method;

    use super::*;

    #[test]
    fn private_addresses_are_refused_in_every_spelling() {
        let client = Outbound::new(Reach::Public).unwrap();
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://0x7f000001/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://0/",
            "https://10.0.0.1/",
            "https://0xa.0.0.1/",
            "https://167772161/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://169.254.169.254/latest",
            "https://0xa9fea9fe/",
            "https://2852039166/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://192.168.0.1/",
            "https://172.16.0.1/",
            "https://3232235521/",
            "https://①②⑦.0.0.1/",
            "https://127.0.0.1:8443/",
            "https://127。0。0。1/",
            "http://crm.example/",
            "ftp://crm.example/",
            "file:///etc/passwd",
            "https://user:pass@crm.example/",
        ] {
            // What the URL parser refuses never becomes a call.
            if let Ok(url) = Url::parse(url) {
                assert!(client.check(&url).is_err(), "{url}");
            }
        }
        assert_eq!(client.check(&Url::parse("https://api.crm.example/x").unwrap()), Ok(()));
        let own = Outbound::new(Reach::Private).unwrap();
        assert_eq!(own.check(&Url::parse("http://127.0.0.1:9/").unwrap()), Ok(()));
        assert!(own.check(&Url::parse("http://169.254.169.254/").unwrap()).is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_reached() {
        let client = Outbound::new(Reach::Public).unwrap();
        let failure =
            client.send(Call::get(Url::parse("https://localhost/").unwrap())).await.unwrap_err();
        assert_eq!(failure.word(), "busy");
        assert!(failure.to_string().contains("allow_private"), "{failure}");
    }

    #[tokio::test]
    async fn a_closed_port_is_busy_even_for_a_write() {
        let port = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let client = Outbound::new(Reach::Private).unwrap();
        let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        let failure = client.send(Call::post(url)).await.unwrap_err();
        assert_eq!(failure.word(), "busy", "{failure}");
    }

    /// Answers one connection with these bytes after reading something, then closes it.
    async fn answering(bytes: Vec<u8>) -> Url {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 1024];
            let _ = socket.read(&mut buffer).await;
            let _ = socket.write_all(&bytes).await;
        });
        url
    }

    #[tokio::test]
    async fn a_write_whose_answer_is_lost_may_have_been_done() {
        let client = Outbound::new(Reach::Private).unwrap();
        let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec();
        for (bytes, method, word) in [
            (Vec::new(), Method::POST, "maybe_done"),
            (Vec::new(), Method::GET, "busy"),
            (cut.clone(), Method::PATCH, "maybe_done"),
            (cut, Method::GET, "busy"),
        ] {
            let call = Call::new(method, answering(bytes).await);
            assert_eq!(client.send(call).await.unwrap_err().word(), word);
        }
    }

    #[tokio::test]
    async fn an_answer_is_read_up_to_its_cap_and_not_one_byte_further() {
        let client = Outbound::new(Reach::Private).unwrap();
        for (length, fits) in [(ANSWER_MAX, true), (ANSWER_MAX + 1, false)] {
            let mut bytes = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
            bytes.push_str(&"a".repeat(length));
            let call = Call::get(answering(bytes.into_bytes()).await);
            assert_eq!(client.send(call).await.is_ok(), fits, "{length}");
        }
    }

    #[tokio::test]
    async fn redirects_are_not_followed_and_silence_ends_at_the_deadline() {
        let client = Outbound::new(Reach::Private).unwrap();
        let away =
            b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
        let answer = client.send(Call::get(answering(away.to_vec()).await)).await.unwrap();
        assert_eq!(answer.status, 302);

        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", silent.local_addr().unwrap())).unwrap();
        let hasty = client.with_deadline(Duration::from_millis(50));
        assert_eq!(hasty.send(Call::post(url)).await.unwrap_err(), Failure::MaybeDone);
    }
}
