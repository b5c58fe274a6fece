//! Text that strangers wrote, on its ways out.
//!
//! States: no active character comes out of any escape; nothing that can be seen is lost; a cell
//! stays one cell and no formula; a line stays a line of at most so many characters.
//! Input: the longest line, then the text.

use handoff::model::text::Untrusted;

use super::Cut;

pub fn run(bytes: &[u8]) {
    let mut cut = Cut(bytes);
    let most = usize::from(cut.byte());
    let Ok(raw) = std::str::from_utf8(cut.0) else { return };
    let text = Untrusted::from(raw);
    assert_eq!(format!("{text:?}"), format!("Untrusted({} bytes)", raw.len()));
    let json = serde_json::to_string(&text).expect("text is JSON");
    assert_eq!(serde_json::from_str::<Untrusted>(&json).ok().as_ref(), Some(&text));

    let html = text.escape_html();
    assert!(!html.contains(['<', '>', '"', '\'']) && !turns(&html));
    // Every & begins one of our entities, and undoing them gives what can be seen of the text.
    let mut plain = html.clone();
    for (entity, letter) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "\u{1}")]
    {
        plain = plain.replace(entity, letter);
    }
    assert!(!plain.contains('&'), "a bare & in {html:?}");
    let plain = plain.replace('\u{1}', "&");
    let mut seen = raw.chars();
    assert!(plain.chars().all(|letter| seen.any(|other| other == letter)));

    let slack = text.escape_slack();
    assert!(!slack.contains(['<', '>']) && !turns(&slack));
    let lower = slack.to_lowercase();
    for call in ["@here", "@channel", "@everyone"] {
        assert!(!lower.contains(call), "{slack:?} calls everybody");
    }

    let line = text.escape_mail_line();
    assert!(!line.chars().any(|c| c.is_control() || c == '\u{2028}' || c == '\u{2029}'));
    assert!(!turns(&line) && line.trim() == line && !line.contains("  "));
    assert_eq!(Untrusted::from(line.as_str()).escape_mail_line(), line, "a line is a line");

    let short = text.one_line(most);
    assert!(short.as_str_for_logic().chars().count() <= most);
    assert_eq!(short.one_line(most), short);
    assert_eq!(text.is_blank(), line.is_empty());
    is_one_cell(&text, raw);
}

/// Whether it holds a character that turns the direction of what follows, or hides.
fn turns(text: &str) -> bool {
    text.contains(['\u{202a}', '\u{202b}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\0'])
}

fn is_one_cell(text: &Untrusted, raw: &str) {
    let cell = text.csv_cell();
    let table = format!("name,name\r\n{cell},{cell}\r\n");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let row = reader.records().next().expect("a row").expect("it reads");
    assert_eq!(row.len(), 2);
    assert_eq!(row[0], row[1]);
    assert!(reader.records().next().is_none(), "a second row");
    assert!(!row[0].starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{:?}", &row[0]);
    let kept = raw.replace('\0', "");
    assert!(row[0] == *kept || row[0] == *format!("'{kept}"), "a cell loses nothing");
}
