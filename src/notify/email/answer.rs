//! What a mail server's answer means.
//!
//! Guarantees: a failure names the stage and the server's code, never its words, since those often
//! repeat an address. What stands between us and the server (a refused password, an untrusted
//! certificate, no STARTTLS, a refused sender) stops the channel until an operator mends it and
//! loses no message; what is about one message refuses that one only.
//! Does not know: how the answer was read.
//!
//! Source: RFC 5321, 4.2 (codes), RFC 4954, 6 (codes of AUTH), RFC 3463 (enhanced codes).

use std::error::Error;

use lettre::transport::smtp;

use crate::model::failure::Failure;

/// How far the conversation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Until the server has greeted us, TLS included where it comes first.
    Connect,
    /// STARTTLS.
    Secure,
    /// AUTH.
    SignIn,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, up to the permission to send.
    Data,
    /// The content: from its first byte on the server may have taken it.
    Content,
}

impl Stage {
    const fn word(self) -> &'static str {
        match self {
            Self::Connect => "at the greeting",
            Self::Secure => "at STARTTLS",
            Self::SignIn => "at the sign-in",
            Self::Sender => "at the sender",
            Self::Recipient => "at the recipient",
            Self::Data => "at DATA",
            Self::Content => "after the content",
        }
    }
}

/// What went wrong, without the server's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The server said no: its code, and its enhanced code if it gave one.
    Code(u16, Option<String>),
    /// Its certificate is not trusted; the reason is our own TLS library's.
    Untrusted(String),
    /// It does not offer what we need (STARTTLS, a way to sign in).
    Unable(String),
    /// The connection could not be made, broke, or took too long.
    Lost,
}

impl Trouble {
    /// What lettre's error tells.
    pub(super) fn of(error: &smtp::Error) -> Self {
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        if let Some(code) = error.status() {
            return Self::Code(code.into(), enhanced(&said));
        }
        let mut cause: &dyn Error = error;
        while let Some(next) = cause.source() {
            cause = next;
            let text = cause.to_string();
            if text.contains("certificate") {
                return Self::Untrusted(text);
            }
        }
        if error.is_client() || error.is_tls() { Self::Unable(said) } else { Self::Lost }
    }
}

/// `5.1.1` in front of what the server said.
fn enhanced(said: &str) -> Option<String> {
    let code = said.split_whitespace().next()?;
    let is_number =
        |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    (code.split('.').count() == 3 && code.split('.').all(is_number)).then(|| code.to_owned())
}

/// The one treatment of this trouble at this stage.
pub(super) fn failure(stage: Stage, trouble: Trouble) -> Failure {
    let (code, enhanced) = match trouble {
        Trouble::Code(code, enhanced) => (code, enhanced),
        Trouble::Untrusted(why) => {
            return Failure::AuthLost { why: format!("the server is not trusted: {why}") };
        }
        Trouble::Unable(why) => return Failure::AuthLost { why },
        Trouble::Lost if stage == Stage::Content => return Failure::MaybeDone,
        Trouble::Lost => {
            return Failure::Busy { after: None, why: format!("connection lost {}", stage.word()) };
        }
    };
    let enhanced = enhanced.map_or(String::new(), |enhanced| format!(" {enhanced}"));
    let why = format!("{code}{enhanced} {}", stage.word());
    match (stage, code) {
        // Wanted, too weak, wrong, or only over TLS: all say that our credentials do not do.
        (_, 530 | 534 | 535 | 538) => Failure::AuthLost { why },
        (_, 400..=499) => Failure::Busy { after: None, why },
        (Stage::Connect | Stage::Secure | Stage::SignIn | Stage::Sender, _) => {
            Failure::AuthLost { why }
        }
        (Stage::Recipient | Stage::Data | Stage::Content, _) => Failure::Refused { why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_one_treatment() {
        use Stage::{Connect, Content, Data, Recipient, Secure, Sender, SignIn};
        for (stage, code, want) in [
            (Connect, 421, "busy"),
            (Connect, 554, "auth_lost"),
            (Secure, 454, "busy"),
            (Secure, 502, "auth_lost"),
            (SignIn, 454, "busy"),
            (SignIn, 535, "auth_lost"),
            (SignIn, 504, "auth_lost"),
            (Sender, 451, "busy"),
            (Sender, 530, "auth_lost"),
            (Sender, 553, "auth_lost"),
            (Recipient, 450, "busy"),
            (Recipient, 550, "refused"),
            (Recipient, 530, "auth_lost"),
            (Data, 452, "busy"),
            (Data, 554, "refused"),
            (Content, 451, "busy"),
            (Content, 552, "refused"),
        ] {
            let failure = failure(stage, Trouble::Code(code, None));
            assert_eq!(failure.word(), want, "{stage:?} {code}");
            assert!(failure.to_string().contains(&code.to_string()), "{failure}");
        }
    }

    #[test]
    fn a_lost_connection_is_uncertain_only_once_content_was_sent() {
        for (stage, want) in [
            (Stage::Connect, "busy"),
            (Stage::Secure, "busy"),
            (Stage::SignIn, "busy"),
            (Stage::Sender, "busy"),
            (Stage::Recipient, "busy"),
            (Stage::Data, "busy"),
            (Stage::Content, "maybe_done"),
        ] {
            assert_eq!(failure(stage, Trouble::Lost).word(), want, "{stage:?}");
        }
    }

    #[test]
    fn of_a_servers_words_only_the_code_is_kept() {
        for (said, want) in [
            ("5.1.1 <ada@acme.example>: no such user", Some("5.1.1")),
            ("4.7.0", Some("4.7.0")),
            ("ada@acme.example 5.1.1", None),
            ("5.1", None),
            ("5.1.1234", None),
            ("5..1", None),
            ("1.2.3.4", None),
            ("", None),
        ] {
            assert_eq!(enhanced(said).as_deref(), want, "{said}");
        }
        let failure = failure(Stage::Recipient, Trouble::Code(550, Some("5.1.1".into())));
        assert_eq!(failure.to_string(), "refused: 550 5.1.1 at the recipient");
    }
}
