//! Instants as people type them.
//!
//! Guarantees: what has no zone is in the reader's own; an instant that the clocks skip or repeat
//! is taken as calendars do (the later or the first one). Does not know: what they are for.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time as TimeOfDay},
    tz::TimeZone,
};

use crate::model::time::Time;

/// Reads `2026-03-02T14:05:00Z`, `2026-03-02 14:05`, `2026-03-02` (its first minute) or `14:05`
/// (today).
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse(text: &str, now: Time, zone: &TimeZone) -> Result<Time, String> {
    let text = text.trim();
    let wrong = || {
        format!(
            "{text:?} is no time: write 14:05 (today), \"2026-03-02 14:05\", 2026-03-02, or with \
             a zone as in 2026-03-02T14:05:00Z"
        )
    };
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Time(at.as_millisecond()));
    }
    // The library reads the time out of a whole date and time too, so the form decides first.
    let civil = match (text.contains('-'), text.contains(':')) {
        (true, true) => text.parse::<DateTime>().map_err(|_| wrong())?,
        (true, false) => {
            text.parse::<Date>().map_err(|_| wrong())?.to_datetime(TimeOfDay::midnight())
        }
        (false, true) => {
            let of_day = text.parse::<TimeOfDay>().map_err(|_| wrong())?;
            let today = Timestamp::from_millisecond(now.0).map_err(|_| wrong())?;
            today.to_zoned(zone.clone()).date().to_datetime(of_day)
        }
        (false, false) => return Err(wrong()),
    };
    let at = zone.to_ambiguous_zoned(civil).compatible().map_err(|_| wrong())?;
    Ok(Time(at.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-02 11:00 in London.
    const NOW: Time = Time(1_772_449_200_000);

    #[test]
    fn times_are_read_as_people_type_them() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (text, expected) in [
            ("2026-03-02T14:05:00Z", "2026-03-02T14:05:00.000Z"),
            ("2026-03-02T14:05:00+01:00", "2026-03-02T13:05:00.000Z"),
            ("2026-03-02 14:05", "2026-03-02T13:05:00.000Z"),
            ("2026-03-02T14:05", "2026-03-02T13:05:00.000Z"),
            ("2026-03-02", "2026-03-01T23:00:00.000Z"),
            (" 14:05 ", "2026-03-02T13:05:00.000Z"),
            ("2026-03-29 02:30", "2026-03-29T01:30:00.000Z"),
        ] {
            let at = parse(text, NOW, &berlin).unwrap();
            assert_eq!(at.rfc3339(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_advice() {
        for text in ["", "soon", "25:00", "2026-13-01", "2h", "2026-02-30 10:00", "10"] {
            let why = parse(text, NOW, &TimeZone::UTC).unwrap_err();
            assert!(why.contains("write 14:05"), "{text}: {why}");
        }
    }
}
