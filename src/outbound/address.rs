//! Which addresses a call may reach.
//!
//! Guarantees: without permission only public addresses are reached, judged after the name was
//! resolved and on the very address that is connected to, so a name that changes its mind between
//! the check and the connection gains nothing. The metadata services of clouds are never reached.
//! Does not know: HTTP.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// How far a connection may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses by https.
    Public,
    /// Also private and loopback addresses, and plain http: a CRM in the same network.
    Private,
}

/// The metadata services of clouds: whoever reaches them gets the machine's credentials.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

impl Reach {
    /// Whether this address may be connected to.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        let address = embedded(address);
        !METADATA.contains(&address) && (self == Self::Private || is_public(address))
    }
}

/// The IPv4 address inside an IPv6 one that translators would unwrap, else the address itself.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    let four = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match six.segments() {
        // Mapped (::ffff:0:0/96) and NAT64 (64:ff9b::/96).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            four(high, low)
        }
        // Compatible (::/96), but not :: and ::1.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => four(high, low),
        // 6to4.
        [0x2002, high, low, ..] => four(high, low),
        _ => address,
    }
}

/// Whether the address belongs to the public internet (IANA special-purpose registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [a, b, c, _] = four.octets();
            !matches!(
                (a, b, c),
                (0 | 10 | 127 | 224..=255, _, _)
                    | (100, 64..=127, _)
                    | (169, 254, _)
                    | (172, 16..=31, _)
                    | (192, 0, 0 | 2)
                    | (192, 88, 99)
                    | (192, 168, _)
                    | (198, 18..=19, _)
                    | (198, 51, 100)
                    | (203, 0, 113)
            )
        }
        // Only 2000::/3 is given out; of it Teredo and the documentation ranges are not.
        IpAddr::V6(six) => {
            let [a, b, ..] = six.segments();
            (0x2000..=0x3fff).contains(&a)
                && !matches!((a, b), (0x2001, 0 | 0xdb8) | (0x3fff, 0..=0xfff))
        }
    }
}

/// Every address of the name was refused.
#[derive(Debug)]
pub(super) struct NotAllowed;

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "this leads to a private or metadata address; \
             set allow_private = true if the destination is in your own network",
        )
    }
}

impl std::error::Error for NotAllowed {}

/// The addresses of a name, when they are there.
pub(super) type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;
/// Asks for the addresses of a name.
pub(super) type Lookup = Arc<dyn Fn(String) -> Found + Send + Sync>;

/// Asks the system.
pub(super) fn system() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
    })
}

/// Resolves names and keeps only the addresses that may be reached. A connection is made to one of
/// these and asks no second time.
#[derive(Clone)]
pub(super) struct Resolver {
    pub(super) reach: Reach,
    pub(super) lookup: Lookup,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        let found = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                found.await?.into_iter().filter(|address| reach.allows(address.ip())).collect();
            if found.is_empty() {
                return Err(NotAllowed.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reach: Reach, addresses: &[&str], allowed: bool) {
        for text in addresses {
            assert_eq!(reach.allows(text.parse().unwrap()), allowed, "{reach:?} {text}");
        }
    }

    #[test]
    fn only_public_addresses_are_reached_without_permission() {
        check(
            Reach::Public,
            &[
                "0.0.0.0",
                "10.1.2.3",
                "100.64.0.1",
                "127.0.0.1",
                "127.255.255.254",
                "169.254.1.1",
                "172.16.0.1",
                "172.31.255.255",
                "192.0.0.8",
                "192.0.2.1",
                "192.168.1.1",
                "198.18.0.1",
                "198.51.100.7",
                "203.0.113.9",
                "224.0.0.1",
                "240.0.0.1",
                "255.255.255.255",
                "::",
                "::1",
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "::10.0.0.1",
                "64:ff9b::7f00:1",
                "2002:7f00:1::",
                "2002:a00:1::1",
                "fc00::1",
                "fd12::1",
                "fe80::1",
                "fec0::1",
                "ff02::1",
                "2001:db8::1",
                "2001:0:1::1",
                "64:ff9b:1::1",
                "100::1",
                "3fff:1::1",
            ],
            false,
        );
        check(
            Reach::Public,
            &["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1"],
            true,
        );
    }

    #[test]
    fn metadata_is_never_reached() {
        let spellings = [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:ec2::254",
        ];
        check(Reach::Private, &spellings, false);
        check(Reach::Public, &spellings, false);
        check(Reach::Private, &["127.0.0.1", "10.0.0.1", "::1", "fd00::1", "192.168.0.9"], true);
    }
}
