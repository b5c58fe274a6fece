//! What a rep finds in a mail: the subject, and for each lead the link that opens it and the one
//! that acts.
//!
//! Guarantees: reads the plain text of the mails that handoff writes, in the encodings they use.
//! Does not know: HTML, attachments, anybody else's mails.

use base64::{Engine, engine::general_purpose::STANDARD};
use uuid::Uuid;

/// A mail, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// The subject, if it is plain ASCII as handoff's are.
    pub subject: String,
    /// The leads, with the link on which the reader can act on each.
    pub leads: Vec<(Uuid, String)>,
    /// The link "I'm out today".
    pub out: Option<String>,
}

impl Letter {
    /// Reads headers and body.
    #[must_use]
    pub fn read(content: &str) -> Self {
        let subject = header(content, "subject").unwrap_or_default();
        let text = plain_text(content);
        let (mut leads, mut out, mut open) = (Vec::new(), None, None);
        for line in text.lines() {
            if let Some(lead) = after(line, "/leads/") {
                open = Uuid::parse_str(lead).ok();
            } else if let Some(url) = line.split(": ").last().filter(|url| url.contains("/act/")) {
                if line.starts_with("I'm out today") {
                    out = Some(url.to_owned());
                } else if let Some(lead) = open.take() {
                    leads.push((lead, url.to_owned()));
                }
            }
        }
        Self { subject, leads, out }
    }

    /// Whether it says that leads have come to the reader.
    #[must_use]
    pub fn brings_leads(&self) -> bool {
        let begins = |start| self.subject.starts_with(start);
        let is_for_somebody_else = begins("New lead for");
        (begins("New lead") && !is_for_somebody_else)
            || begins("Taken over")
            || self.subject.ends_with("new leads")
            || self.subject.ends_with("waiting for you")
    }
}

fn after<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    line.split_once(mark).map(|(_, rest)| rest.trim())
}

fn header(content: &str, name: &str) -> Option<String> {
    let head = content.split("\r\n\r\n").next()?;
    let mut lines = head.lines();
    let is_it = |line: &&str| line.to_ascii_lowercase().starts_with(&format!("{name}:"));
    let first = lines.find(is_it)?.split_once(':')?.1.trim().to_owned();
    // Folded lines begin with a blank.
    Some(
        lines
            .take_while(|line| line.starts_with([' ', '\t']))
            .fold(first, |all, line| format!("{all} {}", line.trim())),
    )
}

/// The first part that is `text/plain`.
fn plain_text(content: &str) -> String {
    let Some(at) = content.find("Content-Type: text/plain") else { return String::new() };
    let part = content.get(at..).unwrap_or_default();
    let Some((head, rest)) = part.split_once("\r\n\r\n") else { return String::new() };
    let body = rest.split("\r\n--").next().unwrap_or_default();
    let head = head.to_ascii_lowercase();
    if head.contains("quoted-printable") {
        unquoted(body)
    } else if head.contains("base64") {
        let bare: String = body.split_whitespace().collect();
        String::from_utf8(STANDARD.decode(bare).unwrap_or_default()).unwrap_or_default()
    } else {
        body.to_owned()
    }
}

/// Quoted-printable (RFC 2045, 6.7).
fn unquoted(body: &str) -> String {
    let body = body.replace("=\r\n", "");
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body.as_str();
    while let Some((before, tail)) = rest.split_once('=') {
        bytes.extend(before.as_bytes());
        let byte = tail.get(..2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(byte.unwrap_or(b'='));
        rest = if byte.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    bytes.extend(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAD: &str = "01890000-0000-7000-8000-000000000007";

    fn check(encoding: &str, body: &str) {
        let content = format!(
            "From: handoff <h@acme.example>\r\nSubject: New lead,\r\n answer by 10:07\r\n\
             Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n\
             {body}\r\n--b\r\nContent-Type: text/html\r\n\r\n<a href=\"http://x/act/no\">\r\n--b--\r\n"
        );
        let letter = Letter::read(&content);
        assert_eq!(letter.subject, "New lead, answer by 10:07");
        assert!(letter.brings_leads());
        let act = "http://127.0.0.1:1/act/Tok_en-1".to_owned();
        assert_eq!(letter.leads, [(Uuid::parse_str(LEAD).unwrap(), act)], "{encoding}");
        assert_eq!(letter.out.as_deref(), Some("http://127.0.0.1:1/act/Out"));
    }

    #[test]
    fn links_are_found_in_every_encoding() {
        let plain = format!(
            "New lead\r\n\r\nEva\r\nOpen: http://127.0.0.1:1/leads/{LEAD}\r\n\
             On it, answered, not a fit …: http://127.0.0.1:1/act/Tok_en-1\r\n\r\n\
             I'm out today: http://127.0.0.1:1/act/Out\r\n"
        );
        check("8bit", &plain);
        check("base64", &STANDARD.encode(&plain));
        let quoted = plain.replace('…', "=E2=80=A6").replace("act/Tok", "act/=\r\nTok");
        check("quoted-printable", &quoted);
    }

    #[test]
    fn only_news_for_the_reader_brings_leads() {
        for (subject, brings) in [
            ("New lead, answer by 10:07", true),
            ("New lead for Ada, answer by 10:07", false),
            ("Taken over from Ada, answer by 10:07", true),
            ("3 new leads", true),
            ("12 leads are waiting for you", true),
            ("Reminder: answer by 10:07", false),
            ("Late for Ada: was due 10:07", false),
        ] {
            let letter = Letter { subject: subject.to_owned(), ..Letter::default() };
            assert_eq!(letter.brings_leads(), brings, "{subject}");
        }
    }
}
