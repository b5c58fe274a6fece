//! Folding: what two spellings of a name have in common.
//!
//! Guarantees: `fold(fold(t)) == fold(t)`; ASCII stays ASCII. Does not know: languages. "Müller"
//! folds to "muller", never to "mueller"; letters of other scripts keep their identity.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A base letter and the lower-case letters that are it with marks, or are written by it.
const MARKED: [(&str, &str); 34] = [
    ("a", "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ"),
    ("b", "ḃḅḇ"),
    ("c", "çćĉċčḉ"),
    ("d", "ďḋḍḏḑḓđð"),
    ("e", "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệəɛ"),
    ("f", "ḟ"),
    ("g", "ĝğġģǧǵḡ"),
    ("h", "ĥȟḣḥḧḩḫẖħ"),
    ("i", "ìíîïĩīĭįǐȉȋḭḯỉịı"),
    ("j", "ĵǰ"),
    ("k", "ķǩḱḳḵ"),
    ("l", "ĺļľḷḹḻḽłŀ"),
    ("m", "ḿṁṃ"),
    ("n", "ñńņňǹṅṇṉṋŋ"),
    ("o", "òóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợøǿ"),
    ("p", "ṕṗ"),
    ("r", "ŕŗřȑȓṙṛṝṟ"),
    ("s", "śŝşšșṡṣṥṧṩſẛ"),
    ("t", "ţťțṫṭṯṱẗŧ"),
    ("u", "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự"),
    ("v", "ṽṿ"),
    ("w", "ŵẁẃẅẇẉẘ"),
    ("x", "ẋẍ"),
    ("y", "ýÿŷȳẏẙỳỵỷỹ"),
    ("z", "źżžẑẓẕ"),
    ("ss", "ß"),
    ("ae", "æǣǽ"),
    ("oe", "œ"),
    ("th", "þ"),
    ("α", "ά"),
    ("ε", "έ"),
    ("η", "ή"),
    ("ι", "ίΐϊ"),
    ("σ", "ς"),
];

static FOLDS: LazyLock<HashMap<char, &'static str>> = LazyLock::new(|| {
    let more = [("ο", "ό"), ("υ", "ύϋΰ"), ("ω", "ώ")];
    MARKED
        .iter()
        .chain(&more)
        .flat_map(|(base, marked)| marked.chars().map(move |letter| (letter, *base)))
        .collect()
});

/// Lower case without diacritics, full-width letters made plain, flags made their two letters.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().map(narrow).flat_map(char::to_lowercase) {
        match letter {
            '\0'..='\u{7f}' => folded.push(letter),
            // Marks that stand on their own after the letter, and letters that are only marks.
            '\u{300}'..='\u{36f}' | '\u{2b0}'..='\u{2ff}' => {}
            _ => match FOLDS.get(&letter) {
                Some(base) => folded.push_str(base),
                None => folded.push(letter),
            },
        }
    }
    folded
}

/// A full-width letter or a flag's half as the ASCII letter that it stands for.
fn narrow(letter: char) -> char {
    let code = u32::from(letter);
    let plain = match code {
        0xff01..=0xff5e => code - 0xff01 + u32::from('!'),
        0x1f1e6..=0x1f1ff => code - 0x1f1e6 + u32::from('a'),
        _ => code,
    };
    char::from_u32(plain).unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_a_name_fold_to_one() {
        for (text, want) in [
            ("Müller", "muller"),
            ("Mu\u{308}ller", "muller"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("Łódź", "lodz"),
            ("Việt Nam", "viet nam"),
            ("İstanbul", "istanbul"),
            ("Ελλάς", "ελλασ"),
            ("ΕΛΛΑΣ", "ελλασ"),
            ("Ａｃｍｅ", "acme"),
            ("🇩🇪", "de"),
            ("日本", "日本"),
        ] {
            assert_eq!(fold(text), want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing_more(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
