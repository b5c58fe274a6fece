//! How a lead reads on any channel: a title and labelled lines.
//!
//! Guarantees: each line is one line, cut to what a person reads, free of control and direction
//! characters; their number is bounded, so a message of few leads fits every channel. All text is
//! still [`Untrusted`], ours too, so a channel cannot forget to escape the one it should.
//! Does not know: markup.

use super::{Item, Message};
use crate::model::{job::Why, text::Untrusted};

/// The longest text of a line, in characters.
pub const TEXT_MAX: usize = 300;
/// The longest title, in characters.
pub const TITLE_MAX: usize = 120;
/// The most lines of one lead.
pub const LINES_MAX: usize = 20;

/// One labelled line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Ours.
    pub label: &'static str,
    /// Cut and on one line, and yet to be escaped.
    pub text: Untrusted,
}

/// Who it is; among several leads also why this one is in the message.
#[must_use]
pub fn title(item: &Item, is_one_of_many: bool) -> Untrusted {
    let who = item.who.one_line(TITLE_MAX);
    let who = if who.is_blank() { Untrusted::from("Somebody without a name") } else { who };
    if !is_one_of_many {
        return who;
    }
    Untrusted::from(format!("{}: {}", word(item.why), who.as_str_for_logic())).one_line(TITLE_MAX)
}

/// The lines of a lead: due, owner, why, and what is known of it. Empty ones are left out; what
/// is ours comes first, so that a long list of facts cannot push it out.
#[must_use]
pub fn lines(item: &Item) -> Vec<Line> {
    let ours = [
        ("Answer by", item.due.as_deref()),
        ("Owner", item.owner.as_deref()),
        ("Because", Some(item.because.as_str())),
    ];
    let ours = ours.into_iter().filter_map(|(label, text)| Some((label, Untrusted::from(text?))));
    let theirs = item.facts.iter().map(|(label, text)| (*label, text.clone()));
    ours.chain(theirs)
        .map(|(label, text)| Line { label, text: text.one_line(TEXT_MAX) })
        .filter(|line| !line.text.is_blank())
        .take(LINES_MAX)
        .collect()
}

/// What is said beside leads, a line each, cut and yet to be escaped.
pub fn said(message: &Message) -> impl Iterator<Item = Untrusted> {
    message.said.iter().map(|line| Untrusted::from(line.as_str()).one_line(TEXT_MAX))
}

/// What a person calls the reason.
#[must_use]
pub const fn word(why: Why) -> &'static str {
    match why {
        Why::Assigned => "New",
        Why::Offered => "Offered",
        Why::FilledAgain => "Asked again",
        Why::Reminder => "Reminder",
        Why::Late => "Late",
        Why::Reassigned => "Moved",
        Why::Page => "No answer",
        Why::PageOver => "Answered",
        Why::Stuck => "Stuck",
    }
}

#[cfg(test)]
mod tests {
    use super::{super::samples, *};

    #[test]
    fn a_line_is_cut_at_its_limit_and_not_before() {
        for (length, want) in [(TEXT_MAX, TEXT_MAX), (TEXT_MAX + 1, TEXT_MAX), (100_000, TEXT_MAX)]
        {
            let item = samples::item_with("Message", &"x".repeat(length));
            let lines = lines(&item);
            let line = lines.iter().find(|line| line.label == "Message").unwrap();
            assert_eq!(line.text.as_str_for_logic().chars().count(), want, "{length}");
        }
    }

    #[test]
    fn lines_are_bounded_and_ours_stay() {
        let mut item = samples::item();
        item.facts = (0..100).map(|_| ("Fact", Untrusted::from("x"))).collect();
        let lines = lines(&item);
        assert_eq!(lines.len(), LINES_MAX);
        assert_eq!(lines[0].label, "Answer by");
    }

    #[test]
    fn blanks_are_left_out_and_nobody_is_nameless() {
        let mut item = samples::item_with("Company", " \u{202e}\n");
        item.who = Untrusted::from("\u{200b}");
        item.because = String::new();
        assert!(lines(&item).iter().all(|line| line.label != "Company" && line.label != "Because"));
        assert_eq!(title(&item, false).as_str_for_logic(), "Somebody without a name");
        assert_eq!(title(&item, true).as_str_for_logic(), "New: Somebody without a name");
    }
}
