//! The text of an API token.
//!
//! Guarantees: `hnd_`, a letter for the role, 32 characters of the machine's randomness (190
//! bits), 6 of a checksum; all of them letters and digits, so that a double click takes the
//! whole. The checksum lets a scanner for leaked secrets tell a token from chance, and a person
//! find a slip of the finger, without asking the daemon.
//! Does not know: where tokens are kept.

use std::fmt;

use sha2::{Digest, Sha256};

/// What every token begins with.
pub const PREFIX: &str = "hnd_";
/// The letter of the one role there is: an operator, who may do everything.
pub const OPERATOR: char = 'o';

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET: usize = 32;
const CHECKSUM: usize = 6;

/// A new token. It has no `Display`; [`Token::expose`] is the one way to its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Token {
    /// A token that nobody has.
    ///
    /// # Errors
    /// The machine has no randomness to give.
    pub fn random() -> anyhow::Result<Self> {
        let mut secret = String::with_capacity(SECRET);
        while secret.len() < SECRET {
            let mut bytes = [0_u8; SECRET];
            getrandom::fill(&mut bytes)
                .map_err(|why| anyhow::anyhow!("the machine gives no random bytes: {why}"))?;
            // 248 is four times 62: what lies above would make some letters likelier.
            let even = bytes.iter().filter(|byte| **byte < 248);
            secret.extend(even.map(|byte| letter(*byte % 62)).take(SECRET - secret.len()));
        }
        let text = format!("{PREFIX}{OPERATOR}{secret}");
        let sum = checksum(&text);
        Ok(Self(text + &sum))
    }

    /// The text, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it: its SHA-256.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// Whether a text is a token as we make them, with the right checksum.
///
/// # Errors
/// A sentence that does not repeat the text.
pub fn check(text: &str) -> Result<(), String> {
    let wrong = |what: &str| {
        Err(format!("HANDOFF_TOKEN {what}; a token is hnd_ and 39 letters and digits"))
    };
    let Some(rest) = text.strip_prefix(PREFIX) else {
        return wrong("does not begin with hnd_");
    };
    if rest.len() != 1 + SECRET + CHECKSUM || !rest.bytes().all(|byte| LETTERS.contains(&byte)) {
        return wrong("has another length or other characters than a token");
    }
    let (body, sum) = text.split_at(text.len() - CHECKSUM);
    if checksum(body) == sum { Ok(()) } else { wrong("has a slip: its checksum does not fit") }
}

/// The first six digits, base 62, of the first eight bytes of the SHA-256 of what stands before.
fn checksum(body: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    let mut rest = digest.iter().take(8).fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    let mut sum = String::with_capacity(CHECKSUM);
    for _ in 0..CHECKSUM {
        sum.push(letter((rest % 62) as u8));
        rest /= 62;
    }
    sum
}

fn letter(number: u8) -> char {
    LETTERS.get(usize::from(number)).map_or('0', |letter| char::from(*letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_token_has_its_form_and_checks_out() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), 4 + 1 + 32 + 6);
        assert!(one.expose().starts_with("hnd_o"));
        assert_eq!(check(one.expose()), Ok(()));
        assert_eq!(format!("{one:?}"), "Token(..)");
    }

    #[test]
    fn the_form_does_not_change_under_tokens_that_are_out() {
        assert_eq!(checksum("hnd_o0123456789ABCDEFGHIJKLMNOPQRSTUV"), "P8PoTk");
    }

    #[test]
    fn a_slip_in_any_place_is_found() {
        let token = Token::random().unwrap();
        for at in PREFIX.len()..token.expose().len() {
            let mut bytes = token.expose().as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            let slipped = String::from_utf8(bytes).unwrap();
            assert!(check(&slipped).is_err(), "{at}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_repeated() {
        let token = Token::random().unwrap();
        for text in ["", "hunter2", "hnd_", "hnd_ohunter2", &token.expose()[..42], "hnd_ö"] {
            let why = check(text).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
        assert!(check(&format!("{}\n", token.expose())).is_err());
    }

    #[test]
    fn letters_are_spread_evenly() {
        let mut counts = [0_u32; 256];
        for _ in 0..400 {
            let token = Token::random().unwrap();
            for byte in token.expose()[5..37].bytes() {
                counts[usize::from(byte)] += 1;
            }
        }
        // 12,800 letters, 206 of each; 120 or 300 is six deviations off.
        for letter in LETTERS {
            let count = counts[usize::from(*letter)];
            assert!((120..300).contains(&count), "{}: {count}", char::from(*letter));
        }
    }
}
