//! Postal codes: their form, their order, and what lies between two.
//!
//! A code is a row of runs, of digits or of letters; blanks and hyphens part runs too. A form names
//! a kind for each place: `99999`, `aa9`. A form of digits alone is the front of every longer code
//! (`80` of 80331). In one with letters every run must be as long as the code's, so that SW1 is the
//! front of SW1A 1AA and not of SW10 9AB. A British code without its blank is read as if it had it.
//!
//! Guarantees: no text makes it panic; codes that are too long have no place.
//! Does not know: countries; look them up beside the code.

/// Characters of a code.
const LENGTH_MAX: usize = 16;

/// A code in runs of one kind.
#[derive(Clone, Debug)]
pub struct Runs(Vec<String>);

impl Runs {
    pub fn of(code: &str) -> Self {
        let code = code.trim().to_uppercase();
        let code = with_blank(&code).unwrap_or(code);
        let mut runs: Vec<String> = Vec::new();
        let mut is_open = false;
        for c in code.chars() {
            if !c.is_ascii_alphanumeric() {
                is_open = false;
                continue;
            }
            let kind = |c: char| c.is_ascii_digit();
            match runs.last_mut() {
                Some(run) if is_open && run.chars().next().is_some_and(|f| kind(f) == kind(c)) => {
                    run.push(c);
                }
                _ => runs.push(c.to_string()),
            }
            is_open = true;
        }
        Self(runs)
    }

    /// The place of the code among those of a form, if it begins like it.
    pub fn place(&self, shape: &str) -> Option<u128> {
        if shape.bytes().all(|kind| kind == b'9') {
            let digits =
                self.0.iter().take_while(|run| run.starts_with(|c: char| c.is_ascii_digit()));
            let digits: String = digits.map(String::as_str).collect();
            return value(digits.get(..shape.len())?);
        }
        let mut rest = shape;
        let mut front = String::new();
        for run in &self.0 {
            let kind = rest.chars().next();
            let Some(kind) = kind else { break };
            let length = rest.chars().take_while(|c| *c == kind).count();
            if run.len() != length || shape_of(run) != rest.get(..length)? {
                return None;
            }
            front.push_str(run);
            rest = rest.get(length..)?;
        }
        if rest.is_empty() { value(&front) } else { None }
    }
}

/// A British code such as SW1A1AA, with the blank before its last three characters.
fn with_blank(code: &str) -> Option<String> {
    if !(5..=7).contains(&code.len()) || !code.bytes().all(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let (front, back) = code.split_at_checked(code.len() - 3)?;
    let area = front.bytes().take_while(u8::is_ascii_uppercase).count();
    let is_british = (1..=2).contains(&area)
        && shape_of(back) == "9aa"
        && front.as_bytes().get(area).is_some_and(u8::is_ascii_digit);
    is_british.then(|| format!("{front} {back}"))
}

/// The form of a code without blanks.
fn shape_of(code: &str) -> String {
    code.chars().map(|c| if c.is_ascii_digit() { '9' } else { 'a' }).collect()
}

fn radix(kind: char) -> u128 {
    if kind == '9' { 10 } else { 26 }
}

/// How many codes of a form there are.
pub fn codes_of(shape: &str) -> u128 {
    shape.chars().map(radix).product()
}

/// The place of a code of digits and capitals among those of its form.
fn value(code: &str) -> Option<u128> {
    if code.is_empty() || code.len() > LENGTH_MAX {
        return None;
    }
    code.chars().try_fold(0, |sum, c| {
        let (radix, digit) = match c {
            '0'..='9' => (10, c as u128 - u128::from(b'0')),
            'A'..='Z' => (26, c as u128 - u128::from(b'A')),
            _ => return None,
        };
        Some(sum * radix + digit)
    })
}

/// The code at a place.
pub fn code(shape: &str, place: u128) -> String {
    let mut rest = place;
    let mut code: Vec<char> = Vec::new();
    for kind in shape.chars().rev() {
        let digit = (rest % radix(kind)) as u8;
        rest /= radix(kind);
        code.push(char::from(digit + if kind == '9' { b'0' } else { b'A' }));
    }
    code.iter().rev().collect()
}

/// The form and the ends of a range such as `80000-89999`, `SW1-SW9` or `80331 to 80999`. `None`
/// for a text that is no range, such as one code with a hyphen in it (00-950).
///
/// # Errors
/// It can only be meant as a range, and is none.
pub fn range(written: &str) -> Result<Option<(String, u128, u128)>, String> {
    let clear = [" to ", "–", "—", "..", " - "];
    let split = clear.iter().find_map(|between| written.split_once(between));
    let (is_clear, (low, high)) = match split {
        Some(ends) => (true, ends),
        None => match written.split_once('-') {
            Some(ends) => (false, ends),
            None => return Ok(None),
        },
    };
    let bare = |end: &str| {
        let letters = end.trim().chars().filter(|c| c.is_ascii_alphanumeric());
        letters.collect::<String>().to_uppercase()
    };
    let (low, high) = (bare(low), bare(high));
    let (form, other) = (shape_of(&low), shape_of(&high));
    let has_digits = form.contains('9') && other.contains('9');
    let has_letters = form.contains('a') || other.contains('a');
    if form != other {
        if is_clear || (has_digits && has_letters) {
            return Err(format!(
                "the ends of the range {written:?} have different forms; write a row for each form, \
                 as in AB1-AB9 and AB10-AB25"
            ));
        }
        return Ok(None);
    }
    let (Some(from), Some(to)) = (value(&low), value(&high)) else {
        return if is_clear {
            Err(format!("{written:?} is no range of postal codes"))
        } else {
            Ok(None)
        };
    };
    if from > to {
        return Err(format!("the range {written:?} is empty; write the smaller code first"));
    }
    Ok(Some((form, from, to)))
}
