//! Broken rulebooks, and what is said about each: a way to break the smallest rulebook, and the
//! one line that must come of it.

use super::super::{Files, Rulebook, tests::{SMALLEST, setup}};

/// Breaks the smallest rulebook by putting `to` for `from` (at the end for an empty `from`).
fn broken(from: &str, to: &str) -> Files {
    assert!(from.is_empty() || SMALLEST.contains(from), "{from:?} is not in the smallest rulebook");
    let text = if from.is_empty() { format!("{SMALLEST}\n{to}") } else { SMALLEST.replacen(from, to, 1) };
    Files::new(text)
        .with("t.csv", "country;pool;n;b\nDE;inbound;1,5;yes\nAT;inbound;;\n")
        .with("bad.csv", "country;pool;n;b\nDE;inbund;1;yes\nGermany;inbound;many;perhaps\nAtlantis;;1;no\n")
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
        ("", "x = ", &[
            r#"rulebook.toml:28:5: this is not TOML: string values must be quoted, expected literal string"#,
        ]),
        ("[[pool]]", "[[pool", &[
            r#"rulebook.toml:10:7: this is not TOML: unclosed array table, expected `]]`"#,
        ]),
        ("default_sla", "defalt_sla", &[
            r#"rulebook.toml:1:1: unknown key "defalt_sla" in the rulebook; did you mean "default_sla"?"#,
            r#"rulebook.toml:16:6: warning: nothing uses the sla "standard"; use it, or remove it"#,
        ]),
        ("default_sla = \"standard\"", "default_sla = 5", &[
            r#"rulebook.toml:1:15: "default_sla" is a number; write text in quotes"#,
            r#"rulebook.toml:16:6: warning: nothing uses the sla "standard"; use it, or remove it"#,
        ]),
        ("default_sla = \"standard\"", "default_sla = \"standart\"", &[
            r#"rulebook.toml:1:15: unknown sla "standart"; did you mean "standard"?"#,
            r#"rulebook.toml:16:6: warning: nothing uses the sla "standard"; use it, or remove it"#,
        ]),
        ("default_sla = \"standard\"\n", "", &[
            r#"rulebook.toml:15:6: warning: nothing uses the sla "standard"; use it, or remove it"#,
            r#"rulebook.toml:23:1: the rule "everyone" has no SLA and there is no "default_sla"; add sla = "…", or default_sla = "…" at the top"#,
        ]),
        ("default_sla", "same_lead_within = \"5 days\"\ndefault_sla", &[
            r#"rulebook.toml:1:20: "5 days" is not a span: write a number and a unit, as in 30s, 5m, 2h or 1h30m"#,
        ]),
        ("default_sla", "intents = [\"demo\", \"demo\"]\ndefault_sla", &[
            r#"rulebook.toml:1:20: the intent "demo" is there twice; keep one; weak ones come first"#,
        ]),
        ("alarm = [\"channel: inbound-alerts\"]\n", "", &[
            r#"rulebook.toml:1:1: warning: nobody hears of a lead that is stuck: there is no "alarm"; write alarm = ["channel: <id>", "rep: <id>"] at the top"#,
        ]),
        ("alarm = [\"channel: inbound-alerts\"]", "alarm = [\"owner\"]", &[
            r#"rulebook.toml:2:10: "owner" does not say what it refers to; write "rep: …" or "channel: …""#,
        ]),
        ("[[pool]]", "[pool]", &[
            r#"rulebook.toml:10:1: "pool" is a table; write [[pool]] above each one"#,
            r#"rulebook.toml:26:13: unknown pool "inbound"; no pool is defined yet"#,
        ]),
        ("", "[[rules]]\nid = \"x\"", &[
            r#"rulebook.toml:28:3: unknown key "rules" in the rulebook; did you mean "rule"?"#,
        ]),
    ]);
}

#[test]
fn people_and_hours() {
    check(&[
        ("id = \"ada\"\n", "", &[
            r#"rulebook.toml:4:1: [[rep]] needs "id"; write id = "a-short-name", in letters, digits and -"#,
            r#"rulebook.toml:11:12: unknown rep "ada"; no rep is defined yet"#,
        ]),
        ("id = \"ada\"", "id = \"ada byron\"", &[
            r#"rulebook.toml:5:6: "ada byron" cannot be an id; write a letter or digit, then letters, digits, - _ or ., 64 at most"#,
            r#"rulebook.toml:12:12: unknown rep "ada"; no rep is defined yet"#,
        ]),
        ("name = \"Ada Byron\"\n", "", &[
            r#"rulebook.toml:4:1: [[rep]] needs "name"; write name = "Ada Byron""#,
        ]),
        ("name = \"Ada Byron\"", "nmae = \"Ada Byron\"", &[
            r#"rulebook.toml:6:1: unknown key "nmae" in [[rep]]; did you mean "name"?"#,
        ]),
        ("email = \"ada@acme.example\"", "email = \"ada\"", &[
            r#"rulebook.toml:7:9: "ada" is not a mail address; write one, as in "ada@acme.example""#,
        ]),
        ("email = \"ada@acme.example\"", "email = \"\"", &[
            r#"rulebook.toml:7:9: "email" is empty; write something, or leave it out"#,
        ]),
        ("tell_by = [\"email\"]\n", "", &[
            r#"rulebook.toml:4:1: warning: Ada Byron never hears of a lead: there is no "tell_by"; write tell_by = ["email"], or the name of another channel that reaches a person"#,
        ]),
        ("tell_by = [\"email\"]", "tell_by = [\"inbound-alerts\"]", &[
            r#"rulebook.toml:8:12: the channel "inbound-alerts" reaches whoever looks there, not Ada Byron; name a channel that has addresses, such as mail, and tell this one from a step"#,
        ]),
        ("tell_by = [\"email\"]", "tell_by = [\"emial\"]", &[
            r#"rulebook.toml:8:12: unknown channel that reaches a person "emial"; did you mean "email"?"#,
        ]),
        ("tell_by = [\"email\"]", "tell_by = [\"email\"]\nmanager = \"rep: ada\"", &[
            r#"rulebook.toml:9:11: "manager" takes the id alone, without "rep"; write "ada""#,
        ]),
        ("tell_by = [\"email\"]", "tell_by = [\"email\"]\nmanager = \"ada\"", &[
            r#"rulebook.toml:9:11: the chain of manager goes in a circle: ada → ada; leave out the manager of whoever is at the top"#,
        ]),
        ("tell_by = [\"email\"]", "tell_by = [\"email\"]\ncrm.salesforce = \"1\"", &[
            r#"rulebook.toml:9:5: unknown CRM connection "salesforce"; write hubspot"#,
        ]),
        ("tell_by = [\"email\"]", "tell_by = [\"email\"]\nleft = true", &[
            r#"rulebook.toml:13:11: everybody in this pool has left; name one rep who is there"#,
            r#"rulebook.toml:13:12: warning: ada has left; name somebody who is there"#,
        ]),
        ("tell_by = [\"email\"]", "tell_by = [\"email\"]\nhours = \"london\"", &[
            r#"rulebook.toml:9:9: unknown hours "london"; no hours is defined yet"#,
        ]),
        ("", "[[rep]]\nid = \"ada\"\nname = \"A\"\nemail = \"a@b.example\"\ntell_by = []", &[
            r#"rulebook.toml:29:6: there are two rep entries "ada"; rename one; the first is in line 5"#,
        ]),
        ("", "[[rep]]\nid = \"ben\"\nname = \"B\"\nemail = \"b@b.example\"\ntell_by = []\nbackup = \"cid\"\n[[rep]]\nid = \"cid\"\nname = \"C\"\nemail = \"c@b.example\"\ntell_by = []\nbackup = \"ben\"", &[
            r#"rulebook.toml:33:10: the chain of backup goes in a circle: ben → cid → ben; let one of them have no backup, or another one"#,
        ]),
        ("", "[[hours]]\nid = \"x\"\nzone = \"Europe/Londn\"\nopen = { mon-fri = [\"09:00-17:00\"] }", &[
            r#"rulebook.toml:29:6: warning: nothing uses the hours "x"; use it, or remove it"#,
            r#"rulebook.toml:30:8: there is no time zone "Europe/Londn": did you mean "Europe/London"?"#,
        ]),
        ("", "[[hours]]\nid = \"x\"\nzone = \"UTC\"\nopen = { mon-fri = [\"09:00-17:00\", \"9-25\"], tues = [\"10:00-11:00\"] }", &[
            r#"rulebook.toml:29:6: warning: nothing uses the hours "x"; use it, or remove it"#,
            r#"rulebook.toml:31:36: "9-25" is not a block of time: write hours and minutes, as in "09:00-17:30""#,
            r#"rulebook.toml:31:53: 10:00-11:00 overlaps 09:00-17:00 of open.mon-fri[0] on tuesday: join the two or move one"#,
        ]),
        ("", "[[hours]]\nid = \"x\"\nzone = \"UTC\"\nopen = {}\nholidays = [\"x.ics\", \"2026-02-30\"]", &[
            r#"rulebook.toml:29:6: warning: nothing uses the hours "x"; use it, or remove it"#,
            r#"rulebook.toml:31:8: no day has working hours: write for instance mon-fri = ["09:00-17:00"]"#,
            r#"rulebook.toml:32:13: there is no file "x.ics"; put it beside the rulebook, or mend the name"#,
            r#"rulebook.toml:32:22: "2026-02-30" is not a holiday: write 2026-12-25 for one date, 12-25 for every year, or 2026-12-24..2026-12-26 for a range"#,
        ]),
    ]);
}

#[test]
fn pools() {
    check(&[
        (POOL, "", &[
            r#"rulebook.toml:10:1: [[pool]] needs "if_nobody"; write if_nobody = "pool: <id>", "wait" with max_wait = "2h", or "assign anyway""#,
        ]),
        (POOL, "if_nobody = \"inbound\"", &[
            r#"rulebook.toml:13:13: "inbound" does not say what it refers to; write "pool: inbound""#,
        ]),
        (POOL, "if_nobody = \"pool: inbund\"", &[
            r#"rulebook.toml:13:13: unknown pool "inbund"; did you mean "inbound"?"#,
        ]),
        (POOL, "if_nobody = \"pool: inbound\"", &[
            r#"rulebook.toml:13:13: the chain of if_nobody goes in a circle: inbound → inbound; let one of them wait ("wait" with max_wait) or "assign anyway""#,
        ]),
        (POOL, "if_nobody = \"wait\"", &[
            r#"rulebook.toml:13:13: waiting needs an end; add max_wait = "2h""#,
        ]),
        (POOL, "if_nobody = \"assign anyway\"\nmax_wait = \"2h\"", &[
            r#"rulebook.toml:14:1: "max_wait" is for if_nobody = "wait" alone; remove it, or wait"#,
        ]),
        (POOL, "if_nobody = \"assign anyway\"\nrotation = \"random\"", &[
            r#"rulebook.toml:14:12: unknown rotation "random"; write balanced, round-robin or least-open"#,
        ]),
        ("members = [\"ada\"]", "members = []", &[
            r#"rulebook.toml:12:11: nobody is in this pool; name one rep at least, or remove the pool"#,
        ]),
        ("members = [\"ada\"]", "members = [\"aga\"]", &[
            r#"rulebook.toml:12:12: unknown rep "aga"; did you mean "ada"?"#,
        ]),
        ("members = [\"ada\"]", "members = [\"ada\", \"ada\"]", &[
            r#"rulebook.toml:12:19: ada is in this pool twice; name them once, with a weight if need be"#,
        ]),
        ("members = [\"ada\"]", "members = \"ada\"", &[
            r#"rulebook.toml:12:11: "members" is text; write a list in square brackets"#,
        ]),
        ("members = [\"ada\"]", "members = [{ rep = \"ada\", weight = 0 }]", &[
            r#"rulebook.toml:12:36: a weight of 0 is no share; write a number above 0, up to 1000; who gets nothing is taken out of the pool"#,
        ]),
        ("members = [\"ada\"]", "members = [{ rep = \"ada\", cap = \"20 a day\" }]", &[
            r#"rulebook.toml:12:33: "20 a day" is not a cap; write "20 per day", "5 per hour", "60 per week" or "10 open""#,
        ]),
        ("members = [\"ada\"]", "members = [{ rep = \"ada\", cap = \"0 open\" }]", &[
            r#"rulebook.toml:12:33: a cap of 0 gives no lead; take the rep out of the pool, or write a larger cap"#,
        ]),
        ("members = [\"ada\"]", "members = [{ weight = 2 }]", &[
            r#"rulebook.toml:12:12: a member needs "rep"; write { rep = "ada", weight = 2 }"#,
        ]),
        ("id = \"inbound\"", "id = \"ada\"", &[
            r#"rulebook.toml:10:1: a pool and a rep are both called "ada"; rename one, so that a fact that names it is clear"#,
            r#"rulebook.toml:11:6: warning: nothing uses the pool "ada"; use it, or remove it"#,
            r#"rulebook.toml:26:13: unknown pool "inbound"; write ada"#,
        ]),
    ]);
}

#[test]
fn ladders() {
    check(&[
        ("escalation = \"chain\"", "escalation = \"chian\"", &[
            r#"rulebook.toml:18:14: unknown escalation "chian"; did you mean "chain"?"#,
            r#"rulebook.toml:21:6: warning: nothing uses the escalation "chain"; use it, or remove it"#,
        ]),
        ("escalation = \"chain\"\n", "", &[
            r#"rulebook.toml:15:1: [[sla]] needs "escalation"; write escalation = "<id of an [[escalation]]>""#,
            r#"rulebook.toml:20:6: warning: nothing uses the escalation "chain"; use it, or remove it"#,
        ]),
        ("respond_within = \"15m\"", "respond_within = \"0s\"", &[
            r#"rulebook.toml:17:18: "respond_within" is no time at all; write a longer span, as in "5m""#,
        ]),
        ("respond_within = \"15m\"", "respond_within = \"15 min\"", &[
            r#"rulebook.toml:17:18: "15 min" is not a span: write a number and a unit, as in 30s, 5m, 2h or 1h30m"#,
        ]),
        ("respond_within = \"15m\"", "respond_within = \"15m\"\nclock = \"office\"", &[
            r#"rulebook.toml:18:9: "office" does not say what it refers to; write "always", "owner" or "hours: …""#,
        ]),
        ("respond_within = \"15m\"", "respond_within = \"15m\"\nclock = \"hours: london\"", &[
            r#"rulebook.toml:18:9: unknown hours "london"; no hours is defined yet"#,
        ]),
        (STEP, "step = []", &[
            r#"rulebook.toml:22:8: a ladder needs one step at least; write step = [{ at = "100%", tell = ["owner", "manager"] }]"#,
        ]),
        (STEP, "", &[
            r#"rulebook.toml:20:1: [[escalation]] needs "step"; write step = [{ at = "100%", tell = ["owner", "manager"] }]"#,
        ]),
        (STEP, "step = [{ at = \"100%\", tell = [\"owner\"] }]", &[
            r#"rulebook.toml:20:1: this ladder ends in nobody but the owner; tell a "rep: …" or a "channel: …", or page somebody"#,
        ]),
        (STEP, "step = [{ at = \"100%\", tell = [\"manager\"] }]", &[
            r#"rulebook.toml:20:1: this ladder ends in nobody for ada, who has no manager; tell a "rep: …" or a "channel: …", or page somebody, or name the manager"#,
        ]),
        (STEP, "step = [{ at = \"120%\", page = \"revops-oncall\" }]", &[
            r#"rulebook.toml:22:16: "120%" is not between 1% and 100% of the time; write late_by = "5m" for after the deadline"#,
        ]),
        (STEP, "step = [{ at = \"half\", page = \"revops-oncall\" }]", &[
            r#"rulebook.toml:22:16: "half" is not a share of the time; write it as in "60%""#,
        ]),
        (STEP, "step = [{ page = \"revops-oncall\" }]", &[
            r#"rulebook.toml:22:9: this step does not say when it is due; write at = "60%" or late_by = "5m""#,
        ]),
        (STEP, "step = [{ at = \"50%\", late_by = \"5m\", page = \"revops-oncall\" }]", &[
            r#"rulebook.toml:22:23: a step is due once: both "at" and "late_by" are there; keep "at" for a share of the time, or "late_by" for after the deadline"#,
        ]),
        (STEP, "step = [{ late_by = \"5m\", page = \"revops-oncall\" }, { at = \"50%\", tell = [\"owner\"] }]", &[
            r#"rulebook.toml:22:53: this step is not later than the one above it (5m late); put the steps in the order of their times, and join those of one time"#,
        ]),
        (STEP, "step = [{ at = \"50%\" }]", &[
            r#"rulebook.toml:22:9: this step does nothing; add tell = ["owner"], reassign = true or page = "<a pager>""#,
        ]),
        (STEP, "step = [{ at = \"50%\", page = \"email\" }]", &[
            r#"rulebook.toml:22:30: the channel "email" cannot page; name a pager, or tell the channel"#,
        ]),
        (STEP, "step = [{ at = \"50%\", tell = [\"channel: email\"] }]", &[
            r#"rulebook.toml:22:31: the channel "email" needs to know whom to write to; name the person, as in "rep: ada"; their tell_by says how they are reached"#,
        ]),
        (STEP, "step = [{ at = \"50%\", tell = [\"channel: revops-oncall\"] }]", &[
            r#"rulebook.toml:22:31: "revops-oncall" is a pager; write page = "revops-oncall" beside "tell""#,
        ]),
        (STEP, "step = [{ at = \"50%\", tell = [\"mananger\"] }]", &[
            r#"rulebook.toml:22:31: "mananger" does not say what it refers to; did you mean "manager"?"#,
        ]),
        (STEP, "step = [{ at = \"50%\", page = \"revops-oncall\", repeat = \"5m\" }]", &[
            r#"rulebook.toml:22:47: "repeat" needs an end; add times = 3"#,
        ]),
        (STEP, "step = [{ at = \"50%\", page = \"revops-oncall\", times = 3 }]", &[
            r#"rulebook.toml:22:47: "times" needs "repeat"; add repeat = "10m""#,
        ]),
    ]);
}

#[test]
fn forms_and_mappings() {
    check(&[
        ("", "[[form]]\nsource = \"website\"\nintent = \"dmeo\"", &[
            r#"rulebook.toml:30:10: unknown intent "dmeo"; did you mean "demo"?"#,
        ]),
        ("", "[[form]]\nsource = \"web\"\nintent = \"demo\"", &[
            r#"rulebook.toml:29:10: unknown source "web"; did you mean "website"?"#,
        ]),
        ("", "[[form]]\nsource = \"website\"\nintent = \"demo\"\n[[form]]\nsource = \"website\"\nintent = \"contact\"", &[
            r#"rulebook.toml:31:1: there are two entries for the source "website"; keep one, or name the form in the other"#,
        ]),
        ("", "[[mapping]]\nsource = \"website\"\nemial = \"$.e\"", &[
            r#"rulebook.toml:30:1: unknown field "emial" in [[mapping]]; did you mean "email"?"#,
        ]),
        ("", "[[mapping]]\nsource = \"website\"\ncolour = \"$.e\"", &[
            r#"rulebook.toml:30:1: unknown field "colour" in [[mapping]]; write custom.colour for a field of your own"#,
        ]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = \"email\"", &[
            r#"rulebook.toml:30:9: "email" is not a JSON path; a path starts with $, as in "$.email""#,
        ]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = \"$.a[\"", &[
            r#"rulebook.toml:30:13: "$.a[" is not a JSON path; write it as in "$.answers.email" or "$['First Name']""#,
        ]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = []", &[
            r#"rulebook.toml:30:9: email has no path; write one, as in "$.answers.email""#,
        ]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = { path = \"$.a\", transform = \"lowr\" }", &[
            r#"rulebook.toml:30:37: unknown transform "lowr"; did you mean "lower"?"#,
        ]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = { path = \"$.a\", transform = [\"split\"] }", &[
            r#"rulebook.toml:30:38: "split" needs to know more; write { split = [",", 0] }"#,
        ]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = { path = \"$.a\", transform = { regex_replace = [\"(\", \"\"] } }", &[
            r#"rulebook.toml:30:55: "(" is not a regular expression: unclosed group; mend it"#,
        ]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = { path = \"$.a\", type = \"number\" }", &[
            r#"rulebook.toml:30:25: email is always text; remove "type""#,
        ]),
        ("", "[[mapping]]\nsource = \"website\"\ncustom.Budget = \"$.b\"", &[
            r#"rulebook.toml:30:8: "Budget" cannot be the name of a custom field; write a lower-case letter, then letters, digits or _"#,
        ]),
        ("", "[[mapping]]\nsource = \"website\"\ncustom.b = { path = \"$.b\", type = \"numbre\" }", &[
            r#"rulebook.toml:30:35: unknown type "numbre"; did you mean "number"?"#,
        ]),
        ("", "[[mapping]]\nsource = \"website\"\ncustom.b = { path = \"$.b\", type = \"number\" }\n[[mapping]]\nsource = \"partner-hmac\"\ncustom.b = { path = \"$.b\", type = \"bool\" }", &[
            r#"rulebook.toml:33:35: custom.b has another type in line 30; give it one type everywhere"#,
        ]),
        ("", "[[mapping]]\nsource = \"website\"\n[[mapping]]\nsource = \"website\"", &[
            r#"rulebook.toml:31:10: there are two mappings for "website"; join them"#,
        ]),
    ]);
}

#[test]
fn tables() {
    let table = |what: &str| format!("[[table]]\nid = \"t\"\n{what}");
    let good = "key = { country = \"lead.country\" }\ncolumns = { pool = \"pool\", n = \"number\", b = \"bool\" }";
    check(&[
        ("", &table(&format!("file = \"t.csv\"\n{good}")), &[]),
        ("", &table(&format!("file = \"bad.csv\"\n{good}")), &[
            r#"bad.csv:2:4: unknown pool "inbund"; did you mean "inbound"?"#,
            r#"bad.csv:3:17: "many" is not a number; write digits alone"#,
            r#"bad.csv:3:22: "perhaps" is neither yes nor no; write yes or no"#,
            r#"bad.csv:4:1: "Atlantis" is not a country; write its name or its two-letter code"#,
        ]),
        ("", &table(&format!("file = \"latin.csv\"\n{good}")), &[
            r#"rulebook.toml:30:8: "latin.csv" is not UTF-8 (line 2); save it as "CSV UTF-8" or as UTF-8 text"#,
        ]),
        ("", &table(&format!("file = \"empty.csv\"\n{good}")), &[
            r#"empty.csv:1:1: the file has no row, not even a header; save the table as CSV, with its column names in the first row"#,
        ]),
        ("", &table(&format!("file = \"tt.csv\"\n{good}")), &[
            r#"rulebook.toml:30:8: there is no file "tt.csv"; did you mean "t.csv"?"#,
        ]),
        ("", &table(&format!("file = \"../t.csv\"\n{good}")), &[
            r#"rulebook.toml:30:8: "../t.csv" is not a file beside the rulebook; write its path from there with /, without .., as in "tables/territory.csv""#,
        ]),
        ("", &table("file = \"t.csv\"\nkey = { land = \"lead.country\" }\ncolumns = { n = \"number\" }"), &[
            r#"rulebook.toml:31:9: "t.csv" has no column "land"; write country, pool, n or b"#,
        ]),
        ("", &table("file = \"t.csv\"\nkey = { country = \"lead.contry\" }\ncolumns = { n = \"number\" }"), &[
            r#"rulebook.toml:31:19: unknown fact "lead.contry"; did you mean "lead.country"?"#,
        ]),
        ("", &table("file = \"t.csv\"\nkey = { country = \"lead.employees\" }\ncolumns = { n = \"nmber\" }"), &[
            r#"rulebook.toml:31:19: lead.employees is not text; look a row up by text, and compare numbers in the rule"#,
            r#"rulebook.toml:32:17: unknown type "nmber"; did you mean "number"?"#,
        ]),
        ("", &table("file = \"t.csv\"\nkey = {}\ncolumns = { known = \"number\" }"), &[
            r#"rulebook.toml:31:7: a key of 0 columns; name 1 to 4 columns"#,
            r#"rulebook.toml:32:13: "known" cannot be a column: conditions name it; write a lower-case letter, then letters, digits or _; "known" is taken"#,
            r#"t.csv:3:1: the key of this row is that of line 2 already; keep one of the two"#,
        ]),
        ("", "[[table]]\nid = \"lead\"\nfile = \"t.csv\"\nkey = { country = \"lead.country\" }\ncolumns = {}", &[
            r#"rulebook.toml:29:6: "lead" cannot be a table: conditions name it; write a lower-case letter, then letters, digits or _; not lead, account or person"#,
        ]),
        (RULE, &format!("[[rule]]\nid = \"r\"\nif.t = \"known\"\nassign_to = \"t.n\"\n\n{}\n\n{RULE}", table(&format!("file = \"t.csv\"\n{good}"))), &[
            r#"rulebook.toml:27:13: t.n names no rep and no pool; write account.owner, person.owner or t.pool"#,
        ]),
    ]);
}

#[test]
fn rules() {
    let first = |what: &str| format!("[[rule]]\nid = \"r\"\n{what}\n\n{RULE}");
    check(&[
        ("assign_to = \"pool: inbound\"", "assign_to = \"pool: emea\"", &[
            r#"rulebook.toml:11:6: warning: nothing uses the pool "inbound"; use it, or remove it"#,
            r#"rulebook.toml:26:13: unknown pool "emea"; write inbound"#,
        ]),
        ("assign_to = \"pool: inbound\"", "assign_to = \"inbound\"", &[
            r#"rulebook.toml:11:6: warning: nothing uses the pool "inbound"; use it, or remove it"#,
            r#"rulebook.toml:26:13: "inbound" does not say what it refers to; write "pool: inbound""#,
        ]),
        ("assign_to = \"pool: inbound\"", "assign_to = \"team: inbound\"", &[
            r#"rulebook.toml:11:6: warning: nothing uses the pool "inbound"; use it, or remove it"#,
            r#"rulebook.toml:26:13: "assign_to" cannot be "team: inbound"; write "account.owner", "pool: …" or "rep: …""#,
        ]),
        ("assign_to = \"pool: inbound\"", "", &[
            r#"rulebook.toml:11:6: warning: nothing uses the pool "inbound"; use it, or remove it"#,
            r#"rulebook.toml:24:1: this rule does nothing with a lead; add assign_to = "pool: …" or set_aside = "…""#,
        ]),
        ("assign_to = \"pool: inbound\"", "assign_to = \"account.owner\"", &[
            r#"rulebook.toml:11:6: warning: nothing uses the pool "inbound"; use it, or remove it"#,
            r#"rulebook.toml:24:1: the last rule may name nobody; add if_unavailable = "pool: …""#,
        ]),
        ("assign_to = \"pool: inbound\"", "assign_to = \"pool: inbound\"\nset_aside = \"x\"", &[
            r#"rulebook.toml:11:6: warning: nothing uses the pool "inbound"; use it, or remove it"#,
            r#"rulebook.toml:27:1: a rule does one thing with a lead; keep "assign_to" or "set_aside""#,
        ]),
        ("assign_to = \"pool: inbound\"", "assign_to = \"pool: inbound\"\nif.country = \"DE\"", &[
            r#"rulebook.toml:24:1: a lead can fall through: the last rule, "everyone", has a condition; add a rule without "if" and "when" below it, as in assign_to = "pool: …""#,
        ]),
        ("assign_to = \"pool: inbound\"", "assign_to = \"pool: inbound\"\nsla = \"hot\"", &[
            r#"rulebook.toml:27:7: unknown sla "hot"; write standard"#,
        ]),
        (RULE, &first("assign_to = \"rep: ada\""), &[
            r#"rulebook.toml:28:1: no lead reaches this rule: "r" above holds for every one; move it up, or give the other one a condition"#,
        ]),
        (RULE, &first("if.contry = \"DE\"\nassign_to = \"rep: ada\""), &[
            r#"rulebook.toml:26:4: unknown field contry, did you mean country?"#,
        ]),
        (RULE, &first("if.country = [\"DE\", \"Germny\"]\nassign_to = \"rep: ada\""), &[
            r#"rulebook.toml:26:21: "Germny" is not a country; did you mean "Germany"?"#,
        ]),
        (RULE, &first("if.employees = \"many\"\nassign_to = \"rep: ada\""), &[
            r#"rulebook.toml:26:16: "many" is not a number; write one such as 500, or a range such as "500 or more", "50 to 200" or "under 50""#,
        ]),
        (RULE, &first("if.custom.budget = 5\nassign_to = \"rep: ada\""), &[
            r#"rulebook.toml:26:11: no mapping fills custom.budget; write custom.budget = "$.…" in a [[mapping]]"#,
        ]),
        (RULE, &first("when = 'lead.employes > 5'\nassign_to = \"rep: ada\""), &[
            r#"rulebook.toml:26:9: unknown field lead.employes, did you mean lead.employees?"#,
        ]),
        (RULE, &first("when = '''\nlead.employees > 5\n  && lead.country == \"Germany\"\n'''\nassign_to = \"rep: ada\""), &[
            r#"rulebook.toml:28:22: lead.country says "DE" where this says "Germany"; write "DE""#,
        ]),
        (RULE, &first("if = {}\nassign_to = \"rep: ada\""), &[
            r#"rulebook.toml:26:6: this condition is empty; remove "if" for a rule that holds for every lead"#,
        ]),
        (RULE, &first("if.country = \"DE\"\nif_unknown = \"wait\"\nassign_to = \"rep: ada\""), &[
            r#"rulebook.toml:27:14: unknown word "wait"; write "skip", "hold", or { wait = "60s", then = "skip" }"#,
        ]),
        (RULE, &first("if.country = \"DE\"\nif_unknown = { wait = \"60s\" }\nassign_to = \"rep: ada\""), &[
            r#"rulebook.toml:27:14: if_unknown needs "then"; write then = "skip" or "hold""#,
        ]),
        (RULE, &first("if.country = \"DE\"\nassign_to = \"lead.country\""), &[
            r#"rulebook.toml:27:13: lead.country names no rep and no pool; write account.owner or person.owner"#,
        ]),
        (RULE, &first("if.country = \"DE\"\nassign_to = \"acount.owner\""), &[
            r#"rulebook.toml:27:13: unknown fact "acount.owner"; did you mean "account.owner"?"#,
        ]),
        (RULE, &first("if.country = \"DE\"\nassign_to = \"pool: inbound\"\nif_unavailable = \"rep: ada\""), &[
            r#"rulebook.toml:28:1: a pool says itself what happens when nobody is available; remove "if_unavailable""#,
        ]),
        (RULE, &first("if.country = \"DE\"\nset_aside = \"not now\""), &[
            r#"rulebook.toml:27:13: "not now" cannot name an exit; write letters, digits, - or _"#,
        ]),
        (RULE, &first("if.country = \"DE\"\nset_aside = \"x\"\nsla = \"standard\""), &[
            r#"rulebook.toml:28:1: nobody has to answer a lead that is set aside; remove "sla""#,
        ]),
        (RULE, &first("if.country = \"DE\"\nassing_to = \"rep: ada\""), &[
            r#"rulebook.toml:27:1: unknown key "assing_to" in [[rule]]; did you mean "assign_to"?"#,
        ]),
        ("[[rule]]\nid = \"everyone\"\nassign_to = \"pool: inbound\"\n", "", &[
            r#"rulebook.toml:1:1: there is no rule; write a [[rule]] with assign_to = "pool: …" for all leads"#,
            r#"rulebook.toml:11:6: warning: nothing uses the pool "inbound"; use it, or remove it"#,
        ]),
    ]);
}

#[test]
fn examples() {
    let example = |what: &str| format!("[[example]]\n{what}");
    check(&[
        ("", &example("lead = { email = \"a@b.example\" }\nexpect = \"rep: ada\""), &[
            r#"rulebook.toml:30:10: this lead comes to "pool: inbound", by the rule "everyone"; no rule leads there"#,
        ]),
        ("", &example("lead = { email = \"a@b.example\" }\nexpect = \"set_aside: x\""), &[
            r#"rulebook.toml:30:10: this lead comes to "pool: inbound", by the rule "everyone"; no rule leads there"#,
        ]),
        ("", &example("lead = { email = \"nobody\" }\nexpect = \"rule: everyone\""), &[
            r#"rulebook.toml:29:18: "nobody": it has no @; write what a lead could have"#,
        ]),
        ("", &example("lead = { country = \"Germny\", emial = \"x\" }\nexpect = \"rule: everybody\""), &[
            r#"rulebook.toml:29:20: "Germny" is not a country; did you mean "Germany"?; write what a lead could have"#,
            r#"rulebook.toml:29:30: unknown field "emial" in an example; did you mean "email"?"#,
            r#"rulebook.toml:30:10: unknown rule "everybody"; did you mean "everyone"?"#,
        ]),
        ("", &example("lead = { source = \"web\" }\nexpect = \"rule: everyone\""), &[
            r#"rulebook.toml:29:19: unknown source "web"; did you mean "website"?"#,
        ]),
        ("", &example("lead = { intent = \"dmeo\", account = \"yes\" }\nexpect = \"rule: everyone\""), &[
            r#"rulebook.toml:29:19: unknown intent "dmeo"; did you mean "demo"?"#,
            r#"rulebook.toml:29:37: unknown word "yes"; write "known", "unknown", "not asked", or { owner = "<rep>" }"#,
        ]),
        (RULE, "[[example]]\nlead = { country = \"AT\", employees = 20 }\nexpect = \"rep: ada\"\n[[rule]]\nid = \"big\"\nif.country = \"DE\"\nif.employees = \"500 or more\"\nassign_to = \"rep: ada\"\n[[rule]]\nid = \"everyone\"", &[
            r#"rulebook.toml:26:10: this lead comes to "pool: inbound", by the rule "everyone"; the rule "big" did not hold: country is Austria, needed Germany; employees is 20, needed 500 or more"#,
        ]),
    ]);
}
