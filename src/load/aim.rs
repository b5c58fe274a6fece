//! What is shot and at whom: the requests of a volley.
//!
//! Guarantees: the same number gives the same delivery id and body within a run, whenever it is
//! asked for; two runs share no id. Does not know: connections, rates.

use std::{net::SocketAddr, sync::Arc};

use url::Url;

use crate::{intake::Scheme, model::time::Time};

/// Makes the body of a delivery from its number.
pub type Body = dyn Fn(u64) -> Vec<u8> + Send + Sync;

/// A source of some daemon, and what it is sent.
pub struct Aim {
    /// Where to connect …
    first: SocketAddr,
    /// … in turn with the other replicas.
    others: Vec<SocketAddr>,
    host: String,
    path: String,
    uri: String,
    scheme: Arc<Scheme>,
    run: String,
    body: Box<Body>,
}

impl Aim {
    /// Deliveries of a source at a daemon. `run` begins every delivery id.
    ///
    /// # Errors
    /// An address that cannot be resolved.
    pub fn new(
        base: &Url,
        source: &str,
        scheme: Arc<Scheme>,
        run: &str,
        body: Box<Body>,
    ) -> std::io::Result<Self> {
        let address = base
            .socket_addrs(|| None)?
            .into_iter()
            .next()
            .ok_or_else(|| std::io::Error::other("the address has no host"))?;
        let path = format!("/in/{source}");
        let uri = format!("{}{path}", base.as_str().trim_end_matches('/'));
        let host = address.to_string();
        let (first, others) = (address, Vec::new());
        Ok(Self { first, others, host, path, uri, scheme, run: run.to_owned(), body })
    }

    /// The same at one more replica: connections go to them in turn.
    #[must_use]
    pub fn and(mut self, replica: SocketAddr) -> Self {
        self.others.push(replica);
        self
    }

    /// Where the connection of this place goes.
    #[must_use]
    pub fn address(&self, place: usize) -> SocketAddr {
        match place % (self.others.len() + 1) {
            0 => self.first,
            other => self.others.get(other - 1).copied().unwrap_or(self.first),
        }
    }

    /// The delivery id of a number.
    #[must_use]
    pub fn delivery(&self, number: u64) -> String {
        format!("{}-{number}", self.run)
    }

    /// A signed request, as it goes over the wire.
    #[must_use]
    pub fn shot(&self, number: u64, now: Time) -> Vec<u8> {
        use std::io::Write as _;
        let body = (self.body)(number);
        let delivery = self.delivery(number);
        let mut wire = Vec::with_capacity(body.len() + 512);
        // Writing to memory does not fail.
        let _ = write!(
            wire,
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            self.path,
            self.host,
            body.len()
        );
        for (name, value) in self.scheme.sign("POST", &self.uri, &body, now, &delivery) {
            let _ = write!(wire, "{name}: {value}\r\n");
        }
        wire.extend_from_slice(b"\r\n");
        wire.extend_from_slice(&body);
        wire
    }
}

/// A form fill of about `size` bytes: a person of their own at one of many companies.
#[must_use]
pub fn body(run: &str, number: u64, size: usize) -> Vec<u8> {
    const COUNTRIES: [&str; 6] = ["DE", "AT", "CH", "FR", "GB", "US"];
    let country = COUNTRIES.get((number % 6) as usize).copied().unwrap_or("DE");
    let mut body = format!(
        r#"{{"form":"{}","email":"p{number}@c{}-{run}.example","first_name":"Pat","last_name":"Person {number}","company":"Company {} GmbH","country":"{country}","employees":{},"message":""#,
        if number.is_multiple_of(10) { "demo" } else { "ebook" },
        number % 5_000,
        number % 5_000,
        10 + number % 2_000,
    );
    while body.len() + 2 < size {
        body.push_str("please call me back about it; "); // a message as people write them
    }
    body.truncate(size.saturating_sub(2).max(body.rfind("\":\"").map_or(0, |at| at + 3)));
    body.push_str("\"}");
    body.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_json_of_the_size_that_was_asked_for() {
        for size in [0, 300, 1_024, 4_096] {
            let body = body("r", 17, size);
            let read: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(read["email"], "p17@c17-r.example");
            assert!(body.len() == size || size < 250, "{} for {size}", body.len());
        }
    }
}
