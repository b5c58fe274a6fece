//! What to say of alerts: from notices to one [`Message`] about no lead.
//!
//! Guarantees: pure; the same notices make the same message. Each notice says what was found, what
//! it means and how to mend it; however many there are, it is one message. Nothing that a stranger
//! typed is in it.
//! Does not know: who hears it, and when.

use url::Url;

use super::{Link, Message, Purpose};
use crate::{
    decide::watch::ledger::{Notice, Word},
    model::{id::digest, time::Time},
};

/// The most notices that are said in full.
const SHOWN_MAX: usize = 8;

/// The message that says these; say at least one. For a pager say one at a time: it opens and
/// closes an incident.
#[must_use]
pub fn notice(
    notices: &[Notice],
    to: Option<String>,
    is_pager: bool,
    base: &Url,
    now: Time,
) -> Message {
    let (purpose, key) = match notices {
        [only] if is_pager && only.word == Word::Over => (Purpose::PageClose, only.incident()),
        [only] if is_pager => (Purpose::PageOpen, only.incident()),
        [only] => (Purpose::Tell, only.key.clone()),
        many => {
            let parts: Vec<&[u8]> = many.iter().map(|one| one.key.as_bytes()).collect();
            (Purpose::Tell, format!("alerts:{}", hex::encode(digest(&parts))))
        }
    };
    let mut said: Vec<String> =
        notices.iter().take(SHOWN_MAX).flat_map(|one| lines(one, notices.len() > 1)).collect();
    if notices.len() > SHOWN_MAX {
        said.push(format!("… and {} more", notices.len() - SHOWN_MAX));
    }
    Message {
        purpose,
        to,
        key,
        headline: headline(notices),
        said,
        items: Vec::new(),
        total: 0,
        more: board(base),
        links: Vec::new(),
        at: now,
    }
}

fn board(base: &Url) -> Option<Link> {
    let mut url = base.clone();
    url.path_segments_mut().ok()?.pop_if_empty().push("board");
    Some(Link { label: "Open the board".to_owned(), url: url.into() })
}

fn headline(notices: &[Notice]) -> String {
    match notices {
        [only] => format!("{}: {}", word(only.word), subject(only)),
        many => {
            let over = many.iter().filter(|one| one.word == Word::Over).count();
            format!("Alerts: {} raised, {over} over", many.len() - over)
        }
    }
}

const fn word(word: Word) -> &'static str {
    match word {
        Word::Raised => "Alert",
        Word::Still => "Still",
        Word::Over => "Over",
    }
}

fn subject(notice: &Notice) -> String {
    let name = notice.about.alert.name();
    if notice.about.subject.is_empty() {
        name.to_owned()
    } else {
        format!("{name} ({})", notice.about.subject)
    }
}

fn lines(notice: &Notice, is_one_of_many: bool) -> Vec<String> {
    let alert = notice.about.alert;
    let mut lines = Vec::new();
    if is_one_of_many {
        lines.push(format!("{}: {}", word(notice.word), subject(notice)));
    }
    let since = minute(notice.since);
    match (notice.word, notice.over_at) {
        (Word::Over, over) => {
            let until = over.map_or_else(String::new, |at| format!(" until {}", minute(at)));
            lines.push(format!("It stood from {since}{until}; last found: {}.", notice.says));
        }
        (Word::Raised | Word::Still, _) => {
            lines.push(format!(
                "Found: {} ({}, since {since})",
                notice.says,
                alert.severity().word()
            ));
            lines.push(format!("It means: {}.", alert.means()));
            lines.push(format!("To mend it: {}.", alert.mend()));
        }
    }
    lines
}

/// "2026-01-01 12:05 UTC".
fn minute(at: Time) -> String {
    let text = at.rfc3339();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alert::{Alert, Key};

    const NOON: Time = Time(1_767_268_800_000);

    fn of(word: Word) -> Notice {
        Notice {
            word,
            about: Key::new(Alert::JobDead, "write:hubspot"),
            says: "3 jobs given up".into(),
            since: NOON,
            over_at: (word == Word::Over)
                .then_some(NOON.plus(crate::model::time::Span::minutes(9))),
            key: format!("alert:job-dead:{word:?}"),
        }
    }

    fn said(notices: &[Notice], is_pager: bool) -> Message {
        let base = Url::parse("https://leads.acme.example/hand/").unwrap();
        notice(notices, None, is_pager, &base, NOON)
    }

    #[test]
    fn an_alert_says_what_it_means_and_how_to_mend_it() {
        let message = said(&[of(Word::Raised)], false);
        assert_eq!(message.headline, "Alert: job-dead (write:hubspot)");
        assert_eq!(message.said.len(), 3);
        assert_eq!(
            message.said[0],
            "Found: 3 jobs given up (critical, since 2026-01-01 12:00 UTC)"
        );
        assert!(
            message.said[1].starts_with("It means: ") && message.said[2].contains("jobs retry")
        );
        assert_eq!(message.more.unwrap().url, "https://leads.acme.example/hand/board");
        assert_eq!(said(&[of(Word::Still)], false).headline, "Still: job-dead (write:hubspot)");
    }

    #[test]
    fn the_all_clear_says_how_long_it_stood() {
        let message = said(&[of(Word::Over)], false);
        assert_eq!(message.headline, "Over: job-dead (write:hubspot)");
        let want = "It stood from 2026-01-01 12:00 UTC until 2026-01-01 12:09 UTC; last found: 3 \
                    jobs given up.";
        assert_eq!(message.said, [want]);
    }

    #[test]
    fn many_are_one_message_and_what_is_left_out_is_counted() {
        let message = said(&vec![of(Word::Raised); 9], false);
        assert_eq!(message.headline, "Alerts: 9 raised, 0 over");
        assert_eq!(message.said.len(), 8 * 4 + 1);
        assert_eq!(message.said.last().unwrap(), "… and 1 more");
        assert_ne!(message.key, said(&vec![of(Word::Raised); 8], false).key);
    }

    #[test]
    fn a_pager_opens_and_closes_one_incident() {
        let open = said(&[of(Word::Raised)], true);
        let still = said(&[of(Word::Still)], true);
        let close = said(&[of(Word::Over)], true);
        assert_eq!((open.purpose, close.purpose), (Purpose::PageOpen, Purpose::PageClose));
        assert_eq!((&open.key, &open.key), (&still.key, &close.key));
    }
}
