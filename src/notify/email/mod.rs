//! Mail, by SMTP.
//!
//! Guarantees: with `starttls` and `tls` nothing is said in the clear but the wish for TLS, and a
//! server that does not offer it is not used (never an opportunistic downgrade); plain text is for
//! the own machine only, unless it is allowed by name. A failure says whether the mail may have
//! been taken: only a connection that is lost after the content was begun leaves that open.
//! Does not know: pace, or bounces that come back as mails.
//!
//! The conversation is held step by step, a connection per mail, because the stage at which it
//! breaks decides whether a repeat may be a second mail.

mod answer;
mod letter;

use std::{
    net::IpAddr,
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use lettre::{
    Message as Mail,
    message::Mailbox,
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        commands::{Data, Mail as MailFrom, Rcpt},
        extension::ClientId,
    },
};
use serde::Deserialize;

use self::answer::{Stage, Trouble};
use super::{Boxed, Channel, Message};
use crate::{
    model::{failure::Failure, time::Span},
    outbound::{
        Secret,
        lease::{self, Cut},
    },
};

/// The longest that one mail may take when the settings say nothing.
const TIMEOUT: Span = Span::seconds(30);
/// How long we wait for a server's good-bye; the mail is sent by then.
const GOODBYE: Duration = Duration::from_millis(500);

/// How the connection is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// Begins in the clear and must be upgraded (port 587).
    #[default]
    StartTls,
    /// TLS from the first byte (port 465).
    Tls,
    /// None (port 25): for a relay on this machine.
    Plain,
}

/// A mail server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailSettings {
    /// Its host name, which its certificate must have.
    pub host: String,
    /// Its port; 587, 465 or 25 by the kind of protection if it is left out.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub tls: SmtpTls,
    /// Allow `tls = "plain"` to another machine.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// Who signs in; with `password`.
    #[serde(default)]
    pub user: Option<String>,
    /// The password, resolved.
    #[serde(default)]
    pub password: Option<Secret>,
    /// The sender: `handoff <handoff@acme.example>`.
    pub from: String,
    /// The recipient when this is told something as a channel rather than for a person.
    #[serde(default)]
    pub to: Option<String>,
    /// A file of PEM certificates to trust instead of the system's; the caller reads it.
    #[serde(default)]
    pub ca_file: Option<std::path::PathBuf>,
    /// The longest that one mail may take; 30 seconds if it is left out.
    #[serde(default)]
    pub timeout: Option<Span>,
}

/// A mail server, ready to be used.
#[derive(Debug)]
pub struct Email {
    host: String,
    port: u16,
    protection: Protection,
    credentials: Option<(String, Secret)>,
    from: Mailbox,
    to: Option<Mailbox>,
    timeout: Duration,
}

enum Protection {
    StartTls(TlsParameters),
    Tls(TlsParameters),
    Plain,
}

impl std::fmt::Debug for Protection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::StartTls(_) => "StartTls",
            Self::Tls(_) => "Tls",
            Self::Plain => "Plain",
        })
    }
}

impl Email {
    /// Opens it; nothing is sent yet. `ca` is the content of `ca_file`.
    ///
    /// # Errors
    /// A sentence that names the setting and how to mend it.
    pub fn new(settings: &EmailSettings, ca: Option<&[u8]>) -> Result<Self, String> {
        if settings.tls == SmtpTls::Plain
            && !settings.allow_plaintext
            && !is_loopback(&settings.host)
        {
            return Err("tls: \"plain\" is for this machine only; write \"starttls\" or \"tls\", \
                or allow_plaintext = true if the network is trusted"
                .to_owned());
        }
        let protection = match settings.tls {
            SmtpTls::StartTls => Protection::StartTls(parameters(&settings.host, ca)?),
            SmtpTls::Tls => Protection::Tls(parameters(&settings.host, ca)?),
            SmtpTls::Plain => Protection::Plain,
        };
        let usual_port = match settings.tls {
            SmtpTls::StartTls => 587,
            SmtpTls::Tls => 465,
            SmtpTls::Plain => 25,
        };
        let credentials = match (&settings.user, &settings.password) {
            (Some(user), Some(password)) => Some((user.clone(), password.clone())),
            (None, None) => None,
            _ => return Err("user and password: write both or neither".to_owned()),
        };
        let mailbox = |name: &str, text: &str| match text.parse::<Mailbox>() {
            Ok(mailbox) if is_ascii(&mailbox) => Ok(mailbox),
            Ok(_) => Err(format!("{name}: write the address in ASCII letters")),
            Err(error) => Err(format!("{name}: not a mail address ({error})")),
        };
        let timeout = settings.timeout.unwrap_or(TIMEOUT);
        Ok(Self {
            host: settings.host.clone(),
            port: settings.port.unwrap_or(usual_port),
            protection,
            credentials,
            from: mailbox("from", &settings.from)?,
            to: settings.to.as_deref().map(|to| mailbox("to", to)).transpose()?,
            timeout: Duration::from_millis(u64::try_from(timeout.0.max(1)).unwrap_or(1)),
        })
    }

    async fn deliver(&self, message: &Message) -> Result<(), Failure> {
        let to = match (&message.to, &self.to) {
            // A bare address: a name would be one more thing to quote.
            (Some(to), _) => to.parse().map(|address| Mailbox::new(None, address)).ok(),
            (None, usual) => usual.clone(),
        };
        let to = to.filter(is_ascii).ok_or_else(|| Failure::Refused {
            why: "no recipient, or its address is not one of ASCII letters".to_owned(),
        })?;
        let mail = letter::letter(message, &self.from, &to)?;
        let progress = Progress::default();
        let talk = lease::within(self.timeout, self.talk(&mail, &to, &progress)).await;
        let result = match talk {
            Err(Cut::Unbegun) => return Err(Failure::TooLate),
            Err(Cut::Underway) => Err(Trouble::Lost),
            Ok(result) => result,
        };
        result.map_err(|trouble| answer::failure(progress.stage(), trouble))
    }

    /// One mail over one connection.
    async fn talk(&self, mail: &Mail, to: &Mailbox, progress: &Progress) -> Result<(), Trouble> {
        let trouble = |error: lettre::transport::smtp::Error| Trouble::of(&error);
        let hello = ClientId::default();
        let wrapper = match &self.protection {
            Protection::Tls(tls) => Some(tls.clone()),
            Protection::StartTls(_) | Protection::Plain => None,
        };
        let address = (self.host.as_str(), self.port);
        progress.enter(Stage::Connect);
        let mut server =
            AsyncSmtpConnection::connect_tokio1(address, Some(self.timeout), &hello, wrapper, None)
                .await
                .map_err(trouble)?;
        if let Protection::StartTls(tls) = &self.protection {
            progress.enter(Stage::Secure);
            server.starttls(tls.clone(), &hello).await.map_err(trouble)?;
        }
        if let Some((user, password)) = &self.credentials {
            progress.enter(Stage::SignIn);
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            let ways = [Mechanism::Plain, Mechanism::Login];
            server.auth(&ways, &credentials).await.map_err(trouble)?;
        }
        progress.enter(Stage::Sender);
        let from = MailFrom::new(Some(self.from.email.clone()), vec![]);
        server.command(from).await.map_err(trouble)?;
        progress.enter(Stage::Recipient);
        server.command(Rcpt::new(to.email.clone(), vec![])).await.map_err(trouble)?;
        progress.enter(Stage::Data);
        server.command(Data).await.map_err(trouble)?;
        progress.enter(Stage::Content);
        server.message(&mail.formatted()).await.map_err(trouble)?;
        // It is sent; whether the server says good-bye changes nothing.
        let _ = tokio::time::timeout(GOODBYE, server.quit()).await;
        Ok(())
    }
}

impl Channel for Email {
    fn send(&self, message: Message) -> Boxed<'_, Result<(), Failure>> {
        Box::pin(async move { self.deliver(&message).await })
    }

    fn has_addresses(&self) -> bool {
        true
    }
}

/// Where a conversation stands, to be read when it was cut off from outside.
#[derive(Debug, Default)]
struct Progress(AtomicU8);

impl Progress {
    const STAGES: [Stage; 7] = [
        Stage::Connect,
        Stage::Secure,
        Stage::SignIn,
        Stage::Sender,
        Stage::Recipient,
        Stage::Data,
        Stage::Content,
    ];

    fn enter(&self, stage: Stage) {
        let at = Self::STAGES.iter().position(|one| *one == stage).unwrap_or(0);
        self.0.store(u8::try_from(at).unwrap_or(0), Ordering::Relaxed);
    }

    fn stage(&self) -> Stage {
        let at = usize::from(self.0.load(Ordering::Relaxed));
        Self::STAGES.get(at).copied().unwrap_or(Stage::Content)
    }
}

/// Others need SMTPUTF8 all the way to the reader; too few servers have it to promise that.
fn is_ascii(mailbox: &Mailbox) -> bool {
    mailbox.email.user().is_ascii() && mailbox.email.domain().is_ascii()
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn parameters(host: &str, ca: Option<&[u8]>) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = ca {
        let certificate = Certificate::from_pem(pem)
            .map_err(|_| "ca_file: not a file of PEM certificates".to_owned())?;
        builder =
            builder.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    builder.build().map_err(|error| format!("no TLS for the mail server: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn open(more: &Value) -> Result<Email, String> {
        let mut settings =
            json!({"host": "smtp.acme.example", "from": "handoff <handoff@acme.example>"});
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let settings: EmailSettings =
            serde_json::from_value(settings).map_err(|e| e.to_string())?;
        Email::new(&settings, None)
    }

    #[test]
    fn plain_text_is_for_this_machine_unless_it_is_allowed_by_name() {
        for (host, allow, is_good) in [
            ("localhost", false, true),
            ("127.0.0.1", false, true),
            ("127.8.8.8", false, true),
            ("::1", false, true),
            ("localhost.evil.example", false, false),
            ("128.0.0.1", false, false),
            ("smtp.acme.example", false, false),
            ("smtp.acme.example", true, true),
        ] {
            let opened = open(&json!({"host": host, "tls": "plain", "allow_plaintext": allow}));
            assert_eq!(opened.is_ok(), is_good, "{host} {allow}");
        }
    }

    #[test]
    fn settings_default_to_required_starttls() {
        let email = open(&json!({})).unwrap();
        assert!(matches!(email.protection, Protection::StartTls(_)));
        assert_eq!((email.port, email.timeout), (587, Duration::from_secs(30)));
        assert_eq!(open(&json!({"tls": "tls", "timeout": "5s"})).unwrap().port, 465);
    }

    #[test]
    fn wrong_settings_say_which_and_show_no_password() {
        for (more, want) in [
            (json!({"from": "nobody"}), "from:"),
            (json!({"to": "a@b\r\nBcc: c@d"}), "to:"),
            (json!({"user": "handoff"}), "user and password"),
            (json!({"password": "hunter2"}), "user and password"),
            (json!({"tls": "opportunistic"}), "opportunistic"),
            (json!({"hots": "x"}), "hots"),
        ] {
            let error = open(&more).unwrap_err();
            assert!(error.contains(want) && !error.contains("hunter2"), "{error}");
        }
        let email = open(&json!({"user": "handoff", "password": "hunter2"})).unwrap();
        assert!(!format!("{email:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn a_recipient_that_is_no_address_reaches_no_server() {
        let email = open(&json!({"host": "localhost", "tls": "plain", "port": 1})).unwrap();
        for to in [
            Some("ada@acme.example\r\nRCPT TO:<x@y>"),
            Some("ada"),
            Some("ädä@acme.example"),
            Some(""),
            Some("Ada <a@b.example>"),
            None,
        ] {
            let message = Message { to: to.map(Into::into), ..super::super::samples::message() };
            assert_eq!(email.send(message).await.unwrap_err().word(), "refused", "{to:?}");
        }
    }
}
