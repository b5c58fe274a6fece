//! The story: who fills in which form when, and what goes wrong on the way.
//!
//! Guarantees: the same pace tells the same story; every fill counts once, while duplicates and
//! forgeries come on top. Does not know: what becomes of any of it.

use super::{
    cast::Cast,
    forms::{Asks, Delivery, Tool},
};
use crate::model::{id::digest, time::Span};

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scene {
    /// Somebody fills in a form.
    Fill(Delivery),
    /// A form tool delivers the same thing again.
    Duplicate(Delivery),
    /// A stranger posts what is not signed rightly.
    Forgery(Delivery),
    /// Somebody of sales falls ill, or is back.
    Ill(&'static str),
    Well(&'static str),
    /// A person gives the lead with this address to somebody else in the CRM.
    Moved {
        email: String,
    },
    /// The CRM goes down, or comes back.
    Down,
    Up,
}

/// So many fills make one round of incidents.
const ROUND: usize = 40;
/// Who falls ill.
const PATIENT: &str = "emmy";
/// The fill of the first round to which nobody reacts until somebody is paged.
const FORGOTTEN: usize = 4;

/// The scenes, one after the other, for as long as they are asked for.
#[derive(Debug)]
pub struct Script {
    cast: Cast,
    gap: Span,
    fills: usize,
    people: usize,
    /// Through which tool this round's fills came and whose they were, and the round before it.
    sent: Vec<(Tool, usize)>,
    before: Vec<(Tool, usize)>,
    /// What comes before the next fill.
    extras: Vec<Scene>,
}

impl Script {
    /// With `gap` between two fills on average.
    #[must_use]
    pub fn new(gap: Span) -> Self {
        let (sent, before, extras) = (Vec::new(), Vec::new(), Vec::new());
        Self { cast: Cast::read(), gap, fills: 0, people: 0, sent, before, extras }
    }

    /// The address of the one whom everybody forgets.
    #[must_use]
    pub fn forgotten() -> String {
        Cast::read().person(FORGOTTEN).email
    }

    /// How many fills were told so far.
    #[must_use]
    pub fn fills(&self) -> usize {
        self.fills
    }

    /// The next scene, and how long after the one before.
    pub fn next(&mut self) -> (Span, Scene) {
        let drawn = digest(&[b"gap", &self.fills.to_be_bytes()]);
        let share = i64::from(drawn.first().copied().unwrap_or(128));
        if let Some(extra) = self.extras.pop() {
            return (Span(self.gap.0 / 4), extra);
        }
        let scene = Scene::Fill(self.fill());
        // From 0.4 to 1.6 of the gap.
        (Span(self.gap.0 * (102 + share * 12 / 10) / 256), scene)
    }

    fn fill(&mut self) -> Delivery {
        let (number, place) = (self.fills, self.fills % ROUND);
        self.fills += 1;
        let (delivery, who) = match place {
            7 => (self.nobody(number), None),
            // The same person again, some time later.
            19 => {
                let who = self.sent.get(3).map_or(0, |(_, who)| *who);
                (Tool::Website.fill(&self.cast.person(who), Asks::Ebook, number), None)
            }
            // And somebody who read an ebook and now wants more.
            24 => {
                let mut readers = self.before.iter().chain(&self.sent);
                let reader = readers.find(|(tool, _)| *tool == Tool::Hubspot);
                let who = reader.map_or(0, |(_, who)| *who);
                (Tool::Typeform.fill(&self.cast.person(who), Asks::Demo, number), None)
            }
            _ => self.somebody(number),
        };
        if place == 0 {
            self.before = std::mem::take(&mut self.sent);
        }
        let email = who.map(|who| self.cast.person(who).email);
        self.sent.push((delivery.tool, who.unwrap_or(0)));
        self.extras = match place {
            5 => vec![Scene::Forgery(Tool::Website.fill(
                &self.cast.person(number * 7 + 3),
                Asks::Contact,
                900_000 + number,
            ))],
            10 => vec![Scene::Duplicate(delivery.clone())],
            14 if number % (2 * ROUND) < ROUND => vec![Scene::Ill(PATIENT)],
            14 => vec![Scene::Well(PATIENT)],
            21 => email.map(|email| Scene::Moved { email }).into_iter().collect(),
            28 => vec![Scene::Down],
            33 => vec![Scene::Up],
            _ => Vec::new(),
        };
        delivery
    }

    fn somebody(&mut self, number: usize) -> (Delivery, Option<usize>) {
        let who = self.people;
        self.people += 1;
        let person = self.cast.person(who);
        let tool = Tool::named(&person.tool);
        let asks = match person.domain.as_str() {
            "mailbox.example" => Asks::Ebook,
            "freepost.example" => Asks::Newsletter,
            _ => tool.asks(),
        };
        (tool.fill(&person, asks, number), Some(who))
    }

    /// Somebody who leaves no way to be reached.
    fn nobody(&self, number: usize) -> Delivery {
        let mut person = self.cast.person(number);
        "call me maybe".clone_into(&mut person.email);
        Tool::Website.fill(&person, Asks::Contact, number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenes(fills: usize) -> Vec<(Span, Scene)> {
        let mut script = Script::new(Span::minutes(1));
        let mut scenes = Vec::new();
        while script.fills() < fills || !script.extras.is_empty() {
            scenes.push(script.next());
        }
        scenes
    }

    #[test]
    fn the_same_pace_tells_the_same_story_with_everything_in_it() {
        let story = scenes(ROUND);
        assert_eq!(story, scenes(ROUND));
        let count = |what: fn(&Scene) -> bool| story.iter().filter(|(_, one)| what(one)).count();
        assert_eq!(count(|one| matches!(one, Scene::Fill(_))), ROUND);
        assert_eq!(count(|one| matches!(one, Scene::Duplicate(_))), 1);
        assert_eq!(count(|one| matches!(one, Scene::Forgery(_))), 1);
        assert_eq!(count(|one| matches!(one, Scene::Ill(_))), 1);
        assert_eq!(count(|one| matches!(one, Scene::Moved { .. })), 1);
        assert_eq!(count(|one| matches!(one, Scene::Down | Scene::Up)), 2);
        let tools = Tool::ALL.iter().filter(|tool| {
            story.iter().any(|(_, one)| matches!(one, Scene::Fill(fill) if fill.tool == **tool))
        });
        assert_eq!(tools.count(), 4);
    }

    #[test]
    fn a_fill_takes_a_gap_on_average() {
        let story = scenes(10 * ROUND);
        let total: i64 = story.iter().map(|(gap, _)| gap.0).sum();
        let average = total / i64::try_from(10 * ROUND).unwrap();
        assert!((48_000..72_000).contains(&average), "{average} ms");
    }

    #[test]
    fn no_two_deliveries_share_an_id_but_duplicates() {
        let mut ids = std::collections::BTreeSet::new();
        for (_, scene) in scenes(5 * ROUND) {
            if let Scene::Fill(fill) | Scene::Forgery(fill) = scene {
                assert!(ids.insert(fill.id.clone()), "{}", fill.id);
            }
        }
    }
}
