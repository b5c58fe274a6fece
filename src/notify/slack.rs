//! Slack, by an incoming webhook.
//!
//! Guarantees: `&`, `<` and `>` of every text are escaped, ours too; a stranger's text stands in
//! `plain_text` objects, where no formatting and no link is made of it; nobody is mentioned,
//! nothing is unfurled. The message keeps Slack's limits: 50 blocks, 3,000 characters a section,
//! 150 a header, and about 13,000 in all (undocumented, `msg_blocks_too_long`). Links are
//! `<url|label>` and not buttons: a click on a button also calls the app, which a plain webhook
//! cannot answer, and Slack then shows a warning. The URL is a secret and in no error.
//! Does not know: pace. Slack allows one message a second; the worker's gate keeps to it.
//!
//! Sources: Slack, "Sending messages using incoming webhooks", "Formatting message text",
//! "Block Kit: header, section", "Changes to errors for incoming webhooks" (2016-05-17).

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Boxed, Channel, Item, Link, Message, hook_url, lines};
use crate::{
    model::{failure::Failure, text::Untrusted, time::Time},
    outbound::{Answer, Call, Outbound, Reach, Secret},
};

/// Slack refuses a message of more blocks.
const BLOCKS_MAX: usize = 50;
/// Slack refuses a section of more characters.
const SECTION_MAX: usize = 3_000;
/// Slack refuses a header of more characters.
const HEADER_MAX: usize = 150;
/// Below the undocumented 13,000 by what the last sections and the fallback may need.
const TOTAL_MAX: usize = 9_000;

/// The hook does not exist any more or may not post: only a person can mend that.
const HOOK_GONE: [&str; 11] = [
    "no_service",
    "no_service_id",
    "no_team",
    "team_disabled",
    "invalid_token",
    "no_active_hooks",
    "action_prohibited",
    "posting_to_general_channel_denied",
    "channel_not_found",
    "channel_is_archived",
    "user_not_found",
];
/// This message is wrong, others may go through.
const MESSAGE_WRONG: [&str; 7] = [
    "invalid_payload",
    "no_text",
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_blocks_too_long",
    "too_many_attachments",
    "missing_text_or_fallback_or_attachments",
];

/// A Slack channel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackSettings {
    /// The webhook's URL, resolved: it is a secret.
    pub url: Secret,
    /// Allow a private address and plain http, for a relay in the own network.
    #[serde(default)]
    pub allow_private: bool,
}

/// A Slack channel, ready to send.
#[derive(Debug)]
pub struct Slack {
    url: Secret,
    outbound: Outbound,
}

impl Slack {
    /// Opens it; nothing is sent yet.
    ///
    /// # Errors
    /// A sentence that does not show the URL.
    pub fn new(settings: &SlackSettings) -> Result<Self, String> {
        let reach = if settings.allow_private { Reach::Private } else { Reach::Public };
        let outbound = Outbound::new(reach)?;
        outbound.check(&hook_url(&settings.url)?).map_err(|why| format!("url: {why}"))?;
        Ok(Self { url: settings.url.clone(), outbound })
    }

    async fn post(&self, message: &Message) -> Result<(), Failure> {
        let url = hook_url(&self.url).map_err(|why| Failure::AuthLost { why })?;
        let answer = self.outbound.send(Call::post(url).json(&body(message))).await?;
        failure(&answer, message.at).map_or(Ok(()), Err)
    }
}

impl Channel for Slack {
    fn send(&self, message: Message) -> Boxed<'_, Result<(), Failure>> {
        Box::pin(async move { self.post(&message).await })
    }

    fn has_addresses(&self) -> bool {
        false
    }
}

/// What an answer means. The words are Slack's own; nothing else of the body is repeated.
fn failure(answer: &Answer, now: Time) -> Option<Failure> {
    let said = std::str::from_utf8(&answer.body).unwrap_or_default().trim();
    let among = |words: &[&'static str]| words.iter().find(|word| **word == said).copied();
    match answer.status {
        200..=299 => None,
        300..=499 if among(&HOOK_GONE).is_some() => {
            Some(Failure::AuthLost { why: among(&HOOK_GONE).unwrap_or_default().to_owned() })
        }
        300..=499 if among(&MESSAGE_WRONG).is_some() => {
            Some(Failure::Refused { why: among(&MESSAGE_WRONG).unwrap_or_default().to_owned() })
        }
        // The URL is all that Slack knows us by: what it does not find or allow is the hook.
        401 | 403 | 404 | 410 => {
            Some(Failure::AuthLost { why: format!("status {}", answer.status) })
        }
        _ => answer.failure(now),
    }
}

/// The body of the post.
fn body(message: &Message) -> Value {
    let headline = Untrusted::from(message.headline.as_str());
    let mut blocks = vec![
        json!({"type": "header", "text": plain(&headline.one_line(HEADER_MAX / 5).escape_slack())}),
    ];
    blocks.extend(said(message));
    let (mut shown, mut length) = (0, 0);
    for item in &message.items {
        let of_item = about(item, message.total > 1);
        let grown = length + of_item.iter().map(text_length).sum::<usize>();
        // Two blocks stay for the rest and the links.
        let is_full = blocks.len() + of_item.len() + 2 > BLOCKS_MAX || grown > TOTAL_MAX;
        if is_full {
            break;
        }
        blocks.extend(of_item);
        (shown, length) = (shown + 1, grown);
    }
    let left = message.total.saturating_sub(shown);
    if left > 0 && shown > 0 {
        blocks.push(json!({"type": "section", "text": plain(&format!("… and {left} more"))}));
    }
    let general: Vec<&Link> = message.more.iter().chain(&message.links).collect();
    blocks.extend(links(&general));
    json!({
        "text": fallback(message),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// What a phone shows of it: our headline and who it is.
fn fallback(message: &Message) -> String {
    let headline = Untrusted::from(message.headline.as_str()).one_line(HEADER_MAX).escape_slack();
    match message.items.as_slice() {
        [only] if message.total == 1 => {
            format!("{headline}: {}", lines::title(only, false).escape_slack())
        }
        _ => headline,
    }
}

/// One section of what is said beside leads, as much as fits; none when nothing is.
fn said(message: &Message) -> Option<Value> {
    let mut text = String::new();
    for line in lines::said(message) {
        let part = format!("{}{}", if text.is_empty() { "" } else { "\n" }, line.escape_slack());
        if slack_length(&text) + slack_length(&part) <= SECTION_MAX {
            text.push_str(&part);
        }
    }
    (!text.is_empty()).then(|| json!({"type": "section", "text": plain(&text)}))
}

/// A section of a lead's lines, and one of its links.
fn about(item: &Item, is_one_of_many: bool) -> Vec<Value> {
    let mut text = lines::title(item, is_one_of_many).escape_slack();
    for line in lines::lines(item) {
        let line = format!("\n{}: {}", line.label, line.text.escape_slack());
        if slack_length(&text) + slack_length(&line) > SECTION_MAX {
            break;
        }
        text.push_str(&line);
    }
    let mut blocks = vec![json!({"type": "section", "text": plain(&text)})];
    blocks.extend(links(&item.links.iter().collect::<Vec<_>>()));
    blocks
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": false})
}

/// One section of links, as many as fit; none when there are none.
fn links(links: &[&Link]) -> Option<Value> {
    let mut text = String::new();
    for link in links {
        // These three would end the address; a URL may always write them in percent.
        let url = link.url.replace('<', "%3C").replace('>', "%3E").replace('|', "%7C");
        let url = url.replace('&', "&amp;");
        let label = Untrusted::from(link.label.as_str()).one_line(75).escape_slack();
        let part = format!("{}<{url}|{label}>", if text.is_empty() { "" } else { "  ·  " });
        if slack_length(&text) + slack_length(&part) <= SECTION_MAX {
            text.push_str(&part);
        }
    }
    let mrkdwn = json!({"type": "mrkdwn", "text": text, "verbatim": true});
    (!text.is_empty()).then(|| json!({"type": "section", "text": mrkdwn}))
}

/// Slack counts as JavaScript does.
fn slack_length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn text_length(block: &Value) -> usize {
    block.pointer("/text/text").and_then(Value::as_str).map_or(0, slack_length)
}

#[cfg(test)]
mod tests {
    use super::{super::samples, *};

    fn texts(body: &Value) -> Vec<(&str, &str)> {
        body["blocks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| {
                (block["text"]["type"].as_str().unwrap(), block["text"]["text"].as_str().unwrap())
            })
            .collect()
    }

    #[test]
    fn a_new_lead_reads_well() {
        let body = body(&samples::message());
        assert_eq!(body["text"], "New lead, answer by 10:07: Eva Linden");
        assert_eq!(
            texts(&body),
            [
                ("plain_text", "New lead, answer by 10:07"),
                (
                    "plain_text",
                    "Eva Linden\nAnswer by: 10:07\nBecause: dach-enterprise\nCompany: Linden &amp; Söhne AG"
                ),
                ("mrkdwn", "<https://handoff.example/leads/7?a=1&amp;b=2|Open>"),
                ("mrkdwn", "<https://handoff.example/act/token|I'm out today>"),
            ]
        );
        assert_eq!(body["unfurl_links"], false);
    }

    #[test]
    fn a_strangers_text_makes_no_link_no_mention_and_no_format() {
        for hostile in samples::HOSTILE {
            let body = body(&samples::message_by(hostile));
            let fallback = body["text"].as_str().unwrap();
            assert!(!fallback.contains(['<', '>']) && !fallback.contains("@here"), "{fallback}");
            for (kind, text) in texts(&body) {
                assert!(!text.contains("@here") && !text.contains('\u{202e}'), "{text}");
                if kind == "mrkdwn" {
                    assert!(text.starts_with("<https://handoff.example/"), "{text}");
                } else {
                    assert!(!text.contains(['<', '>']), "{text}");
                }
            }
        }
    }

    #[test]
    fn slacks_limits_are_kept_at_any_size() {
        let long = ["x", "&", "😀", "\u{202e}"].map(|text| text.repeat(100_000));
        let many = [1, 5, 23, 24, 25, 50, 200].map(|shown| samples::message_of(shown, 500));
        let mut fat = samples::message_of(30, 30);
        for item in &mut fat.items {
            item.facts = (0..30).map(|_| ("Fact", Untrusted::from("&".repeat(400)))).collect();
            item.links = vec![item.links[0].clone(); 200];
        }
        fat.headline = "&".repeat(500);
        for message in long.iter().map(|text| samples::message_by(text)).chain(many).chain([fat]) {
            let body = body(&message);
            let texts = texts(&body);
            assert!(texts.len() <= BLOCKS_MAX, "{}", texts.len());
            assert!(texts.iter().all(|(_, text)| (1..=SECTION_MAX).contains(&slack_length(text))));
            assert!(slack_length(texts[0].1) <= HEADER_MAX);
            assert!(texts.iter().map(|(_, text)| slack_length(text)).sum::<usize>() < 13_000);
        }
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let body = body(&samples::message_of(5, 12));
        assert!(texts(&body).contains(&("plain_text", "… and 7 more")));
        assert!(texts(&body).iter().any(|(_, text)| text.starts_with("New: Eva Linden")));
    }

    #[test]
    fn the_url_is_in_no_error() {
        for url in ["hunter2", "http://hooks.example/hunter2", "https://127.0.0.1/hunter2"] {
            let settings = SlackSettings { url: Secret::new(url), allow_private: false };
            assert!(!format!("{settings:?}").contains("hunter2"));
            assert!(!Slack::new(&settings).unwrap_err().contains("hunter2"));
        }
    }
}
