//! A message as a mail: its headers, its plain text and its simple HTML.
//!
//! Guarantees: the text comes first, the HTML says the same; a subject and a name can hold no line
//! break, so no header can be added; the `Message-ID` follows from the key, so a repeat is
//! recognisable; `Auto-Submitted` keeps out-of-office answers away (RFC 3834). The same message
//! makes the same bytes.
//! Does not know: SMTP.

use std::{
    fmt::Write,
    time::{Duration, UNIX_EPOCH},
};

use lettre::{
    Message as Mail,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{Header, HeaderName, HeaderValue},
    },
};

use super::super::{Link, Message, lines};
use crate::model::{failure::Failure, id::digest, text::Untrusted};

/// The longest subject, in characters.
pub(super) const SUBJECT_MAX: usize = 150;
/// The most leads in one mail.
const LEADS_MAX: usize = 50;

/// `Auto-Submitted: auto-generated`.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The mail.
///
/// # Errors
/// [`Failure::Refused`] when it cannot be written, for instance without a recipient.
pub(super) fn letter(message: &Message, from: &Mailbox, to: &Mailbox) -> Result<Mail, Failure> {
    let (text, html) = (text(message), html(message));
    // Nobody who writes into the body can foretell this, as it depends on the whole body.
    let boundary = hex(&[b"boundary", message.key.as_bytes(), text.as_bytes(), html.as_bytes()]);
    let id = hex(&[b"message-id", message.key.as_bytes()]);
    let sent_at = Duration::from_millis(u64::try_from(message.at.0).unwrap_or(0));
    Mail::builder()
        .from(from.clone())
        .to(to.clone())
        .subject(Untrusted::from(&*message.headline).one_line(SUBJECT_MAX).escape_mail_line())
        .date(UNIX_EPOCH + sent_at)
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        .header(AutoSubmitted)
        .multipart(
            MultiPart::alternative()
                .boundary(boundary)
                .singlepart(SinglePart::plain(text))
                .singlepart(SinglePart::html(html)),
        )
        .map_err(|error| Failure::Refused { why: format!("no mail can be made of it: {error}") })
}

/// Half a digest in hexadecimal: enough to be unique, short enough for one line of a header.
fn hex(parts: &[&[u8]]) -> String {
    let mut text = hex::encode(digest(parts));
    text.truncate(32);
    text
}

fn text(message: &Message) -> String {
    let mut text = Untrusted::from(&*message.headline).escape_mail_line();
    text.push('\n');
    let link = |text: &mut String, link: &Link| {
        let _ = writeln!(
            text,
            "{}: {}",
            label(link).escape_mail_line(),
            address(link).escape_mail_line()
        );
    };
    for line in lines::said(message) {
        let _ = write!(text, "\n{}\n", line.escape_mail_line());
    }
    for item in message.items.iter().take(LEADS_MAX) {
        let title = lines::title(item, message.total > 1).escape_mail_line();
        let _ = write!(text, "\n{title}\n");
        for line in lines::lines(item) {
            let _ = writeln!(text, "{}: {}", line.label, line.text.escape_mail_line());
        }
        item.links.iter().for_each(|one| link(&mut text, one));
    }
    if let Some(rest) = rest(message) {
        let _ = write!(text, "\n{rest}\n");
    }
    text.push('\n');
    message.more.iter().chain(&message.links).for_each(|one| link(&mut text, one));
    text
}

/// Markup that every mail program shows; no style sheet, no picture, nothing to load.
fn html(message: &Message) -> String {
    let mut html = format!(
        "<!doctype html>\n<html><body>\n<p><b>{}</b></p>\n",
        Untrusted::from(&*message.headline).escape_html()
    );
    let link = |link: &Link| {
        format!("<a href=\"{}\">{}</a>", address(link).escape_html(), label(link).escape_html())
    };
    let row = |links: &[String]| format!("<p>{}</p>\n", links.join(" &nbsp; "));
    for line in lines::said(message) {
        let _ = writeln!(html, "<p>{}</p>", line.escape_html());
    }
    for item in message.items.iter().take(LEADS_MAX) {
        let title = lines::title(item, message.total > 1).escape_html();
        let _ = write!(html, "<p><b>{title}</b>");
        for line in lines::lines(item) {
            let _ = write!(html, "<br>\n{}: {}", line.label, line.text.escape_html());
        }
        html.push_str("</p>\n");
        if !item.links.is_empty() {
            html.push_str(&row(&item.links.iter().map(link).collect::<Vec<_>>()));
        }
    }
    if let Some(rest) = rest(message) {
        let _ = writeln!(html, "<p>{rest}</p>");
    }
    let general: Vec<String> = message.more.iter().chain(&message.links).map(link).collect();
    if !general.is_empty() {
        html.push_str(&row(&general));
    }
    html.push_str("</body></html>\n");
    html
}

fn label(link: &Link) -> Untrusted {
    Untrusted::from(&*link.label).one_line(lines::TITLE_MAX)
}

/// On one line, and with an address that a program follows; ours always is.
fn address(link: &Link) -> Untrusted {
    let is_web = link.url.starts_with("https://") || link.url.starts_with("http://");
    Untrusted::from(if is_web { &*link.url } else { "" })
}

fn rest(message: &Message) -> Option<String> {
    let left = message.total.saturating_sub(message.items.len().min(LEADS_MAX));
    (left > 0 && !message.items.is_empty()).then(|| format!("… and {left} more"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::super::samples, *};

    fn bytes(message: &Message) -> String {
        let from = "handoff <handoff@acme.example>".parse().unwrap();
        let to = "ada@acme.example".parse().unwrap();
        String::from_utf8(letter(message, &from, &to).unwrap().formatted()).unwrap()
    }

    fn headers(mail: &str) -> Vec<&str> {
        mail.split("\r\n\r\n").next().unwrap().split("\r\n").collect()
    }

    #[test]
    fn a_mail_reads_well_in_plain_text() {
        assert_eq!(
            text(&samples::message()),
            "New lead, answer by 10:07\n\nEva Linden\nAnswer by: 10:07\nBecause: dach-enterprise\n\
             Company: Linden & Söhne AG\nOpen: https://handoff.example/leads/7?a=1&b=2\n\n\
             I'm out today: https://handoff.example/act/token\n"
        );
        assert!(text(&samples::message_of(5, 12)).contains("\nNew: Eva Linden\n"));
        assert!(text(&samples::message_of(5, 12)).contains("\n… and 7 more\n"));
    }

    #[test]
    fn the_text_comes_before_the_html_and_the_headers_are_these() {
        let mail = bytes(&samples::message());
        assert!(mail.find("text/plain").unwrap() < mail.find("text/html").unwrap());
        let names: Vec<_> =
            headers(&mail).iter().filter_map(|line| line.split_once(": ")).collect();
        for want in [
            ("From", "handoff <handoff@acme.example>"),
            ("To", "ada@acme.example"),
            ("Subject", "New lead, answer by 10:07"),
            ("Date", "Thu, 01 Jan 2026 09:50:00 +0000"),
            ("Auto-Submitted", "auto-generated"),
            ("MIME-Version", "1.0"),
        ] {
            assert!(names.contains(&want), "{want:?} in {names:?}");
        }
    }

    #[test]
    fn the_message_id_follows_from_the_key_alone() {
        let id = |key: &str, headline: &str| {
            let message =
                Message { key: key.into(), headline: headline.into(), ..samples::message() };
            let mail = bytes(&message);
            headers(&mail)
                .into_iter()
                .find(|line| line.starts_with("Message-ID: "))
                .unwrap()
                .to_owned()
        };
        assert_eq!(id("a", "New"), id("a", "Late"));
        assert_ne!(id("a", "New"), id("b", "New"));
        assert!(id("a", "New").ends_with("@acme.example>"));
    }

    #[test]
    fn a_strangers_markup_is_text() {
        for hostile in samples::HOSTILE {
            let html = html(&samples::message_by(hostile));
            assert!(
                !html.contains("<script") && !html.contains("<img") && !html.contains('\u{202e}')
            );
            assert_eq!(html.matches("<a href=").count(), 2, "only ours: {html}");
            let text = text(&samples::message_by(hostile));
            let lines = text.lines().count();
            assert_eq!(lines, 10, "no line of its own: {text}");
        }
    }

    #[test]
    fn a_subject_is_cut_at_its_limit_and_not_before() {
        for (length, want) in [(SUBJECT_MAX, SUBJECT_MAX), (SUBJECT_MAX + 1, SUBJECT_MAX)] {
            let message = Message { headline: "x".repeat(length), ..samples::message() };
            let mail = bytes(&message);
            let subject: String = mail
                .split("\r\nSubject: ")
                .nth(1)
                .unwrap()
                .split("\r\nDate")
                .next()
                .unwrap()
                .into();
            let shown = subject.matches('x').count();
            assert!(if length == want { shown == want } else { shown < want }, "{subject}");
        }
    }

    proptest! {
        #[test]
        fn no_text_adds_a_header(text in "(\\PC|\r|\n|:|Bcc: x@y|[\\x00-\\x1f]){0,60}", ours in "(\\PC|\r\n|Bcc: ){0,40}") {
            let message = Message { headline: ours.clone(), key: ours, ..samples::message_by(&text) };
            let mail = bytes(&message);
            let names: Vec<&str> = headers(&mail)
                .into_iter()
                .filter(|line| !line.starts_with([' ', '\t']))
                .map(|line| line.split(':').next().unwrap())
                .collect();
            let ours = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];
            prop_assert!(names.iter().all(|name| ours.contains(name)), "{:?}", names);
            prop_assert_eq!(names.len(), ours.len());
            prop_assert!(mail.is_ascii());
            prop_assert!(mail.replace("\r\n", "").chars().all(|c| c != '\r' && c != '\n'));
            prop_assert!(mail.split("\r\n").all(|line| line.len() <= 998));
        }
    }
}
