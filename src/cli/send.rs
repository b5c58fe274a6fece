//! `handoff send`: a delivery as a source would make it.
//!
//! Guarantees: signed by the same code that verifies, over the bytes that are sent; a forged one
//! differs from a good one in its proof alone.
//! Does not know: what is in the payload.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::{
    exit::{Exit, Outcome, Stop},
    offline::{self, Config},
    refusal::Answer,
    remote::Remote,
    row::Row,
    screen::Tone,
    session::Session,
};
use crate::{intake::Scheme, model::time::Time};

/// Sign a payload as a source does, and post it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff send --source website --body lead.json
  echo '{\"email\": \"eva@linden.example\"}' | handoff send --source website
  handoff send --source website --body lead.json --times 3 --delivery same
                                           a repeated delivery: one event, two duplicates
  handoff send --source website --body lead.json --forge
                                           exits 0 only if the daemon refuses it

Where a source's scheme has no delivery id, equal bodies are the same delivery.")]
pub struct Send {
    /// The source, by its name in the settings
    #[arg(long, value_name = "NAME")]
    source: String,
    /// The payload; - is the standard input
    #[arg(long, value_name = "FILE", default_value = "-")]
    body: PathBuf,
    /// Post it so many times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
    /// The delivery id; a new one each time unless it is given
    #[arg(long, value_name = "ID")]
    delivery: Option<String>,
    /// The content type
    #[arg(long, value_name = "TYPE", default_value = "application/json")]
    content_type: String,
    /// Spoil the proof: the daemon must refuse it
    #[arg(long)]
    forge: bool,
    #[command(flatten)]
    config: Config,
}

impl Send {
    /// Runs it.
    ///
    /// # Errors
    /// The settings, or a daemon that does not answer.
    pub fn run(self, session: &mut Session) -> Outcome {
        let settings = self.config.load()?;
        let names: Vec<&str> = settings.sources.iter().map(|one| one.name.as_str()).collect();
        let Some(source) = settings.sources.iter().find(|one| one.name == self.source) else {
            let known = names.join(", ");
            return Err(Stop::usage(format!("no source has this name; there are: {known}")));
        };
        let body = offline::payload(&self.body)?;
        let uri = format!("{}/in/{}", settings.public_url.as_str(), self.source);
        let remote = session.remote()?;
        let mut answers = Vec::new();
        for _ in 0..self.times {
            let delivery = self.delivery.clone().map_or_else(random_delivery, Ok)?;
            let mut headers =
                proof(&source.scheme, &uri, &body, session.now, &delivery, self.forge);
            headers.push(("content-type".to_owned(), self.content_type.clone()));
            let answer = self.post(&remote, &headers, &body)?;
            if !session.screen.is_json() {
                print(session, &answer);
            }
            answers.push(answer);
        }
        if session.screen.is_json() {
            let all: Vec<Value> = answers
                .iter()
                .map(|answer| json!({ "status": answer.status, "answer": answer.body }))
                .collect();
            session.screen.json(&json!({ "sent": all }));
        }
        Ok(verdict(self.forge, &answers))
    }

    fn post(
        &self,
        remote: &Remote,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Answer, Stop> {
        remote.deliver(&["in", &self.source], headers, body.to_vec())
    }
}

/// The headers that prove the delivery, or that almost do.
fn proof(
    scheme: &Scheme,
    uri: &str,
    body: &[u8],
    now: Time,
    delivery: &str,
    is_forged: bool,
) -> Vec<(String, String)> {
    let good = scheme.sign("POST", uri, body, now, delivery);
    if !is_forged {
        return good;
    }
    let other = scheme.sign("POST", uri, &[body, b" "].concat(), now, delivery);
    if other != good {
        return other;
    }
    // A proof that does not depend on the body is a secret of itself: another last letter.
    let spoilt = |value: &str| {
        let mut letters: Vec<char> = value.chars().collect();
        if let Some(last) = letters.last_mut() {
            *last = if *last == 'x' { 'y' } else { 'x' };
        }
        letters.into_iter().collect()
    };
    good.iter().map(|(name, value)| (name.clone(), spoilt(value))).collect()
}

fn random_delivery() -> Result<String, Stop> {
    let mut bytes = [0_u8; 12];
    getrandom::fill(&mut bytes)
        .map_err(|why| anyhow::anyhow!("the machine gives no random bytes: {why}"))?;
    Ok(format!("cli-{}", hex::encode(bytes)))
}

fn print(session: &mut Session, answer: &Answer) {
    let body = Row(&answer.body);
    let is_good = (200..300).contains(&answer.status);
    let ids: Vec<&str> = body
        .value("events")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let said = if is_good {
        let duplicates = match body.text("duplicates").as_str() {
            "" | "0" => String::new(),
            count => format!(" ({count} delivered before)"),
        };
        format!("stored as {}{duplicates}", ids.join(", "))
    } else {
        format!(
            "{} {} (reference {})",
            body.text("title"),
            body.text("detail"),
            body.text("reference")
        )
    };
    let tone = if is_good { Tone::Good } else { Tone::Bad };
    session.screen.toned(tone, &format!("{} {said}", answer.status));
}

/// Good ones must be stored, forged ones refused as unproved.
fn verdict(is_forged: bool, answers: &[Answer]) -> Exit {
    let wanted = if is_forged { 401..402 } else { 200..300 };
    let is_as_meant = answers.iter().all(|answer| wanted.contains(&answer.status));
    if is_as_meant { Exit::Ok } else { Exit::No }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{Kind, Refused, Request, Secret, SourceSettings};

    const NOW: Time = Time(1_767_225_600_000);

    fn verified(kind: Kind, secret: &str, is_forged: bool) -> Result<(), Refused> {
        let scheme = Scheme::compile(&SourceSettings::new(kind), &[Secret::new(secret)]).unwrap();
        let uri = "https://leads.acme.example/in/x";
        let body = b"{\"a\":1}";
        let headers: Vec<(String, Vec<u8>)> = proof(&scheme, uri, body, NOW, "d1", is_forged)
            .into_iter()
            .map(|(name, value)| (name, value.into_bytes()))
            .collect();
        let request = Request { method: "POST", uri, headers: &headers, body };
        scheme.verify(&request, NOW).map(|_| ())
    }

    #[test]
    fn a_delivery_verifies_and_a_forged_one_does_not_for_every_kind() {
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Hmac) {
            let secret = match kind {
                Kind::Basic => "ada:hunter2hunter2",
                _ => "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0",
            };
            assert_eq!(verified(kind, secret, false), Ok(()), "{}", kind.word());
            assert!(verified(kind, secret, true).is_err(), "{}", kind.word());
        }
    }

    #[test]
    fn a_forged_delivery_must_be_refused_as_unproved() {
        let answer = |status| Answer { status, body: Value::Null };
        for (is_forged, status, exit) in [
            (false, 200, Exit::Ok),
            (false, 401, Exit::No),
            (true, 401, Exit::Ok),
            (true, 200, Exit::No),
            (true, 503, Exit::No),
        ] {
            let all = [answer(status)];
            assert_eq!(verdict(is_forged, &all), exit, "{is_forged} {status}");
        }
    }

    #[test]
    fn every_delivery_has_its_own_id() {
        assert_ne!(random_delivery().unwrap(), random_delivery().unwrap());
    }
}
