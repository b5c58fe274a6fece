//! What holds, at each limit and one past it.

use super::*;

const NOW: Time = Time(1_767_268_800_000);

fn well() -> Vitals {
    Vitals {
        books: Some(Books::default()),
        recounted: Some(None),
        departed: Some(BTreeMap::new()),
        replayed: Some(None),
        ..Vitals::default()
    }
}

#[test]
fn who_has_left_and_is_named_and_a_calendar_that_is_not_read_are_worth_an_alert() {
    let says = "no longer with us, and named by pool inbound".to_owned();
    let vitals = Vitals {
        departed: Some([("alan".to_owned(), says)].into()),
        calendars: [("ada".to_owned(), (Span::hours(3), "status 404".to_owned()))].into(),
        ..well()
    };
    let judged = judge(&vitals, &Limits::default(), NOW);
    let said: Vec<&str> = judged.holds.values().map(String::as_str).collect();
    let want = ["no longer with us, and named by pool inbound", "not read for 3h: status 404"];
    assert_eq!(said, want);
    let blind = judge(&Vitals { departed: None, ..well() }, &Limits::default(), NOW);
    assert!(blind.unknown.contains(&Alert::DepartedOwner));
}

fn of(books: Books) -> Vitals {
    Vitals { books: Some(books), ..well() }
}

fn source(source: Source) -> Vitals {
    Vitals { sources: [("website".to_owned(), source)].into(), ..well() }
}

const QUIET: Source = Source { refused: Health::Well, silent_for: None, old_secret: Health::Well };

fn check(vitals: &Vitals, want: &[(Alert, &str, &str)]) {
    let limits =
        Limits { silent: [("website".to_owned(), Span::hours(12))].into(), ..Limits::default() };
    let judged = judge(vitals, &limits, NOW);
    let found: Vec<(Alert, &str, &str)> = judged
        .holds
        .iter()
        .map(|(key, says)| (key.alert, key.subject.as_str(), says.as_str()))
        .collect();
    assert_eq!(found, want);
}

#[test]
fn who_is_well_raises_nothing_and_leaves_nothing_open() {
    check(&well(), &[]);
    assert_eq!(judge(&well(), &Limits::default(), NOW), Judged::default());
}

#[test]
fn each_limit_holds_at_the_limit_and_one_past_it() {
    let late = |lane: &str, span: Span| {
        of(Books { late: [(lane.to_owned(), span)].into(), ..Books::default() })
    };
    let one = Span(1);
    let past = |span: Span| Span(span.0 + one.0);
    let limits = Limits::default();
    check(&late("write:hubspot", limits.jobs_late), &[]);
    check(
        &late("write:hubspot", past(limits.jobs_late)),
        &[(Alert::JobsLate, "write:hubspot", "the oldest due job is 15m late")],
    );
    check(&late("review", limits.reviews_late), &[]);
    check(&late("review", past(limits.reviews_late)), &[(Alert::ReviewsLate, "", "by up to 5m")]);
    let decided = Vitals { review_late: Span::minutes(61), ..well() };
    check(&decided, &[(Alert::ReviewsLate, "", "by up to 1h1m")]);
    let stuck =
        |span: Span| of(Books { oldest_underway: Some(NOW.minus(span)), ..Books::default() });
    check(&stuck(limits.stuck), &[]);
    let says = "the oldest fill waits for its decision for 15m";
    check(&stuck(past(limits.stuck)), &[(Alert::LeadStuck, "", says)]);
    let unfilled = |fills: i64| {
        of(Books { unfilled: [("website/company".to_owned(), fills)].into(), ..Books::default() })
    };
    check(&unfilled(UNFILLED - 1), &[]);
    let says = "empty in the last 16 fills";
    check(&unfilled(UNFILLED), &[(Alert::MappedFieldUnfilled, "website/company", says)]);
    let free = |free: u64| Vitals { free: Some(free), ..well() };
    check(&free(limits.disk_free), &[]);
    let says = "1023 MiB free, 1024 MiB wanted";
    check(&free(limits.disk_free - 1), &[(Alert::DiskNearlyFull, "", says)]);
    let bloat = |oldest: Span, dead_rows: i64| Vitals {
        bloat: Some(Bloat { dead_rows, oldest }),
        ..well()
    };
    check(&bloat(limits.transaction, limits.dead_rows), &[]);
    let says = "a transaction has been open for 5m";
    check(&bloat(past(limits.transaction), 0), &[(Alert::StoreBloated, "", says)]);
    let says = "2000001 dead rows lie uncleared";
    check(&bloat(Span::ZERO, limits.dead_rows + 1), &[(Alert::StoreBloated, "", says)]);
    let silent = |span: Span| source(Source { silent_for: Some(span), ..QUIET });
    check(&silent(Span::hours(12)), &[]);
    let says = "nothing that verified for 12h";
    check(&silent(past(Span::hours(12))), &[(Alert::SourceSilent, "website", says)]);
}

#[test]
fn what_is_ill_is_said_in_numbers() {
    let ill = |count| Health::Ill(Span::minutes(6), count);
    let by = |name: &str, health| [(name.to_owned(), health)].into();
    check(
        &Vitals {
            books: Some(Books {
                wrong: Some("accepted: 3 in the books, 2 there".into()),
                dead_events: 1,
                given_up: [("write:hubspot".to_owned(), 3), ("tell:email".to_owned(), 0)].into(),
                ..Books::default()
            }),
            crms: by("hubspot", ill(0)),
            channels: by("alerts", ill(4)),
            sources: [(
                "website".to_owned(),
                Source { refused: ill(7), silent_for: None, old_secret: ill(1) },
            )]
            .into(),
            failing: Some(ill(1)),
            rulebook: Some("2 mistakes".into()),
            ..well()
        },
        &[
            (Alert::BooksDoNotBalance, "", "accepted: 3 in the books, 2 there"),
            (Alert::EventDead, "", "1 event of the last 24 hours"),
            (Alert::JobDead, "write:hubspot", "3 jobs given up"),
            (Alert::DestinationHeld, "hubspot", "not called as usual for 6m"),
            (Alert::ChannelFailing, "alerts", "4 tries for 6m, none got through"),
            (Alert::SourceRefused, "website", "7 deliveries refused in 6m, none verified"),
            (Alert::No2xx, "", "1 delivery answered 5xx in 6m, none taken"),
            (Alert::RulebookRefused, "", "2 mistakes"),
            (Alert::OldSecretUsed, "website", "an old secret is in use for 6m"),
        ],
    );
}

#[test]
fn what_cannot_be_read_is_unknown_and_not_well() {
    let judged = judge(&Vitals { books: None, ..well() }, &Limits::default(), NOW);
    for alert in OF_BOOKS {
        assert!(judged.is_unknown(&Key::new(alert, "any")), "{alert:?}");
    }
    assert!(!judged.is_unknown(&Key::new(Alert::DiskNearlyFull, "")));
    let judged = judge(&Vitals { recounted: None, ..well() }, &Limits::default(), NOW);
    assert!(judged.is_unknown(&Key::new(Alert::BooksDoNotBalance, "")), "not counted yet");
    let crms = [("hubspot".to_owned(), Health::Unknown)].into();
    let judged = judge(&Vitals { crms, ..well() }, &Limits::default(), NOW);
    assert!(judged.is_unknown(&Key::new(Alert::DestinationHeld, "hubspot")));
    assert!(!judged.is_unknown(&Key::new(Alert::DestinationHeld, "salesforce")));
}

#[test]
fn after_a_jump_of_the_clock_no_length_of_time_is_believed() {
    let vitals = Vitals {
        is_time_unsure: true,
        failing: Some(Health::Ill(Span::hours(1), 9)),
        ..of(Books {
            oldest_underway: Some(NOW.minus(Span::hours(1))),
            dead_events: 1,
            ..Books::default()
        })
    };
    let judged = judge(&vitals, &Limits::default(), NOW);
    let held: Vec<Alert> = judged.holds.keys().map(|key| key.alert).collect();
    assert_eq!(held, [Alert::EventDead, Alert::ClockJumped]);
    assert!(judged.is_unknown(&Key::new(Alert::No2xx, "")));
}
