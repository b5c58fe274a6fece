//! One line that cannot be read, and what was probably meant.
//!
//! Guarantees: what is proposed can be written in its place.
//! Does not know: other lines, but for a text that is left open.

use std::ops::Range;

use super::{
    Slip,
    structure::{Open, is_of_key},
};

const TYPOGRAPHIC: [char; 11] = ['“', '”', '„', '‟', '‘', '’', '‚', '«', '»', '‹', '›'];
/// Blanks that are no blanks to a computer, and what has no width at all.
const INVISIBLE: [char; 10] = [
    '\u{a0}', '\u{ad}', '\u{2007}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{202f}', '\u{2028}',
    '\u{3000}', '\u{feff}',
];
const REMARKS: [&str; 5] = ["//", "--", "/*", "<!--", ";"];

pub struct Line<'t> {
    text: &'t str,
    start: usize,
}

impl<'t> Line<'t> {
    /// The line in which a place begins; the one before for the end of a line.
    pub fn around(text: &'t str, at: &Range<usize>) -> Self {
        let place = at.start.min(text.len());
        let before = text.get(..place).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let rest = text.get(start..).unwrap_or_default();
        Self { text: rest.lines().next().unwrap_or_default(), start }
    }

    /// Past its last character and the end of the line.
    pub fn end(&self) -> usize {
        self.start + self.text.len() + 1
    }

    pub fn has(&self, place: usize) -> bool {
        (self.start..self.end()).contains(&place)
    }

    /// What is wrong with it, by where reading stopped and what was said.
    pub fn slip(
        &self,
        at: &Range<usize>,
        words: &str,
        open: Option<&(Range<usize>, Open)>,
    ) -> Slip {
        let open = open.filter(|(open, _)| self.has(open.start));
        self.strange(open)
            .or_else(|| self.remark())
            .or_else(|| self.sign())
            .or_else(|| self.comma_in_number())
            .or_else(|| self.bare_value())
            .or_else(|| open.and_then(|(at, what)| self.left_open(at, *what)))
            .unwrap_or_else(|| self.by_words(at, words))
    }

    /// Characters outside of quotes and remarks, up to a text that is left open.
    fn outside(&self) -> impl Iterator<Item = (usize, char)> {
        let mut quote: Option<char> = None;
        let mut is_remark = false;
        self.text.char_indices().filter(move |(_, c)| {
            match (quote, c) {
                (Some(open), c) if *c == open => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(*c),
                (None, '#') => is_remark = true,
                (None, _) => return !is_remark,
            }
            false
        })
    }

    fn at(&self, place: usize, length: usize) -> Range<usize> {
        self.start + place..self.start + place + length
    }

    /// A character that word processors write for another one.
    fn strange(&self, open: Option<&(Range<usize>, Open)>) -> Option<Slip> {
        let opened = open.map_or(usize::MAX, |(at, _)| at.start - self.start);
        let within = self.text.char_indices().filter(|(place, _)| *place > opened);
        let (place, c) = self
            .outside()
            .find(|(_, c)| TYPOGRAPHIC.contains(c) || INVISIBLE.contains(c))
            .or_else(|| within.clone().find(|(_, c)| TYPOGRAPHIC.contains(c)))?;
        let at = self.at(place, c.len_utf8());
        Some(if TYPOGRAPHIC.contains(&c) {
            let message = format!("{c} is a typographic quote, as word processors write it");
            Slip::new(at, message, "write the straight quote \" before and behind the text")
        } else {
            let message =
                "here stands an invisible character, as word processors and web pages have it";
            Slip::new(at, message, "delete it, and type a blank")
        })
    }

    fn remark(&self) -> Option<Slip> {
        let bare = self.text.trim_start();
        let begins = REMARKS.iter().find(|sign| bare.starts_with(**sign))?;
        let at = self.at(self.text.len() - bare.len(), begins.len());
        Some(Slip::new(at, format!("{begins} does not begin a remark here"), "begin it with #"))
    }

    /// The key, the sign behind it with its place, and the value as it is written.
    fn parts(&self) -> Option<(&'t str, usize, char, &'t str)> {
        let (place, sign) =
            self.outside().find(|(_, c)| matches!(c, '=' | ':' | '<' | '>' | '!'))?;
        let key = self.text.get(..place)?.trim();
        let is_key = !key.is_empty() && key.chars().all(is_of_key);
        let value = self.text.get(place + 1..)?.trim();
        is_key.then_some((key, place, sign, value))
    }

    /// Another sign than one = behind the key.
    fn sign(&self) -> Option<Slip> {
        let (key, place, sign, value) = self.parts()?;
        let field = key.strip_prefix("if.").unwrap_or(key);
        let is_double = value.starts_with('=');
        let value = value.trim_start_matches('=').trim();
        let at = self.at(place, 1 + usize::from(is_double));
        Some(match sign {
            ':' => Slip::new(at, "a key has no : behind it", format!("write {key} = {value}")),
            '=' if is_double => {
                Slip::new(at, "a key has one = behind it", format!("write {key} = {value}"))
            }
            '=' => return None,
            '!' => Slip::new(
                at,
                "a key has one = behind it, and no other sign",
                format!("write when = 'lead.{field} != {value}'"),
            ),
            _ => {
                let equal = if is_double { "=" } else { "" };
                Slip::new(
                    at,
                    "a key has one = behind it, and no other sign",
                    format!("write {key} = \"{sign}{equal} {value}\""),
                )
            }
        })
    }

    /// `1,5` for `1.5`.
    fn comma_in_number(&self) -> Option<Slip> {
        for (place, _) in self.outside().filter(|(_, c)| *c == ',') {
            let digit = |c: char| c.is_ascii_digit();
            let before = self.text.get(..place)?;
            let whole = before.trim_end_matches(digit);
            let behind = self.text.get(place + 1..)?;
            let part = behind.len() - behind.trim_start_matches(digit).len();
            if whole.len() == before.len() || part == 0 || !whole.trim_end().ends_with('=') {
                continue;
            }
            let (whole, part) = (before.get(whole.len()..)?, behind.get(..part)?);
            let at = self.at(place - whole.len(), whole.len() + 1 + part.len());
            let mend = format!("write {whole}.{part}");
            return Some(Slip::new(at, "a number has a point, and no comma", mend));
        }
        None
    }

    fn left_open(&self, at: &Range<usize>, what: Open) -> Option<Slip> {
        let Open::Text { quote, .. } = what else { return None };
        let other = if quote == '"' { '\'' } else { '"' };
        let message = "the text that begins here has no closing quote";
        let mend = if self.text.trim_end().ends_with(other) {
            format!("write the same quote at both ends: {quote}")
        } else {
            format!("write {quote} where it ends")
        };
        Some(Slip::new(at.clone(), message, mend))
    }

    /// A value that wants quotes.
    fn bare_value(&self) -> Option<Slip> {
        let (_, place, _, value) = self.parts()?;
        let value = value.split('#').next()?.trim();
        let start = self.text.get(place + 1..)?.find(value)? + place + 1;
        let at = self.at(start, value.len());
        if value.is_empty() {
            let at = self.at(place, 1);
            return Some(Slip::new(at, "there is no value behind the =", "write one, as in \"…\""));
        }
        let is_plain = !value.starts_with(['"', '\'', '[', '{']) && value.parse::<f64>().is_err();
        if !is_plain || value.contains(['\'', '\\']) {
            return None;
        }
        if ["yes", "no", "on", "off", "true", "false"].contains(&value.to_lowercase().as_str()) {
            return Some(Slip::new(at, format!("{value} is no value"), "write true or false"));
        }
        let bare = value.trim_end_matches('"');
        if bare.contains('"') {
            return None;
        }
        let message = if bare.len() < value.len() {
            format!("there is no quote before {bare}")
        } else {
            format!("{value} stands without quotes")
        };
        Some(Slip::new(at, message, format!("write \"{bare}\"")))
    }

    /// By what the reader of TOML says.
    fn by_words(&self, at: &Range<usize>, words: &str) -> Slip {
        let from = at.start.saturating_sub(self.start);
        let before = self.text.get(..from).unwrap_or_default();
        let meant = self.text.get(from..).unwrap_or_default();
        let slip = |message: &str, mend: &str| Slip::new(at.clone(), message, mend);
        match words {
            _ if words.starts_with("duplicate key") => match self.parts() {
                Some((key, _, _, value)) if key.starts_with("if.") => slip(
                    "this stands twice in one rule",
                    &format!("one line with a list means any of them: {key} = [{value}, …]"),
                ),
                _ => slip("this stands twice in one section", "keep one of the two"),
            },
            _ if words.starts_with("missing comma") => {
                slip("a comma is missing before this", "write a comma between the two")
            }
            _ if words.starts_with("unexpected key or value") => {
                if before.trim_end().ends_with(['"', '\'']) && meant.contains(['"', '\'']) {
                    slip(
                        "the text ended at the quote before this",
                        "within '…' write \", and within \"…\" write '",
                    )
                } else {
                    slip(
                        "this stands behind the value, and nothing does",
                        "write one thing on a line, and # before what is meant for people",
                    )
                }
            }
            _ if words.starts_with("string values must be quoted") => {
                let value = meant.split([',', ']', '}', '#']).next().unwrap_or_default().trim();
                slip(&format!("{value} stands without quotes"), &format!("write \"{value}\""))
            }
            _ if words.starts_with("key with no value") => slip(
                "there is no = in this line",
                "write key = value, and # before what is meant for people",
            ),
            _ => slip(&format!("this is not TOML: {words}"), ""),
        }
    }
}
