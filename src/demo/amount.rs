//! Amounts for a glance: numbers of things, spans of the demo's clock and of this machine's.
//!
//! Guarantees: short, with a unit. Does not know: what is counted.

use crate::model::time::Span;

/// A number of things.
#[must_use]
pub fn count(number: impl Into<i64>, one: &str, many: &str) -> String {
    match number.into() {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}

/// A span of the demo's clock for a glance: `40 s`, `2.5 min`, `3.1 h`.
#[must_use]
pub fn minutes(span: Span) -> String {
    let seconds = span.0.max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..5_400 => format!("{:.1} min", seconds as f64 / 60.0),
        _ => format!("{:.1} h", seconds as f64 / 3600.0),
    }
}

/// A span of this machine's time for a glance: `40 ms`, `1.2 s`.
#[must_use]
pub fn millis(span: Span) -> String {
    match span.0.max(0) {
        ms @ 0..1000 => format!("{ms} ms"),
        ms => format!("{:.1} s", ms as f64 / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_a_unit_that_fits() {
        for (ms, long, short) in [
            (-5, "0 s", "0 ms"),
            (999, "0 s", "999 ms"),
            (59_999, "59 s", "60.0 s"),
            (150_000, "2.5 min", "150.0 s"),
            (7_200_000, "2.0 h", "7200.0 s"),
        ] {
            assert_eq!((minutes(Span(ms)).as_str(), millis(Span(ms)).as_str()), (long, short));
        }
        assert_eq!(
            (count(1, "page", "pages"), count(0, "page", "pages")),
            ("1 page".into(), "0 pages".into())
        );
    }
}
