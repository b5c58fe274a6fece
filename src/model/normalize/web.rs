//! Hosts and domains: who a mail domain or a website belongs to.
//!
//! Guarantees: domains are ASCII (IDNA), lower case, without a dot at the end; an IP address is
//! never a domain. Does not know: DNS; whether the domain exists.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::LazyLock;

use url::Host;

static FREE_MAIL: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("free_mail.txt")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
});

/// The domain that somebody registered: `acme.co.uk` of `www.eu.acme.co.uk`, by the public suffix
/// list, so that all of a company's hosts are one. `None` for an IP address, a public suffix
/// itself, and what is no host name.
#[must_use]
pub fn registrable_domain(host: &str) -> Option<String> {
    let host = ascii_host(host)?;
    if host.parse::<IpAddr>().is_ok() {
        return None;
    }
    psl::domain_str(&host).map(str::to_owned)
}

/// Is it a domain at which anybody can have a mailbox, for good or for ten minutes? Then it says
/// nothing about the company. `domain` is looked up with and without its subdomains.
#[must_use]
pub fn is_free_mail(domain: &str) -> bool {
    ascii_host(domain).is_some_and(|host| {
        FREE_MAIL.contains(host.as_str())
            || psl::domain_str(&host).is_some_and(|domain| FREE_MAIL.contains(domain))
    })
}

/// The registrable domain of a website as people type it: `https://www.acme.example/de`,
/// `acme.example`, `WWW.Acme.example:8080`. `None` for a mail address or another scheme.
#[must_use]
pub fn website(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > 2_000 || text.contains('@') {
        return None;
    }
    let rest = match text.split_once("://") {
        Some((scheme, rest)) => {
            let web = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
            web.then_some(rest)?
        }
        None => text.trim_start_matches('/'),
    };
    let host = rest.split(['/', '?', '#', '\\']).next()?;
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    host.contains('.').then(|| registrable_domain(host)).flatten()
}

/// A host name in ASCII and lower case: labels of letters, digits and inner hyphens. An IPv4
/// address passes; brackets, percent signs, blanks and underscores do not.
pub(super) fn ascii_host(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_suffix('.').unwrap_or(text);
    // The URL parser decodes percent signs and brackets; neither belongs into a name.
    if text.is_empty() || text.len() > 1_000 || text.contains(['%', '[', ']']) {
        return None;
    }
    let host = match Host::parse(text).ok()? {
        Host::Domain(name) => name,
        Host::Ipv4(address) if text == address.to_string() => text.to_owned(),
        Host::Ipv4(_) | Host::Ipv6(_) => return None,
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (host.len() <= 253 && host.split('.').all(label)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_belong_to_their_registrable_domain() {
        for (host, want) in [
            ("acme.example", Some("acme.example")),
            ("www.eu.Acme.co.uk", Some("acme.co.uk")),
            ("acme.com.au.", Some("acme.com.au")),
            ("münchen.de", Some("xn--mnchen-3ya.de")),
            ("shop.acme.xn--p1ai", Some("acme.xn--p1ai")),
            ("co.uk", None),
            ("example", None),
            ("10.0.0.1", None),
            ("[::1]", None),
            ("acme..example", None),
            ("acme example", None),
            ("", None),
        ] {
            assert_eq!(registrable_domain(host).as_deref(), want, "{host}");
        }
    }

    #[test]
    fn websites_are_read_as_people_type_them() {
        for (text, want) in [
            ("https://www.acme.example/de?x=1", Some("acme.example")),
            ("acme.example", Some("acme.example")),
            (" WWW.ACME.CO.UK:8080 ", Some("acme.co.uk")),
            ("//acme.example", Some("acme.example")),
            ("HTTP://acme.example#top", Some("acme.example")),
            ("https://acme.example@evil.example", None),
            ("https://acme.example\\evil.example", Some("acme.example")),
            ("ada@acme.example", None),
            ("ftp://acme.example", None),
            ("javascript:alert(1)", None),
            ("n/a", None),
            ("none", None),
            ("http://10.0.0.1/", None),
            ("http://[::1]/", None),
            ("http://0x7f.1/", None),
            ("", None),
        ] {
            assert_eq!(website(text).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn free_mail_is_known_by_the_whole_domain() {
        for (domain, free) in [
            ("gmail.com", true),
            ("GMAIL.com", true),
            ("yahoo.co.uk", true),
            ("mail.yahoo.co.uk", true),
            ("mailinator.com", true),
            ("gmail.com.acme.example", false),
            ("notgmail.com", false),
            ("acme.example", false),
            ("", false),
        ] {
            assert_eq!(is_free_mail(domain), free, "{domain}");
        }
    }

    #[test]
    fn the_list_holds_canonical_domains_once() {
        let lines: Vec<&str> = include_str!("free_mail.txt")
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        assert_eq!(lines.len(), FREE_MAIL.len(), "a domain is there twice");
        for line in lines {
            assert_eq!(ascii_host(line).as_deref(), Some(line));
        }
    }
}
