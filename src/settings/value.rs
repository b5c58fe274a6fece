//! Values with a form of their own: addresses, sizes.
//!
//! Guarantees: what parsed is usable as it is; a refusal says after `; ` what to write.
//! Does not know: where a value stood.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer, de::Error};
use url::Url;

/// Where to listen: an IP address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Self).map_err(|_| {
            D::Error::custom(format_args!(
                "{text:?} is not an address to listen on; write an IP address and a port, as in \
                 127.0.0.1:8080, or 0.0.0.0:8080 for all interfaces"
            ))
        })
    }
}

/// How the world reaches us: `https://host[:port][/prefix]`, without a final slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    is_https: bool,
    is_loopback: bool,
}

impl PublicUrl {
    /// The address that stands for itself when nothing was written and we listen on loopback.
    #[must_use]
    pub fn of(listen: SocketAddr) -> Self {
        Self { text: format!("http://{listen}"), is_https: false, is_loopback: true }
    }

    /// Without a final slash, to be put before a path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether what goes over it can be read on the way.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        !self.is_https && !self.is_loopback
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let wrong = |why: &str| {
            D::Error::custom(format_args!(
                "{why}; write the address under which senders reach handoff, as in \
                 https://leads.acme.example"
            ))
        };
        let url = Url::parse(&text).map_err(|_| wrong("this is not a URL"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong("this is not an http or https address"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("an address for links has no query and no fragment"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("an address for links has no user and no password"));
        }
        let host = url.host_str().unwrap_or_default();
        let is_loopback = matches!(host, "localhost" | "[::1]") || host.starts_with("127.");
        let is_https = url.scheme() == "https";
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), is_https, is_loopback })
    }
}

/// A size in bytes: `1 MiB`, `256 KiB`, `500 kB`, or a number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Size {
    const UNITS: [(&'static str, u64); 6] = [
        ("B", 1),
        ("kB", 1000),
        ("KiB", 1 << 10),
        ("MB", 1_000_000),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
    ];

    /// Reads a number and a unit.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is not a size; write a number and a unit, as in 1 MiB or 256 KiB");
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let unit = match unit.trim_start() {
            "" => "B",
            unit => unit,
        };
        let factor = Self::UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1;
        number.checked_mul(factor).map(Self).ok_or_else(wrong)
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (unit, factor) = [("MiB", 1_u64 << 20), ("KiB", 1 << 10)]
            .into_iter()
            .find(|(_, factor)| self.0 > 0 && self.0.is_multiple_of(*factor))
            .unwrap_or(("B", 1));
        write!(f, "{} {unit}", self.0 / factor)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a size; write a number and a unit, as in \"1 MiB\"")]
        enum Written {
            Bytes(u64),
            Text(String),
        }
        match Written::deserialize(from)? {
            Written::Bytes(bytes) => Ok(Self(bytes)),
            Written::Text(text) => Self::parse(&text).map_err(D::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown_as_people_write_them() {
        for (text, bytes, shown) in [
            ("1 MiB", 1 << 20, "1 MiB"),
            ("256KiB", 256 << 10, "256 KiB"),
            ("500 kB", 500_000, "500000 B"),
            ("1024", 1024, "1 KiB"),
            ("0 B", 0, "0 B"),
        ] {
            assert_eq!(Size::parse(text), Ok(Size(bytes)), "{text}");
            assert_eq!(Size(bytes).to_string(), shown);
        }
        for text in ["", "MiB", "1 mib", "-1 B", "1.5 MiB", "99999999999 GiB", "1 MiB x"] {
            assert!(Size::parse(text).unwrap_err().contains("as in 1 MiB"), "{text}");
        }
    }

    #[test]
    fn public_addresses_lose_their_slash_and_nothing_else() {
        let read = |text: &str| {
            PublicUrl::deserialize(toml::Value::String(text.to_owned())).map_err(|e| e.to_string())
        };
        let url = read("https://leads.acme.example/hand/").unwrap();
        assert_eq!((url.as_str(), url.is_exposed()), ("https://leads.acme.example/hand", false));
        assert!(read("http://leads.acme.example").unwrap().is_exposed());
        assert!(!read("http://127.0.0.1:8080").unwrap().is_exposed());
        for text in [
            "leads.acme.example",
            "ftp://x.example",
            "https://x.example?a=1",
            "https://u:p@x.example",
        ] {
            assert!(read(text).unwrap_err().contains("https://leads.acme.example"), "{text}");
        }
    }
}
