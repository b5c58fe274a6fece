//! Text that strangers wrote, and the few ways in which it may leave the house.
//!
//! Guarantees: [`Untrusted`] cannot be printed by accident: it has no `Display`, and its `Debug`
//! shows a length only. Each way out makes the text harmless for one kind of reader and for no
//! other. Does not know: what the text means.

mod fold;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use fold::fold;

/// Text written by a stranger. Take it out by the method that fits where it goes.
///
/// It cannot be printed by mistake, as it has no `Display`:
///
/// ```compile_fail,E0277
/// let name = handoff::model::text::Untrusted::new("Eva");
/// println!("{name}");
/// ```
///
/// nor turned into text or lent as text without saying for whom:
///
/// ```compile_fail,E0599
/// let name = handoff::model::text::Untrusted::new("Eva");
/// let text: String = name.to_string();
/// ```
///
/// ```compile_fail,E0308
/// let name = handoff::model::text::Untrusted::new("Eva");
/// let text: &str = &name;
/// ```
///
/// ```compile_fail,E0277
/// let name = handoff::model::text::Untrusted::new("Eva");
/// let text = String::from(name);
/// ```
///
/// These are the ways out:
///
/// ```
/// let name = handoff::model::text::Untrusted::new("<b>Eva</b>\r\nBcc: x");
/// assert_eq!(name.escape_html(), "&lt;b&gt;Eva&lt;/b&gt;\nBcc: x");
/// assert_eq!(name.escape_mail_line(), "<b>Eva</b> Bcc: x");
/// assert_eq!(format!("{name:?}"), "Untrusted(18 bytes)");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Untrusted(String);

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Untrusted({} bytes)", self.0.len())
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Untrusted {
    /// Wraps a stranger's text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as it is, for comparing, parsing and storing; never for showing.
    #[must_use]
    pub fn as_str_for_logic(&self) -> &str {
        &self.0
    }

    /// For HTML text and quoted attributes. Characters that turn the direction of what follows
    /// and control characters are left out, so that it cannot disguise its surroundings.
    #[must_use]
    pub fn escape_html(&self) -> String {
        let mut html = String::with_capacity(self.0.len() + 16);
        for letter in self.0.chars().filter(|letter| is_visible(*letter) || is_break(*letter)) {
            match letter {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                _ => html.push(letter),
            }
        }
        html
    }

    /// For Slack's mrkdwn: `&`, `<` and `>` become entities, which ends links and `<!channel>`,
    /// and a zero-width space parts `@` from `here`, `channel`, `everyone` and any name that it
    /// would call. An address such as `ada@acme.example` stays whole.
    ///
    /// Source: Slack, "Formatting text for app surfaces", escaping text and mentions.
    #[must_use]
    pub fn escape_slack(&self) -> String {
        let shown: String =
            self.0.chars().filter(|letter| is_visible(*letter) || is_break(*letter)).collect();
        let mut slack = String::with_capacity(shown.len() + 16);
        let mut before = ' ';
        for (at, letter) in shown.char_indices() {
            match letter {
                '&' => slack.push_str("&amp;"),
                '<' => slack.push_str("&lt;"),
                '>' => slack.push_str("&gt;"),
                '@' | '＠' => {
                    slack.push(letter);
                    let rest = shown.get(at + letter.len_utf8()..).unwrap_or_default();
                    if !before.is_alphanumeric() || calls_everybody(rest) {
                        slack.push('\u{200b}');
                    }
                }
                _ => slack.push(letter),
            }
            before = letter;
        }
        slack
    }

    /// For one line of a mail's header or body: line breaks and control characters become single
    /// spaces, so that no header can be added.
    #[must_use]
    pub fn escape_mail_line(&self) -> String {
        self.visible_line()
    }

    /// For one cell of a CSV file (RFC 4180), quotes included where they are needed. A cell that a
    /// spreadsheet would take for a formula gets a leading `'`.
    ///
    /// Source: OWASP, "CSV Injection".
    #[must_use]
    pub fn csv_cell(&self) -> String {
        let mut text: String = self.0.chars().filter(|letter| *letter != '\0').collect();
        let formula = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
        // Blanks before it do not hide a formula from every program.
        let bare =
            text.trim_start_matches(|letter: char| letter.is_whitespace() || !is_visible(letter));
        if text.starts_with(formula) || bare.starts_with(formula) {
            text.insert(0, '\'');
        }
        // Semicolons and tabs part cells where a comma is the decimal point.
        let quoted = text.contains([',', ';', '"', '\t', '\r', '\n']) || text.trim() != text;
        if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    }

    /// The text as one line of at most `max` characters, `…` included when it was cut. Control
    /// and direction characters are left out, blanks and line breaks become single spaces. Still
    /// untrusted: it must be escaped for where it goes.
    #[must_use]
    pub fn one_line(&self, max: usize) -> Self {
        let line = self.visible_line();
        if line.chars().nth(max).is_none() {
            return Self(line);
        }
        let mut cut: String = line.chars().take(max.saturating_sub(1)).collect();
        cut.truncate(cut.trim_end().len());
        if max > 0 {
            cut.push('…');
        }
        Self(cut)
    }

    /// Is there nothing but blanks and characters that nobody sees?
    #[must_use]
    pub fn is_blank(&self) -> bool {
        !self.0.chars().any(|letter| is_visible(letter) && !letter.is_whitespace())
    }

    fn visible_line(&self) -> String {
        let mut line = String::with_capacity(self.0.len());
        for letter in self.0.chars() {
            if letter.is_whitespace() || letter.is_control() {
                if !line.is_empty() && !line.ends_with(' ') {
                    line.push(' ');
                }
            } else if is_visible(letter) {
                line.push(letter);
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// `a***@acme.example` for logs and screens that others see: the first letter and the domain.
/// What does not look like an address becomes `***`.
#[must_use]
pub fn mask_email(address: &str) -> String {
    let Some((local, domain)) = address.trim().rsplit_once('@') else { return "***".into() };
    let plain = !domain.is_empty()
        && domain.len() <= 253
        && domain.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '-'));
    if !plain {
        return "***".into();
    }
    match local.chars().next().filter(|letter| letter.is_alphanumeric()) {
        Some(first) => format!("{first}***@{domain}"),
        None => format!("***@{domain}"),
    }
}

/// Is it a character that stands for itself, or a plain blank? Control characters do not, nor do
/// those that turn the writing direction, hide, or tag (the joiners of emoji and scripts do).
pub(crate) fn is_visible(letter: char) -> bool {
    !letter.is_control()
        && !matches!(
            letter,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

const fn is_break(letter: char) -> bool {
    matches!(letter, '\n' | '\t')
}

fn calls_everybody(after_at: &str) -> bool {
    ["here", "channel", "everyone"].iter().any(|name| {
        after_at.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(way: impl Fn(&Untrusted) -> String, cases: &[(&str, &str)]) {
        for (text, want) in cases {
            assert_eq!(way(&Untrusted::from(*text)), *want, "{text:?}");
        }
    }

    #[test]
    fn debug_shows_no_letter_of_it_and_json_all() {
        let text = Untrusted::from("<b>Ada</b>");
        assert_eq!(format!("{text:?}"), "Untrusted(10 bytes)");
        assert_eq!(serde_json::to_string(&text).unwrap(), "\"<b>Ada</b>\"");
        assert_eq!(serde_json::from_str::<Untrusted>("\"<b>Ada</b>\"").unwrap(), text);
    }

    #[test]
    fn html_has_no_markup_left() {
        check(
            Untrusted::escape_html,
            &[
                ("<script>alert('1')</script>", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"),
                ("\" onload=\"x", "&quot; onload=&quot;x"),
                ("&lt;", "&amp;lt;"),
                ("a\u{202e}b\0c\u{2067}\u{feff}", "abc"),
                ("two\nlines", "two\nlines"),
            ],
        );
    }

    #[test]
    fn slack_calls_nobody() {
        check(
            Untrusted::escape_slack,
            &[
                ("<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@\u{200b}U1&gt;"),
                ("@here now", "@\u{200b}here now"),
                ("x@HERE", "x@\u{200b}HERE"),
                ("@\u{200b}\u{202e}everyone", "@\u{200b}everyone"),
                ("x@\u{202e}\u{61c}channel", "x@\u{200b}channel"),
                ("ada@acme.example", "ada@acme.example"),
                ("<https://evil.example|Acme>", "&lt;https://evil.example|Acme&gt;"),
            ],
        );
    }

    #[test]
    fn a_mail_line_adds_no_header() {
        check(
            Untrusted::escape_mail_line,
            &[
                ("Ada\r\nBcc: all@acme.example", "Ada Bcc: all@acme.example"),
                ("a\u{0}b\u{1b}[31m", "a b [31m"),
                ("a\u{2028}b\u{85}c", "a b c"),
                ("  plain  ", "plain"),
            ],
        );
    }

    #[test]
    fn a_cell_is_no_formula_and_stays_one_cell() {
        check(
            Untrusted::csv_cell,
            &[
                ("plain", "plain"),
                ("=1+1", "'=1+1"),
                ("+49 30", "'+49 30"),
                ("-2", "'-2"),
                ("@SUM(A1)", "'@SUM(A1)"),
                ("\t=1", "\"'\t=1\""),
                ("\r=1", "\"'\r=1\""),
                (" =1", "' =1"),
                ("＝1", "'＝1"),
                ("a,b", "\"a,b\""),
                ("a;=1", "\"a;=1\""),
                ("say \"hi\"", "\"say \"\"hi\"\"\""),
                ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
                ("", ""),
            ],
        );
    }

    #[test]
    fn one_line_cuts_between_characters_and_says_so() {
        for (text, max, want) in [
            ("Ada Byron", 9, "Ada Byron"),
            ("Ada Byron", 8, "Ada Byr…"),
            ("Ada Byron", 5, "Ada…"),
            ("äöü€𝄞", 4, "äöü…"),
            ("a\n\n\tb", 9, "a b"),
            ("ab", 1, "…"),
            ("ab", 0, ""),
            ("\u{202e}gpj.exe", 20, "gpj.exe"),
        ] {
            assert_eq!(Untrusted::from(text).one_line(max).as_str_for_logic(), want, "{text:?}");
        }
        assert!(Untrusted::from(" \u{200b}\n\u{202e}").is_blank());
        assert!(!Untrusted::from(" a").is_blank());
    }

    #[test]
    fn masked_addresses_keep_the_first_letter_and_the_domain() {
        for (text, want) in [
            ("ada@acme.example", "a***@acme.example"),
            ("\"a@b\"@acme.example", "***@acme.example"),
            ("@acme.example", "***@acme.example"),
            ("ada", "***"),
            ("ada@", "***"),
            ("ada@acme.example\nFATAL", "***"),
            ("ada@\u{1b}[2J", "***"),
        ] {
            assert_eq!(mask_email(text), want, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_escapes(text in any::<String>(), max in 0_usize..50) {
            let text = Untrusted::from(text);
            let html = text.escape_html();
            let markup = ['<', '>', '"', '\'', '\0', '\u{202e}'];
            prop_assert!(!html.contains(markup));
            let slack = text.escape_slack();
            prop_assert!(!slack.contains(['<', '>']) && !slack.to_lowercase().contains("@here"));
            prop_assert!(!text.escape_mail_line().chars().any(char::is_control));
            prop_assert!(text.one_line(max).as_str_for_logic().chars().count() <= max);
            let cell = format!("{},{}\r\n", text.csv_cell(), text.csv_cell());
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(cell.as_bytes());
            let row = reader.records().next().unwrap().unwrap();
            prop_assert_eq!(row.len(), 2);
            prop_assert!(!row[0].starts_with(['=', '+', '-', '@', '\t', '\r']));
        }
    }
}
