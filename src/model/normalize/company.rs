//! What two ways of writing a company's name have in common.
//!
//! Guarantees: a key is folded words with single blanks; legal forms at its end (and the Chinese
//! and Japanese ones at either) do not count, unless nothing else is there. Does not know: whether
//! two companies of one key are one; that needs the domain or a person.

use crate::model::text::fold;

/// No register takes a longer name.
const LONGEST: usize = 300;

/// Legal forms as they stand at the end of a name, folded, dots gone.
const FORMS: [&str; 106] = [
    "gmbh and co kgaa",
    "gmbh and co kg",
    "gmbh and co ohg",
    "ag and co kgaa",
    "ag and co kg",
    "se and co kgaa",
    "se and co kg",
    "ug haftungsbeschrankt and co kg",
    "gesellschaft mit beschrankter haftung",
    "aktiengesellschaft",
    "ug haftungsbeschrankt",
    "haftungsbeschrankt",
    "and co kg",
    "ggmbh",
    "gmbh",
    "mbh",
    "kgaa",
    "kg",
    "ohg",
    "gbr",
    "ag",
    "ug",
    "se",
    "eg",
    "ev",
    "ek",
    "sarl",
    "sagl",
    "sas",
    "sasu",
    "eurl",
    "societe anonyme",
    "sa de cv",
    "sapi de cv",
    "s de rl de cv",
    "s de rl",
    "sab de cv",
    "sa",
    "snc",
    "scs",
    "sca",
    "spa",
    "srl",
    "srls",
    "sl",
    "slu",
    "sociedad limitada",
    "sociedad anonima",
    "ltda",
    "lda",
    "limitada",
    "eireli",
    "me",
    "bv",
    "nv",
    "vof",
    "cv",
    "bvba",
    "besloten vennootschap",
    "sprl",
    "limited liability company",
    "limited",
    "ltd",
    "private limited",
    "pvt ltd",
    "pte ltd",
    "pty ltd",
    "pty",
    "pvt",
    "pte",
    "co ltd",
    "sdn bhd",
    "bhd",
    "tbk",
    "llc",
    "llp",
    "lllp",
    "lp",
    "plc",
    "pllc",
    "pc",
    "incorporated",
    "inc",
    "corporation",
    "corp",
    "company",
    "co",
    "dac",
    "clg",
    "ulc",
    "aps",
    "as",
    "asa",
    "ab",
    "oy",
    "oyj",
    "ehf",
    "hf",
    "sro",
    "spol s ro",
    "kft",
    "zrt",
    "sp z oo",
    "spzoo",
    "doo",
    "ood",
];

/// Forms that are written without blanks before or after the name.
const ATTACHED: [&str; 10] = [
    "株式会社",
    "有限会社",
    "合同会社",
    "(株)",
    "股份有限公司",
    "有限责任公司",
    "有限公司",
    "주식회사",
    "(주)",
    "유한회사",
];

/// The key of a company's name: `The Müller & Söhne GmbH & Co. KG` and `Muller and Sohne` are both
/// `muller and sohne`. `None` if no letter or digit is left.
#[must_use]
pub fn company_key(text: &str) -> Option<String> {
    let start: String = text.chars().take(LONGEST).collect();
    let folded = fold(&start);
    let bare = ATTACHED.iter().fold(folded.clone(), |name, form| name.replace(form, " "));
    let mut key = words(&bare);
    if key.is_empty() {
        key = words(&folded);
    }
    if key.starts_with("the ") {
        key.drain(.."the ".len());
    }
    while let Some(shorter) = without_form(&key) {
        key.truncate(shorter);
    }
    (!key.is_empty()).then_some(key)
}

/// Words with single blanks. Dots, apostrophes and the slash of `A/S` join what they part.
fn words(folded: &str) -> String {
    let mut line = String::with_capacity(folded.len());
    for letter in folded.chars() {
        match letter {
            '.' | '\'' | '’' | '`' | '´' => {}
            '&' | '+' => line.push_str(" and "),
            _ if letter.is_alphanumeric() => line.push(letter),
            _ => line.push(' '),
        }
    }
    let mut words: Vec<&str> = line.split_whitespace().collect();
    // "A/S", "S A", "B V": single letters at the end are one legal form.
    let letters = words.iter().rev().take_while(|word| word.chars().count() == 1).count();
    let joined = words.split_off(words.len() - letters).concat();
    if !joined.is_empty() {
        words.push(&joined);
    }
    words.join(" ")
}

/// How much of the key stands before the longest legal form at its end, if anything does.
fn without_form(key: &str) -> Option<usize> {
    FORMS
        .iter()
        .filter_map(|form| key.strip_suffix(form)?.strip_suffix(' '))
        .map(|name| name.strip_suffix(" and").unwrap_or(name))
        .map(str::len)
        .filter(|length| *length > 0)
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_company_have_one_key() {
        for (text, want) in [
            ("Acme GmbH", "acme"),
            ("ACME, Inc.", "acme"),
            ("Acme Ltd", "acme"),
            ("The Acme Company, LLC", "acme"),
            ("Müller & Söhne GmbH & Co. KG", "muller and sohne"),
            ("Muller and Sohne", "muller and sohne"),
            ("Linden B.V.", "linden"),
            ("Linden S.A.S.", "linden"),
            ("Linden s.r.o.", "linden"),
            ("Linden S. r. o.", "linden"),
            ("Linden spol. s r.o.", "linden"),
            ("Linden A/S", "linden"),
            ("Linden Sp. z o.o.", "linden"),
            ("Linden S.A. de C.V.", "linden"),
            ("Linden Pty. Ltd.", "linden"),
            ("Linden UG (haftungsbeschränkt)", "linden"),
            ("株式会社リンデン", "リンデン"),
            ("O'Hara  Consulting", "ohara consulting"),
            ("AG", "ag"),
            ("The Company", "company"),
            ("Co", "co"),
            ("3M", "3m"),
            ("株式会社", "株式会社"),
        ] {
            assert_eq!(company_key(text).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn forms_inside_a_name_belong_to_it() {
        for text in ["AG Barr", "Coca Cola", "Inc Studio", "Inca", "Sagl Partner"] {
            assert_eq!(company_key(text), Some(text.to_lowercase()), "{text}");
        }
    }

    #[test]
    fn nothing_has_no_key_and_a_book_has_a_bounded_one() {
        for text in ["", " ", "--", "...", "\u{202e}"] {
            assert_eq!(company_key(text), None, "{text:?}");
        }
        assert!(company_key(&"a ".repeat(1_000_000)).unwrap().len() <= LONGEST);
    }
}
