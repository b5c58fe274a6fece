//! Holiday calendars (iCalendar).
//!
//! States: what is read makes hours; a line folded at any place reads the same, as do other line
//! ends; a refusal is a sentence.
//! Input: where lines are folded, then the calendar.

use handoff::{
    model::time::Span,
    rulebook::calendar::{Hours, holidays_from_ics},
};

use super::{Cut, NOON};

pub fn run(bytes: &[u8]) {
    let mut cut = Cut(bytes);
    let fold_at = usize::from(cut.byte());
    let Ok(text) = std::str::from_utf8(cut.0) else { return };
    let read = holidays_from_ics(text);
    let again = holidays_from_ics(&folded(text, fold_at));
    assert_eq!(read.is_ok(), again.is_ok());
    if !text.contains('\r') {
        assert_eq!(read, holidays_from_ics(&text.replace('\n', "\r\n")));
    }
    match read {
        Ok(holidays) => {
            assert_eq!(Ok(&holidays), again.as_ref());
            let week = [("mon-sun".to_owned(), vec!["00:00-24:00".to_owned()])];
            let hours = Hours::compile("Europe/London", &week, holidays);
            let hours = hours.expect("holidays of a calendar are good");
            if let Some(open) = hours.next_open(NOON) {
                assert!(hours.is_open(open) && open >= NOON);
            }
            let to = NOON.plus(Span::days(400));
            let worked = hours.intervals(NOON, to).iter().map(|(from, to)| to.since(*from).0).sum();
            assert_eq!(hours.between(NOON, to), Span(worked));
        }
        Err(why) => assert!(!why.trim().is_empty()),
    }
}

/// Every line folded after so many characters, as RFC 5545 allows anywhere.
fn folded(text: &str, at: usize) -> String {
    let mut folded = String::new();
    for line in text.split_inclusive('\n') {
        match line.char_indices().nth(at) {
            // A line is folded inside: neither before its first character nor at its end.
            Some((at, next)) if at > 0 && next != '\n' && next != '\r' => {
                folded.push_str(&line[..at]);
                folded.push_str("\n ");
                folded.push_str(&line[at..]);
            }
            _ => folded.push_str(line),
        }
    }
    folded
}
