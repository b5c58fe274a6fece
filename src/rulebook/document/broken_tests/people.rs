//! Broken people, hours and pools.

use super::check;

const POOL: &str = "if_nobody = \"assign anyway\"";

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
                r#"rulebook.toml:5:6: "ada byron" cannot be an id; write "ada-byron": letters from a to z, digits, - _ or ., 64 at most"#,
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
                "rulebook.toml:9:11: the chain of manager goes in a circle: ada → ada; leave out the manager of whoever is at the top",
            ],
        ),
        (
            "tell_by = [\"email\"]",
            "tell_by = [\"email\"]\ncrm.dynamics = \"1\"",
            &[
                r#"rulebook.toml:9:5: unknown CRM connection "dynamics"; write hubspot or salesforce"#,
            ],
        ),
        (
            "tell_by = [\"email\"]",
            "tell_by = [\"email\"]\nleft = true",
            &[
                "rulebook.toml:13:11: everybody in this pool has left; name one rep who is there",
                "rulebook.toml:13:12: warning: ada has left; name somebody who is there",
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
                "rulebook.toml:33:10: the chain of backup goes in a circle: ben → cid → ben; let one of them have no backup, or another one",
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
                "rulebook.toml:31:53: 10:00-11:00 overlaps 09:00-17:00 of open.mon-fri[0] on tuesday: join the two or move one",
            ],
        ),
        (
            "",
            "[[hours]]\nid = \"x\"\nzone = \"UTC\"\nopen = {}\nholidays = [\"x.ics\", \"2026-02-30\"]",
            &[
                r#"rulebook.toml:31:8: no day has working hours: write for instance mon-fri = ["09:00-17:00"]"#,
                r#"rulebook.toml:32:13: there is no file "x.ics"; put it beside the rulebook, or mend the name"#,
                r#"rulebook.toml:32:22: "2026-02-30" is not a holiday: write 2026-12-25 for one date, 12-25 for every year, 2026-12-24..2026-12-26 for a range, 12-24..12-26 for one of every year, or a rule such as last monday of may, monday before may 25, easter + 1 or good friday"#,
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
                r#"rulebook.toml:10:1: [[pool]] needs "if_nobody"; write if_nobody = "pool: <id>", "wait" with max_wait = "2h", "assign anyway" or "escalate""#,
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
                r#"rulebook.toml:14:12: unknown rotation "random"; write balanced, round-robin, least-open or claim"#,
            ],
        ),
        (
            "members = [\"ada\"]",
            "members = []",
            &[
                "rulebook.toml:12:11: nobody is in this pool; name one rep at least, or remove the pool",
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
                "rulebook.toml:12:19: ada is in this pool twice; name them once, with a weight if need be",
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
                "rulebook.toml:12:36: a weight of 0 is no share; write a number above 0, up to 1000; who gets nothing is taken out of the pool",
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
                "rulebook.toml:12:33: a cap of 0 gives no lead; take the rep out of the pool, or write a larger cap",
            ],
        ),
        (
            "members = [\"ada\"]",
            "members = [{ weight = 2 }]",
            &[
                r#"rulebook.toml:12:12: a member needs "rep"; write { rep = "ada", weight = 2 } or { pool = "emea" }"#,
            ],
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
fn pools_within_pools_offers_and_caps() {
    check(&[
        (
            "members = [\"ada\"]",
            "members = [\"ada\", { pool = \"inbound\" }]",
            &[
                r"rulebook.toml:12:28: a pool is inside itself: inbound → inbound; take one of them out",
            ],
        ),
        (
            "members = [\"ada\"]",
            "members = [{ rep = \"ada\", pool = \"inbound\" }]",
            &[
                r"rulebook.toml:12:14: a member is a rep or a pool; keep one of them",
                r"rulebook.toml:12:34: a pool is inside itself: inbound → inbound; take one of them out",
            ],
        ),
        (
            "members = [\"ada\"]",
            "members = [{ rep = \"ada\", cap = [\"5 per day\", \"9 per day\"] }]",
            &[r"rulebook.toml:12:47: there are two caps of one kind; keep the smaller one"],
        ),
        (
            POOL,
            "if_nobody = \"assign anyway\"\nrotation = \"claim\"",
            &[
                r#"rulebook.toml:10:1: an offer needs an end; add claim_within = "3m": then happens what "if_nobody" says"#,
            ],
        ),
        (
            POOL,
            "if_nobody = \"wait\"\nmax_wait = \"2h\"\nrotation = \"claim\"\nclaim_within = \"3m\"",
            &[
                r#"rulebook.toml:10:1: an offer waits already: "claim_within" says how long; write a pool, "assign anyway" or "escalate" for when nobody took it"#,
            ],
        ),
        (
            POOL,
            "if_nobody = \"assign anyway\"\nclaim_within = \"3m\"",
            &[
                r#"rulebook.toml:14:1: "claim_within" is for rotation = "claim" alone; remove it, or write rotation = "claim""#,
            ],
        ),
        (
            POOL,
            "if_nobody = \"assign anyway\"\npage = \"revops-oncall\"",
            &[
                r#"rulebook.toml:14:1: "page" is for if_nobody = "escalate" alone; remove it, or escalate"#,
            ],
        ),
    ]);
}
