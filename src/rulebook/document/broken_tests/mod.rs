//! Broken rulebooks, and what is said about each: a way to break the smallest rulebook, and the
//! one line that must come of it.

mod routing;

use super::super::{
    Files, Rulebook,
    tests::{SMALLEST, setup},
};

/// Breaks the smallest rulebook by putting `to` for `from` (at the end for an empty `from`).
fn broken(from: &str, to: &str) -> Files {
    assert!(from.is_empty() || SMALLEST.contains(from), "{from:?} is not in the smallest rulebook");
    let text =
        if from.is_empty() { format!("{SMALLEST}\n{to}") } else { SMALLEST.replacen(from, to, 1) };
    Files::new(text)
        .with("t.csv", "country;pool;n;b\nDE;inbound;1,5;yes\nAT;inbound;;\n")
        .with(
            "bad.csv",
            "country;pool;n;b\nDE;inbund;1;yes\nGermany;inbound;many;perhaps\nAtlantis;;1;no\n",
        )
        .with("latin.csv", b"country;pool\nDE;\xfcber\n".as_slice())
        .with("empty.csv", "\n\n")
}

fn said(from: &str, to: &str) -> Vec<String> {
    match Rulebook::compile(&broken(from, to), &setup(), 1) {
        Ok(book) => book.warnings.iter().map(ToString::to_string).collect(),
        Err(findings) => findings.iter().map(ToString::to_string).collect(),
    }
}

fn check(cases: &[(&str, &str, &[&str])]) {
    let mut wrong = String::new();
    for (from, to, expected) in cases {
        let found = said(from, to);
        if found != *expected {
            wrong.push_str(&format!("{from:?} -> {to:?}\n  {}\n", found.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

const RULE: &str = "[[rule]]\nid = \"everyone\"";
const POOL: &str = "if_nobody = \"assign anyway\"";
const STEP: &str = "step = [{ at = \"100%\", tell = [\"owner\", \"channel: inbound-alerts\"] }]";

#[test]
fn the_document_as_a_whole() {
    check(&[
        (
            "",
            "x = ",
            &[
                r#"rulebook.toml:28:5: this is not TOML: string values must be quoted, expected literal string"#,
            ],
        ),
        (
            "[[pool]]",
            "[[pool",
            &[r#"rulebook.toml:10:7: this is not TOML: unclosed array table, expected `]]`"#],
        ),
        (
            "default_sla",
            "defalt_sla",
            &[
                r#"rulebook.toml:1:1: unknown key "defalt_sla" in the rulebook; did you mean "default_sla"?"#,
            ],
        ),
        (
            "default_sla = \"standard\"",
            "default_sla = 5",
            &[r#"rulebook.toml:1:15: "default_sla" is a number; write text in quotes"#],
        ),
        (
            "default_sla = \"standard\"",
            "default_sla = \"standart\"",
            &[r#"rulebook.toml:1:15: unknown sla "standart"; did you mean "standard"?"#],
        ),
        (
            "default_sla = \"standard\"\n",
            "",
            &[
                r#"rulebook.toml:23:1: the rule "everyone" has no SLA and there is no "default_sla"; add sla = "…", or default_sla = "…" at the top"#,
            ],
        ),
        (
            "default_sla",
            "same_lead_within = \"5 days\"\ndefault_sla",
            &[
                r#"rulebook.toml:1:20: "5 days" is not a span: write a number and a unit, as in 30s, 5m, 2h or 1h30m"#,
            ],
        ),
        (
            "default_sla",
            "intents = [\"demo\", \"demo\"]\ndefault_sla",
            &[
                r#"rulebook.toml:1:20: the intent "demo" is there twice; keep one; weak ones come first"#,
            ],
        ),
        (
            "alarm = [\"channel: inbound-alerts\"]\n",
            "",
            &[
                r#"rulebook.toml:1:1: warning: nobody hears of a lead that is stuck: there is no "alarm"; write alarm = ["channel: <id>", "rep: <id>"] at the top"#,
            ],
        ),
        (
            "alarm = [\"channel: inbound-alerts\"]",
            "alarm = [\"owner\"]",
            &[
                r#"rulebook.toml:2:10: "owner" does not say what it refers to; write "rep: …" or "channel: …""#,
            ],
        ),
        (
            "[[pool]]",
            "[pool]",
            &[
                r#"rulebook.toml:10:1: "pool" is a table; write [[pool]] above each one"#,
                r#"rulebook.toml:26:13: unknown pool "inbound"; no pool is defined yet"#,
            ],
        ),
        (
            "",
            "[[rules]]\nid = \"x\"",
            &[r#"rulebook.toml:28:3: unknown key "rules" in the rulebook; did you mean "rule"?"#],
        ),
        (
            "",
            "[[sla]]\nid = \"hot\"\nrespond_within = \"5m\"\nescalation = \"chain\"",
            &[r#"rulebook.toml:29:6: warning: nothing uses the sla "hot"; use it, or remove it"#],
        ),
    ]);
}

#[test]
fn people_and_hours() {
    check(&[
        (
            "id = \"ada\"\n",
            "",
            &[
                r#"rulebook.toml:4:1: [[rep]] needs "id"; write id = "a-short-name", in letters, digits and -"#,
                r#"rulebook.toml:11:12: unknown rep "ada"; no rep is defined yet"#,
            ],
        ),
        (
            "id = \"ada\"",
            "id = \"ada byron\"",
            &[
                r#"rulebook.toml:5:6: "ada byron" cannot be an id; write a letter or digit, then letters, digits, - _ or ., 64 at most"#,
                r#"rulebook.toml:12:12: unknown rep "ada"; no rep is defined yet"#,
            ],
        ),
        (
            "name = \"Ada Byron\"\n",
            "",
            &[r#"rulebook.toml:4:1: [[rep]] needs "name"; write name = "Ada Byron""#],
        ),
        (
            "name = \"Ada Byron\"",
            "nmae = \"Ada Byron\"",
            &[r#"rulebook.toml:6:1: unknown key "nmae" in [[rep]]; did you mean "name"?"#],
        ),
        (
            "email = \"ada@acme.example\"",
            "email = \"ada\"",
            &[
                r#"rulebook.toml:7:9: "ada" is not a mail address; write one, as in "ada@acme.example""#,
            ],
        ),
        (
            "email = \"ada@acme.example\"",
            "email = \"\"",
            &[r#"rulebook.toml:7:9: "email" is empty; write something, or leave it out"#],
        ),
        (
            "tell_by = [\"email\"]\n",
            "",
            &[
                r#"rulebook.toml:4:1: warning: Ada Byron never hears of a lead: there is no "tell_by"; write tell_by = ["email"], or the name of another channel that reaches a person"#,
            ],
        ),
        (
            "tell_by = [\"email\"]",
            "tell_by = [\"inbound-alerts\"]",
            &[
                r#"rulebook.toml:8:12: the channel "inbound-alerts" reaches whoever looks there, not Ada Byron; name a channel that has addresses, such as mail, and tell this one from a step"#,
            ],
        ),
        (
            "tell_by = [\"email\"]",
            "tell_by = [\"emial\"]",
            &[
                r#"rulebook.toml:8:12: unknown channel that reaches a person "emial"; did you mean "email"?"#,
            ],
        ),
        (
            "tell_by = [\"email\"]",
            "tell_by = [\"email\"]\nmanager = \"rep: ada\"",
            &[r#"rulebook.toml:9:11: "manager" takes the id alone, without "rep"; write "ada""#],
        ),
        (
            "tell_by = [\"email\"]",
            "tell_by = [\"email\"]\nmanager = \"ada\"",
            &[
                r#"rulebook.toml:9:11: the chain of manager goes in a circle: ada → ada; leave out the manager of whoever is at the top"#,
            ],
        ),
        (
            "tell_by = [\"email\"]",
            "tell_by = [\"email\"]\ncrm.salesforce = \"1\"",
            &[r#"rulebook.toml:9:5: unknown CRM connection "salesforce"; write hubspot"#],
        ),
        (
            "tell_by = [\"email\"]",
            "tell_by = [\"email\"]\nleft = true",
            &[
                r#"rulebook.toml:13:11: everybody in this pool has left; name one rep who is there"#,
                r#"rulebook.toml:13:12: warning: ada has left; name somebody who is there"#,
            ],
        ),
        (
            "tell_by = [\"email\"]",
            "tell_by = [\"email\"]\nhours = \"london\"",
            &[r#"rulebook.toml:9:9: unknown hours "london"; no hours is defined yet"#],
        ),
        (
            "",
            "[[rep]]\nid = \"ada\"\nname = \"A\"\nemail = \"a@b.example\"\ntell_by = []",
            &[
                r#"rulebook.toml:29:6: there are two rep entries "ada"; rename one; the first is in line 5"#,
            ],
        ),
        (
            "",
            "[[rep]]\nid = \"ben\"\nname = \"B\"\nemail = \"b@b.example\"\ntell_by = []\nbackup = \"cid\"\n[[rep]]\nid = \"cid\"\nname = \"C\"\nemail = \"c@b.example\"\ntell_by = []\nbackup = \"ben\"",
            &[
                r#"rulebook.toml:33:10: the chain of backup goes in a circle: ben → cid → ben; let one of them have no backup, or another one"#,
            ],
        ),
        (
            "",
            "[[hours]]\nid = \"x\"\nzone = \"Europe/Londn\"\nopen = { mon-fri = [\"09:00-17:00\"] }",
            &[
                r#"rulebook.toml:30:8: there is no time zone "Europe/Londn": did you mean "Europe/London"?"#,
            ],
        ),
        (
            "",
            "[[hours]]\nid = \"x\"\nzone = \"UTC\"\nopen = { mon-fri = [\"09:00-17:00\", \"9-25\"], tues = [\"10:00-11:00\"] }",
            &[
                r#"rulebook.toml:31:36: "9-25" is not a block of time: write hours and minutes, as in "09:00-17:30""#,
                r#"rulebook.toml:31:53: 10:00-11:00 overlaps 09:00-17:00 of open.mon-fri[0] on tuesday: join the two or move one"#,
            ],
        ),
        (
            "",
            "[[hours]]\nid = \"x\"\nzone = \"UTC\"\nopen = {}\nholidays = [\"x.ics\", \"2026-02-30\"]",
            &[
                r#"rulebook.toml:31:8: no day has working hours: write for instance mon-fri = ["09:00-17:00"]"#,
                r#"rulebook.toml:32:13: there is no file "x.ics"; put it beside the rulebook, or mend the name"#,
                r#"rulebook.toml:32:22: "2026-02-30" is not a holiday: write 2026-12-25 for one date, 12-25 for every year, or 2026-12-24..2026-12-26 for a range"#,
            ],
        ),
    ]);
}

#[test]
fn pools() {
    check(&[
        (
            POOL,
            "",
            &[
                r#"rulebook.toml:10:1: [[pool]] needs "if_nobody"; write if_nobody = "pool: <id>", "wait" with max_wait = "2h", or "assign anyway""#,
            ],
        ),
        (
            POOL,
            "if_nobody = \"inbound\"",
            &[
                r#"rulebook.toml:13:13: "inbound" does not say what it refers to; write "pool: inbound""#,
            ],
        ),
        (
            POOL,
            "if_nobody = \"pool: inbund\"",
            &[r#"rulebook.toml:13:13: unknown pool "inbund"; did you mean "inbound"?"#],
        ),
        (
            POOL,
            "if_nobody = \"pool: inbound\"",
            &[
                r#"rulebook.toml:13:13: the chain of if_nobody goes in a circle: inbound → inbound; let one of them wait ("wait" with max_wait) or "assign anyway""#,
            ],
        ),
        (
            POOL,
            "if_nobody = \"wait\"",
            &[r#"rulebook.toml:13:13: waiting needs an end; add max_wait = "2h""#],
        ),
        (
            POOL,
            "if_nobody = \"assign anyway\"\nmax_wait = \"2h\"",
            &[
                r#"rulebook.toml:14:1: "max_wait" is for if_nobody = "wait" alone; remove it, or wait"#,
            ],
        ),
        (
            POOL,
            "if_nobody = \"assign anyway\"\nrotation = \"random\"",
            &[
                r#"rulebook.toml:14:12: unknown rotation "random"; write balanced, round-robin or least-open"#,
            ],
        ),
        (
            "members = [\"ada\"]",
            "members = []",
            &[
                r#"rulebook.toml:12:11: nobody is in this pool; name one rep at least, or remove the pool"#,
            ],
        ),
        (
            "members = [\"ada\"]",
            "members = [\"aga\"]",
            &[r#"rulebook.toml:12:12: unknown rep "aga"; did you mean "ada"?"#],
        ),
        (
            "members = [\"ada\"]",
            "members = [\"ada\", \"ada\"]",
            &[
                r#"rulebook.toml:12:19: ada is in this pool twice; name them once, with a weight if need be"#,
            ],
        ),
        (
            "members = [\"ada\"]",
            "members = \"ada\"",
            &[r#"rulebook.toml:12:11: "members" is text; write a list in square brackets"#],
        ),
        (
            "members = [\"ada\"]",
            "members = [{ rep = \"ada\", weight = 0 }]",
            &[
                r#"rulebook.toml:12:36: a weight of 0 is no share; write a number above 0, up to 1000; who gets nothing is taken out of the pool"#,
            ],
        ),
        (
            "members = [\"ada\"]",
            "members = [{ rep = \"ada\", cap = \"20 a day\" }]",
            &[
                r#"rulebook.toml:12:33: "20 a day" is not a cap; write "20 per day", "5 per hour", "60 per week" or "10 open""#,
            ],
        ),
        (
            "members = [\"ada\"]",
            "members = [{ rep = \"ada\", cap = \"0 open\" }]",
            &[
                r#"rulebook.toml:12:33: a cap of 0 gives no lead; take the rep out of the pool, or write a larger cap"#,
            ],
        ),
        (
            "members = [\"ada\"]",
            "members = [{ weight = 2 }]",
            &[r#"rulebook.toml:12:12: a member needs "rep"; write { rep = "ada", weight = 2 }"#],
        ),
        (
            "id = \"inbound\"",
            "id = \"ada\"",
            &[
                r#"rulebook.toml:10:1: a pool and a rep are both called "ada"; rename one, so that a fact that names it is clear"#,
                r#"rulebook.toml:26:13: unknown pool "inbound"; write ada"#,
            ],
        ),
    ]);
}

#[test]
fn ladders() {
    check(&[
        (
            "escalation = \"chain\"",
            "escalation = \"chian\"",
            &[r#"rulebook.toml:18:14: unknown escalation "chian"; did you mean "chain"?"#],
        ),
        (
            "escalation = \"chain\"\n",
            "",
            &[
                r#"rulebook.toml:15:1: [[sla]] needs "escalation"; write escalation = "<id of an [[escalation]]>""#,
            ],
        ),
        (
            "respond_within = \"15m\"",
            "respond_within = \"0s\"",
            &[
                r#"rulebook.toml:17:18: "respond_within" is no time at all; write a longer span, as in "5m""#,
            ],
        ),
        (
            "respond_within = \"15m\"",
            "respond_within = \"15 min\"",
            &[
                r#"rulebook.toml:17:18: "15 min" is not a span: write a number and a unit, as in 30s, 5m, 2h or 1h30m"#,
            ],
        ),
        (
            "respond_within = \"15m\"",
            "respond_within = \"15m\"\nclock = \"office\"",
            &[
                r#"rulebook.toml:18:9: "office" does not say what it refers to; write "always", "owner" or "hours: …""#,
            ],
        ),
        (
            "respond_within = \"15m\"",
            "respond_within = \"15m\"\nclock = \"hours: london\"",
            &[r#"rulebook.toml:18:9: unknown hours "london"; no hours is defined yet"#],
        ),
        (
            STEP,
            "step = []",
            &[
                r#"rulebook.toml:22:8: a ladder needs one step at least; write step = [{ at = "100%", tell = ["owner", "manager"] }]"#,
            ],
        ),
        (
            STEP,
            "",
            &[
                r#"rulebook.toml:20:1: [[escalation]] needs "step"; write step = [{ at = "100%", tell = ["owner", "manager"] }]"#,
            ],
        ),
        (
            STEP,
            "step = [{ at = \"100%\", tell = [\"owner\"] }]",
            &[
                r#"rulebook.toml:20:1: this ladder ends in nobody but the owner; tell a "rep: …" or a "channel: …", or page somebody"#,
            ],
        ),
        (
            STEP,
            "step = [{ at = \"100%\", tell = [\"manager\"] }]",
            &[
                r#"rulebook.toml:20:1: this ladder ends in nobody for ada, who has no manager; tell a "rep: …" or a "channel: …", or page somebody, or name the manager"#,
            ],
        ),
        (
            STEP,
            "step = [{ at = \"120%\", page = \"revops-oncall\" }]",
            &[
                r#"rulebook.toml:22:16: "120%" is not between 1% and 100% of the time; write late_by = "5m" for after the deadline"#,
            ],
        ),
        (
            STEP,
            "step = [{ at = \"half\", page = \"revops-oncall\" }]",
            &[r#"rulebook.toml:22:16: "half" is not a share of the time; write it as in "60%""#],
        ),
        (
            STEP,
            "step = [{ page = \"revops-oncall\" }]",
            &[
                r#"rulebook.toml:22:9: this step does not say when it is due; write at = "60%" or late_by = "5m""#,
            ],
        ),
        (
            STEP,
            "step = [{ at = \"50%\", late_by = \"5m\", page = \"revops-oncall\" }]",
            &[
                r#"rulebook.toml:22:23: a step is due once: both "at" and "late_by" are there; keep "at" for a share of the time, or "late_by" for after the deadline"#,
            ],
        ),
        (
            STEP,
            "step = [{ late_by = \"5m\", page = \"revops-oncall\" }, { at = \"50%\", tell = [\"owner\"] }]",
            &[
                r#"rulebook.toml:22:53: this step is not later than the one above it (5m late); put the steps in the order of their times, and join those of one time"#,
            ],
        ),
        (
            STEP,
            "step = [{ at = \"50%\" }]",
            &[
                r#"rulebook.toml:22:9: this step does nothing; add tell = ["owner"], reassign = true or page = "<a pager>""#,
            ],
        ),
        (
            STEP,
            "step = [{ at = \"50%\", page = \"email\" }]",
            &[
                r#"rulebook.toml:22:30: the channel "email" cannot page; name a pager, or tell the channel"#,
            ],
        ),
        (
            STEP,
            "step = [{ at = \"50%\", tell = [\"channel: email\"] }]",
            &[
                r#"rulebook.toml:22:31: the channel "email" needs to know whom to write to; name the person, as in "rep: ada"; their tell_by says how they are reached"#,
            ],
        ),
        (
            STEP,
            "step = [{ at = \"50%\", tell = [\"channel: revops-oncall\"] }]",
            &[
                r#"rulebook.toml:22:31: "revops-oncall" is a pager; write page = "revops-oncall" beside "tell""#,
            ],
        ),
        (
            STEP,
            "step = [{ at = \"50%\", tell = [\"mananger\"] }]",
            &[
                r#"rulebook.toml:22:31: "mananger" does not say what it refers to; did you mean "manager"?"#,
            ],
        ),
        (
            STEP,
            "step = [{ at = \"50%\", page = \"revops-oncall\", repeat = \"5m\" }]",
            &[r#"rulebook.toml:22:47: "repeat" needs an end; add times = 3"#],
        ),
        (
            STEP,
            "step = [{ at = \"50%\", page = \"revops-oncall\", times = 3 }]",
            &[r#"rulebook.toml:22:47: "times" needs "repeat"; add repeat = "10m""#],
        ),
    ]);
}
