//! CEL source to tokens with byte spans.
//!
//! Guarantees: never panics; spans lie on character boundaries; escapes are CEL's.
//! Does not know: which tokens make sense side by side.

use std::ops::Range;

use super::finding::Finding;

/// From here on whole numbers are not exact as a double.
const TOO_LARGE: f64 = 9_007_199_254_740_992.0;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Text(String),
    Number(f64),
    /// A name or a word such as `true` and `in`.
    Word(String),
    /// An operator or bracket.
    Sign(&'static str),
}

pub(super) type Spanned = (Token, Range<usize>);

/// Longest first, so that `<=` is not read as `<`.
const SIGNS: [&str; 26] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", "[", "]", "{", "}", ",", ".", "?",
    ":", "+", "-", "*", "/", "%", ";", "@",
];

/// Splits `source` into tokens.
pub(super) fn tokens(source: &str) -> Result<Vec<Spanned>, Finding> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let blank = blank(rest);
        if blank > 0 {
            at += blank;
            continue;
        }
        let (token, length) = token(rest, at)?;
        found.push((token, at..at + length));
        at += length;
    }
    Ok(found)
}

/// The length of white space or of a comment to the end of its line.
fn blank(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', '\x0C']).len()
}

fn token(rest: &str, at: usize) -> Result<(Token, usize), Finding> {
    let first = rest.chars().next().unwrap_or_default();
    let second = rest.chars().nth(1).unwrap_or_default();
    let quote = |c: char| c == '"' || c == '\'';
    if quote(first) {
        return text(rest, 0, at);
    }
    if matches!(first, 'r' | 'R') && quote(second) {
        return text(rest, 1, at);
    }
    if matches!(first, 'b' | 'B') && quote(second) {
        return Err(Finding::source(
            at..at + 2,
            "bytes are not part of conditions; remove the b before the quote",
        ));
    }
    if first.is_ascii_digit() || (first == '.' && second.is_ascii_digit()) {
        return number(rest, at);
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        return Ok((Token::Word(rest.get(..length).unwrap_or_default().to_owned()), length));
    }
    let slip = [("<>", "!="), ("=>", ">="), ("=<", "<=")];
    if let Some((sign, meant)) = slip.iter().find(|(sign, _)| rest.starts_with(sign)) {
        let message = format!("{sign} compares nothing in CEL; write {meant}");
        return Err(Finding::source(at..at + sign.len(), message));
    }
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    let message = match first {
        '=' => "a single = does not compare; write == for equal".to_owned(),
        '&' => "a single & joins nothing; write && for and".to_owned(),
        '|' => "a single | joins nothing; write || for or".to_owned(),
        '“' | '”' | '„' | '‘' | '’' => {
            format!("{first} is a typographic quote; write \" or '")
        }
        '`' => {
            "quoted field names are not part of conditions; write the plain dotted name".to_owned()
        }
        _ => format!("{first:?} has no meaning here; put text between quotes"),
    };
    Err(Finding::source(at..at + first.len_utf8(), message))
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), Finding> {
    let digits = |from: usize| rest.bytes().skip(from).take_while(u8::is_ascii_digit).count();
    let byte = |at: usize| rest.as_bytes().get(at).copied().unwrap_or_default();
    let mut length = digits(0);
    let mut whole = true;
    if byte(length) == b'.' && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
        whole = false;
    }
    if matches!(byte(length), b'e' | b'E') {
        let sign = usize::from(matches!(byte(length + 1), b'+' | b'-'));
        if digits(length + 1 + sign) > 0 {
            length += 1 + sign + digits(length + 1 + sign);
            whole = false;
        }
    }
    let tail = rest.bytes().skip(length).take_while(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let tail = tail.count();
    let wrong = |message: &str| Err(Finding::source(at..at + length + tail, message));
    if tail > 0 {
        let written = rest.get(..length + tail).unwrap_or_default();
        return wrong(match written {
            _ if written.starts_with("0x") => {
                "hexadecimal numbers are not part of conditions; write the number in tens"
            }
            _ if written.ends_with(['u', 'U']) => {
                "unsigned numbers are not part of conditions; remove the u"
            }
            _ => {
                "a number is followed by letters; write digits alone, as in 500 or 0.5, or put text between quotes"
            }
        });
    }
    let written = rest.get(..length).unwrap_or_default();
    if let Some((front, back)) = written.split_once('.')
        && (1..=3).contains(&front.len())
        && back.len() == 3
        && !front.starts_with('0')
        && back.ends_with('0')
        && back.bytes().all(|digit| digit.is_ascii_digit())
    {
        return wrong(&format!(
            "{written} has two readings; write {front}{back}, or {written}0 for the smaller one"
        ));
    }
    match written.parse::<f64>() {
        Ok(value) if whole && value >= TOO_LARGE => {
            wrong("whole numbers above 9007199254740991 are not exact; write a smaller one")
        }
        Ok(value) if value.is_finite() => Ok((Token::Number(value), length)),
        _ => wrong("this number is too large; write one below 1.7e308"),
    }
}

/// A quoted text; `prefix` is 1 for a raw one (`r"..."`).
fn text(rest: &str, prefix: usize, at: usize) -> Result<(Token, usize), Finding> {
    let body = rest.get(prefix..).unwrap_or_default();
    let quote = body.chars().next().unwrap_or('"');
    if body.starts_with(&quote.to_string().repeat(3)) {
        return Err(Finding::source(
            at..at + prefix + 3,
            "triple quotes are not part of conditions; use one quote and \\n for a new line",
        ));
    }
    let mut value = String::new();
    let mut chars = body.char_indices().skip(1);
    while let Some((index, c)) = chars.next() {
        match c {
            _ if c == quote => return Ok((Token::Text(value), prefix + index + 1)),
            '\n' | '\r' => break,
            '\\' if prefix == 0 => {
                let tail = body.get(index + 1..).unwrap_or_default();
                let Some((escaped, length)) = escape(tail) else {
                    let start = at + prefix + index;
                    let end = start + 1 + tail.chars().next().map_or(0, char::len_utf8);
                    return Err(Finding::source(
                        start..end,
                        "this escape is not one of CEL's; write \\\\ for a backslash, or r\"...\" to keep backslashes",
                    ));
                };
                value.push(escaped);
                for _ in 0..length {
                    chars.next();
                }
            }
            _ => value.push(c),
        }
    }
    Err(Finding::source(
        at..at + prefix + 1,
        format!("the text that starts here has no closing {quote} on its line"),
    ))
}

/// The character that the letters after a backslash mean, and how many letters that took.
fn escape(tail: &str) -> Option<(char, usize)> {
    let coded = |skip: usize, length: usize, radix: u32| {
        let digits = tail.get(skip..skip + length)?;
        if !digits.chars().all(|c| c.is_digit(radix)) {
            return None;
        }
        Some((char::from_u32(u32::from_str_radix(digits, radix).ok()?)?, skip + length))
    };
    let one = |c: char| Some((c, 1));
    match tail.chars().next()? {
        'a' => one('\x07'),
        'b' => one('\x08'),
        'f' => one('\x0C'),
        'n' => one('\n'),
        'r' => one('\r'),
        't' => one('\t'),
        'v' => one('\x0B'),
        c @ ('\\' | '"' | '\'' | '`' | '?') => one(c),
        'x' | 'X' => coded(1, 2, 16),
        'u' => coded(1, 4, 16),
        'U' => coded(1, 8, 16),
        '0'..='3' => coded(0, 3, 8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(source: &str) -> Token {
        let found = tokens(source).unwrap();
        assert_eq!(found.len(), 1, "{source}: {found:?}");
        assert_eq!(found[0].1, 0..source.len(), "{source}");
        found[0].0.clone()
    }

    #[test]
    fn literals_are_read_as_cel_reads_them() {
        for (source, expected) in [
            (r#""a'b""#, "a'b"),
            (r"'a\'b\n\t\\'", "a'b\n\t\\"),
            (r#""\x41\u00e4\U0001F600\101""#, "Aä😀A"),
            (r#"r"\d+""#, r"\d+"),
            ("''", ""),
        ] {
            assert_eq!(one(source), Token::Text(expected.to_owned()), "{source}");
        }
        for (source, expected) in [
            ("500", 500.0),
            ("0.5", 0.5),
            (".5", 0.5),
            ("1e3", 1000.0),
            ("0.125", 0.125),
            ("12.5000", 12.5),
            ("499.999", 499.999),
            ("2.5E-1", 0.25),
        ] {
            assert_eq!(one(source), Token::Number(expected), "{source}");
        }
    }

    #[test]
    fn white_space_and_comments_separate() {
        let found = tokens("lead.x // why\n == 1").unwrap();
        assert_eq!(found.len(), 5);
        assert_eq!(found[3], (Token::Sign("=="), 15..17));
    }

    #[test]
    fn what_is_not_a_token_says_how_to_mend_it() {
        for (source, span, part) in [
            ("a = 1", 2..3, "write =="),
            ("a & b", 2..3, "write &&"),
            ("a | b", 2..3, "write ||"),
            ("“a”", 0..3, "typographic"),
            ("\"abc", 0..1, "no closing \""),
            ("'a\nb'", 0..1, "no closing '"),
            (r#""a\qb""#, 2..4, "escape"),
            (r#""\uD800""#, 1..3, "escape"),
            ("\"\"\"a\"\"\"", 0..3, "triple"),
            ("b'a'", 0..2, "bytes"),
            ("0x1F", 0..4, "hexadecimal"),
            ("5u", 0..2, "unsigned"),
            ("10.000", 0..6, "write 10000, or 10.0000"),
            ("1.500", 0..5, "write 1500, or 1.5000"),
            ("a <> b", 2..4, "write !="),
            ("a => b", 2..4, "write >="),
            ("10k", 0..3, "letters"),
            ("9007199254740993000", 0..19, "not exact"),
            ("1e999", 0..5, "too large"),
            ("a # b", 2..3, "no meaning"),
        ] {
            let finding = tokens(source).unwrap_err();
            assert_eq!(finding.place, super::super::Place::Source(span), "{source}: {finding}");
            assert!(finding.message.contains(part), "{source}: {finding}");
        }
    }
}
