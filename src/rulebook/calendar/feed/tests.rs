//! Feeds as calendars really write them.

use proptest::prelude::*;

use super::*;

fn instant(text: &str) -> Time {
    Time(text.parse::<Timestamp>().unwrap().as_millisecond())
}

/// The week from Monday 2026-07-06, in London.
fn week(events: &str) -> Feed {
    let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n");
    let (from, until) = (instant("2026-07-05T23:00:00Z"), instant("2026-07-12T23:00:00Z"));
    absences(&text, Some("Europe/London"), from, until).unwrap()
}

fn event(lines: &[&str]) -> String {
    format!("BEGIN:VEVENT\r\nUID:1\r\n{}\r\nEND:VEVENT\r\n", lines.join("\r\n"))
}

fn said(feed: &Feed) -> Vec<(Absence, String, String)> {
    let until = |away: &Away| away.until.unwrap().rfc3339();
    feed.away.iter().map(|one| (one.absence, one.from.rfc3339(), until(one))).collect()
}

fn one(absence: Absence, from: &str, until: &str) -> Vec<(Absence, String, String)> {
    vec![(absence, instant(from).rfc3339(), instant(until).rfc3339())]
}

#[test]
fn what_is_out_or_busy_is_an_absence_and_what_is_free_is_none() {
    const NINE: &str = "DTSTART;TZID=Europe/London:20260706T090000";
    const TEN: &str = "DTEND;TZID=Europe/London:20260706T100000";
    let busy = one(Absence::Paused, "2026-07-06T08:00:00Z", "2026-07-06T09:00:00Z");
    let out = one(Absence::Out, "2026-07-06T08:00:00Z", "2026-07-06T09:00:00Z");
    for (lines, want) in [
        (vec![NINE, TEN], busy.clone()),
        (vec![NINE, "DURATION:PT1H"], busy.clone()),
        (vec!["DTSTART:20260706T080000Z", "DTEND:20260706T090000Z"], busy.clone()),
        (vec!["DTSTART:20260706T090000", "DTEND:20260706T100000"], busy.clone()),
        (vec![NINE, TEN, "X-MICROSOFT-CDO-BUSYSTATUS:OOF"], out.clone()),
        (vec![NINE, TEN, "SUMMARY:Out of office"], out),
        (vec![NINE, TEN, "TRANSP:TRANSPARENT"], Vec::new()),
        (vec![NINE, TEN, "STATUS:CANCELLED"], Vec::new()),
        (vec![NINE, TEN, "STATUS:TENTATIVE"], Vec::new()),
        (vec![NINE, TEN, "X-MICROSOFT-CDO-BUSYSTATUS:FREE"], Vec::new()),
        (vec!["DTSTART;TZID=GMT Standard Time:20260706T090000", "DURATION:PT1H"], busy),
        (
            vec!["DTSTART;VALUE=DATE:20260707", "DTEND;VALUE=DATE:20260709"],
            one(Absence::Out, "2026-07-06T23:00:00Z", "2026-07-08T23:00:00Z"),
        ),
    ] {
        let feed = week(&event(&lines));
        assert_eq!(said(&feed), want, "{lines:?}");
        assert_eq!(feed.unread, 0, "{lines:?}");
    }
}

#[test]
fn a_series_comes_again_without_what_was_taken_out_or_moved() {
    let series = event(&[
        "DTSTART;TZID=Europe/London:20260601T090000",
        "DTEND;TZID=Europe/London:20260601T093000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE",
        "EXDATE;TZID=Europe/London:20260707T090000",
    ]);
    let moved = event(&[
        "RECURRENCE-ID;TZID=Europe/London:20260708T090000",
        "DTSTART;TZID=Europe/London:20260708T150000",
        "DTEND;TZID=Europe/London:20260708T153000",
    ]);
    let feed = week(&format!("{series}{moved}"));
    let starts: Vec<String> = feed.away.iter().map(|one| one.from.rfc3339()).collect();
    let want = ["2026-07-06T08:00:00Z", "2026-07-08T14:00:00Z"].map(|at| instant(at).rfc3339());
    assert_eq!(starts, want);
}

#[test]
fn a_series_keeps_its_hour_when_the_clock_changes() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;TZID=Europe/London:20260301T090000\n\
                DURATION:PT1H\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n";
    let (from, until) = (instant("2026-03-28T00:00:00Z"), instant("2026-03-30T00:00:00Z"));
    let feed = absences(text, None, from, until).unwrap();
    let starts: Vec<String> = feed.away.iter().map(|one| one.from.rfc3339()).collect();
    let want = ["2026-03-28T09:00:00Z", "2026-03-29T08:00:00Z"].map(|at| instant(at).rfc3339());
    assert_eq!(starts, want);
}

#[test]
fn what_overlaps_is_joined_and_the_kinds_stay_apart() {
    let at = |from: &str, to: &str, more: &str| {
        event(&[&format!("DTSTART:20260706T{from}00Z"), &format!("DTEND:20260706T{to}00Z"), more])
    };
    let feed = week(&format!(
        "{}{}{}",
        at("0800", "0900", "CLASS:PUBLIC"),
        at("0830", "1000", "CLASS:PUBLIC"),
        at("0945", "1200", "X-MICROSOFT-CDO-BUSYSTATUS:OOF")
    ));
    let kinds: Vec<Absence> = feed.away.iter().map(|one| one.absence).collect();
    assert_eq!(kinds, [Absence::Paused, Absence::Out]);
    assert_eq!(feed.away[0].until, Some(instant("2026-07-06T10:00:00Z")));
}

#[test]
fn free_busy_feeds_are_read_too() {
    let text = "BEGIN:VFREEBUSY\r\n\
        FREEBUSY;FBTYPE=BUSY:20260706T080000Z/PT1H,20260707T080000Z/20260707T090000Z\r\n\
        FREEBUSY;FBTYPE=FREE:20260708T080000Z/PT1H\r\n\
        FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260709T080000Z/PT1H\r\nEND:VFREEBUSY\r\n";
    let kinds: Vec<Absence> = week(text).away.iter().map(|one| one.absence).collect();
    assert_eq!(kinds, [Absence::Paused, Absence::Paused, Absence::Out]);
}

#[test]
fn what_cannot_be_read_is_counted_and_hurts_nothing_else() {
    let good = event(&["DTSTART:20260706T080000Z", "DURATION:PT1H"]);
    for bad in [
        vec!["DTSTART:soon"],
        vec!["DTSTART:20260706T080000Z", "RRULE:FREQ=SECONDLY"],
        vec!["DTSTART;TZID=Nowhere/At all:20260706T080000", "DURATION:PT1H"],
        vec!["DTSTART:20260706T080000Z", "DURATION:PT1H", "RDATE:20260707T080000Z"],
        vec!["DTSTART:20260706T080000Z", "DURATION:forever"],
    ] {
        let feed = week(&format!("{}{good}", event(&bad)));
        assert_eq!((feed.unread, feed.away.len()), (1, 1), "{bad:?}");
    }
    let nothing = absences("<html>sign in</html>", None, Time(0), Time(1)).unwrap_err();
    assert!(nothing.contains("no calendar"));
    assert!(absences("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", None, Time(0), Time(1)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_feed_makes_it_panic(lines in proptest::collection::vec(
        prop_oneof![
            Just("BEGIN:VCALENDAR".to_owned()), Just("END:VCALENDAR".to_owned()),
            Just("BEGIN:VEVENT".to_owned()), Just("END:VEVENT".to_owned()),
            "(DTSTART|DTEND|EXDATE|RECURRENCE-ID)(;TZID=[A-Z/]{1,9})?:[0-9]{8}(T[0-9]{6}Z?)?",
            "RRULE:FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY);(COUNT|INTERVAL|BYMONTHDAY|BYDAY)=[-0-9A-Z]{1,6}",
            "DURATION:P[0-9]{1,12}[DWTHMS]", "FREEBUSY:[0-9TZ/P]{1,40}", "[A-Z;:=]{0,20}",
        ], 0..25)) {
        let _ = absences(&lines.join("\n"), Some("Europe/London"), Time(0), Time(80_000_000_000));
    }
}
