//! Accounts whose names are near to a lead's.
//!
//! Words that many accounts have are passed over as long as the others tell enough: whoever is
//! near enough has one of the rarer words, or one that a slip of the pen made of it, or the same
//! name but for blanks.
//!
//! Guarantees: bounded work, however common the words are; the same mirror and name give the same
//! accounts. A name of which every word stands in more than eight thousand accounts is found only
//! as a whole.
//! Does not know: domains, tie-breakers.

use super::{
    alike::{Alike, Weighed, alike, compare, may_slip, weight},
    mirror::{Mirror, Place, short, with_slips},
    words::{Kind, Word, squeezed, words},
};

/// Accounts of one word that are looked at.
const HAVING_MAX: usize = 8_000;
/// Accounts that are looked at for a name.
const LOOKED_MAX: usize = 16_000;
/// A word of which more accounts have it is passed over when only those that come close, and none
/// that counts, could be found by it.
const ASIDE_MAX: usize = 1_000;
/// Accounts of the same name but for blanks.
const WHOLE_MAX: usize = 1_000;
/// Accounts that are compared letter by letter.
const COMPARED_MAX: usize = 32;
/// Words that a slip may have made of one.
const SLIPS_MAX: usize = 8;

/// A word of the lead's name, and the mirror's words that it may stand for.
struct Meant {
    weight: f64,
    /// Numbers of words, and how alike each is.
    words: Vec<(u32, f64)>,
}

/// The words of a name with what they weigh here.
pub(super) fn weighed(mirror: &Mirror, name: &str) -> Vec<Weighed> {
    let weigh = |word: Word| {
        let weight = weight(word.kind, mirror.count(&word), mirror.len());
        Weighed { word, weight }
    };
    words(name).into_iter().map(weigh).collect()
}

/// The accounts whose names score at least `least`, the nearest first; of those below `min` only
/// what is found without effort.
pub fn near(mirror: &Mirror, name: &str, min: f64, least: f64) -> Vec<(Place, Alike)> {
    let lead = weighed(mirror, name);
    if lead.is_empty() {
        return Vec::new();
    }
    let mut meant: Vec<Meant> = lead.iter().map(|one| meant(mirror, one)).collect();
    meant.sort_by(|one, other| other.weight.total_cmp(&one.weight));
    let mut places = looked_at(mirror, &meant, min, least);
    let only: Vec<Word> = lead.iter().map(|one| one.word.clone()).collect();
    let whole = mirror.whole.get(short(&squeezed(&only))).iter().take(WHOLE_MAX);
    places.extend(whole.clone());
    places.sort_unstable();
    places.dedup();
    let mut rough = rough(mirror, &meant, &places);
    for place in whole {
        if let Some(found) = rough.iter_mut().find(|(_, of)| of == place) {
            found.0 = 1.0;
        }
    }
    rough.retain(|(score, _)| *score >= least - 0.05);
    rough.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    let most = rough.iter().filter(|(score, _)| *score >= 0.999).count().max(COMPARED_MAX);
    let mut compared: Vec<(Place, Alike)> = rough
        .into_iter()
        .take(most)
        .map(|(_, place)| (place, compare(&lead, &weighed(mirror, mirror.name(place)))))
        .filter(|(_, alike)| alike.score >= least)
        .collect();
    compared.sort_by(|(one, a), (other, b)| b.score.total_cmp(&a.score).then(one.cmp(other)));
    compared
}

/// What a word may stand for.
fn meant(mirror: &Mirror, one: &Weighed) -> Meant {
    let own = mirror.number(&one.word.text);
    let mut found: Vec<(u32, f64)> = own.map(|number| (number, 1.0)).into_iter().collect();
    if one.word.kind == Kind::Own && may_slip(&one.word.text) {
        let mut numbers: Vec<u32> = Vec::new();
        with_slips(&one.word.text, |text| numbers.extend(mirror.slips.get(short(text))));
        numbers.sort_unstable();
        numbers.dedup();
        let mut slips: Vec<(u32, f64)> = numbers
            .into_iter()
            .filter(|number| Some(*number) != own)
            .map(|number| {
                let word = Word { text: mirror.word(number).to_owned(), kind: Kind::Own };
                (number, alike(&one.word, &word))
            })
            .filter(|(_, alike)| *alike > 0.0)
            .collect();
        slips.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        slips.truncate(SLIPS_MAX);
        found.extend(slips);
    }
    // A word that nobody has weighs what is meant by it, if that is clear.
    let weight = match (own, found.first()) {
        (None, Some((number, _))) => weight(Kind::Own, mirror.having(*number).len(), mirror.len()),
        _ => one.weight,
    };
    Meant { weight, words: found }
}

/// The accounts that are looked at, in no order: every one that may score `min`, unless its words
/// are too common, and others that may score `least`.
fn looked_at(mirror: &Mirror, meant: &[Meant], min: f64, least: f64) -> Vec<Place> {
    let whole: f64 = meant.iter().map(|one| one.weight).sum();
    // With a share m of the name's weight W in common, a score is at most 2m / (W + m).
    let enough = |score: f64| score * whole / (2.0 - score);
    let (mut rest, mut places) = (whole, Vec::new());
    for one in meant {
        if rest < enough(least) - 1e-9 {
            break;
        }
        let is_needed = rest >= enough(min) - 1e-9;
        let most = if is_needed { HAVING_MAX } else { ASIDE_MAX };
        for (number, _) in &one.words {
            let having = mirror.having(*number);
            if having.len() <= most && places.len() + having.len() <= LOOKED_MAX {
                places.extend_from_slice(having);
            }
        }
        rest -= one.weight;
    }
    places
}

/// A first score of each account, from the lists of words alone. `places` are in order.
fn rough(mirror: &Mirror, meant: &[Meant], places: &[Place]) -> Vec<(f64, Place)> {
    let whole: f64 = meant.iter().map(|one| one.weight).sum();
    let mut rough: Vec<(f64, Place)> = places.iter().map(|place| (0.0, *place)).collect();
    let mut best = vec![0.0_f64; places.len()];
    for one in meant {
        best.fill(0.0);
        for (number, alike) in &one.words {
            let mut having = mirror.having(*number);
            for (place, best) in places.iter().zip(&mut best) {
                having = skip_to(having, *place);
                if having.first() == Some(place) {
                    *best = best.max(*alike);
                }
            }
        }
        for ((score, _), best) in rough.iter_mut().zip(&best) {
            *score += best * one.weight;
        }
    }
    for (score, place) in &mut rough {
        let own = mirror.rows.get(*place as usize).map_or(0.0, |row| f64::from(row.weight));
        *score = (2.0 * *score / (whole + own)).min(1.0);
    }
    rough
}

/// The rest of a sorted list from this place on: in steps that double, then halve.
fn skip_to(list: &[Place], place: Place) -> &[Place] {
    let mut step = 1;
    while list.get(step).is_some_and(|next| *next < place) {
        step *= 2;
    }
    let within = list.get(step / 2..list.len().min(step + 1)).unwrap_or_default();
    let at = step / 2 + within.partition_point(|next| *next < place);
    list.get(at..).unwrap_or_default()
}
