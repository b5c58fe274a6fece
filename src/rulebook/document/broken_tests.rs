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
        ("", "x = ", &[]),
        ("[[pool]]", "[[pool", &[]),
        ("default_sla", "defalt_sla", &[]),
        ("default_sla = \"standard\"", "default_sla = 5", &[]),
        ("default_sla = \"standard\"", "default_sla = \"standart\"", &[]),
        ("default_sla = \"standard\"\n", "", &[]),
        ("default_sla", "same_lead_within = \"5 days\"\ndefault_sla", &[]),
        ("default_sla", "intents = [\"demo\", \"demo\"]\ndefault_sla", &[]),
        ("alarm = [\"channel: inbound-alerts\"]\n", "", &[]),
        ("alarm = [\"channel: inbound-alerts\"]", "alarm = [\"owner\"]", &[]),
        ("[[pool]]", "[pool]", &[]),
        ("", "[[rules]]\nid = \"x\"", &[]),
    ]);
}

#[test]
fn people_and_hours() {
    check(&[
        ("id = \"ada\"\n", "", &[]),
        ("id = \"ada\"", "id = \"ada byron\"", &[]),
        ("name = \"Ada Byron\"\n", "", &[]),
        ("name = \"Ada Byron\"", "nmae = \"Ada Byron\"", &[]),
        ("email = \"ada@acme.example\"", "email = \"ada\"", &[]),
        ("email = \"ada@acme.example\"", "email = \"\"", &[]),
        ("tell_by = [\"email\"]\n", "", &[]),
        ("tell_by = [\"email\"]", "tell_by = [\"inbound-alerts\"]", &[]),
        ("tell_by = [\"email\"]", "tell_by = [\"emial\"]", &[]),
        ("tell_by = [\"email\"]", "tell_by = [\"email\"]\nmanager = \"rep: ada\"", &[]),
        ("tell_by = [\"email\"]", "tell_by = [\"email\"]\nmanager = \"ada\"", &[]),
        ("tell_by = [\"email\"]", "tell_by = [\"email\"]\ncrm.salesforce = \"1\"", &[]),
        ("tell_by = [\"email\"]", "tell_by = [\"email\"]\nleft = true", &[]),
        ("tell_by = [\"email\"]", "tell_by = [\"email\"]\nhours = \"london\"", &[]),
        ("", "[[rep]]\nid = \"ada\"\nname = \"A\"\nemail = \"a@b.example\"\ntell_by = []", &[]),
        ("", "[[rep]]\nid = \"ben\"\nname = \"B\"\nemail = \"b@b.example\"\ntell_by = []\nbackup = \"cid\"\n[[rep]]\nid = \"cid\"\nname = \"C\"\nemail = \"c@b.example\"\ntell_by = []\nbackup = \"ben\"", &[]),
        ("", "[[hours]]\nid = \"x\"\nzone = \"Europe/Londn\"\nopen = { mon-fri = [\"09:00-17:00\"] }", &[]),
        ("", "[[hours]]\nid = \"x\"\nzone = \"UTC\"\nopen = { mon-fri = [\"09:00-17:00\", \"9-25\"], tues = [\"10:00-11:00\"] }", &[]),
        ("", "[[hours]]\nid = \"x\"\nzone = \"UTC\"\nopen = {}\nholidays = [\"x.ics\", \"2026-02-30\"]", &[]),
    ]);
}

#[test]
fn pools() {
    check(&[
        (POOL, "", &[]),
        (POOL, "if_nobody = \"inbound\"", &[]),
        (POOL, "if_nobody = \"pool: inbund\"", &[]),
        (POOL, "if_nobody = \"pool: inbound\"", &[]),
        (POOL, "if_nobody = \"wait\"", &[]),
        (POOL, "if_nobody = \"assign anyway\"\nmax_wait = \"2h\"", &[]),
        (POOL, "if_nobody = \"assign anyway\"\nrotation = \"random\"", &[]),
        ("members = [\"ada\"]", "members = []", &[]),
        ("members = [\"ada\"]", "members = [\"aga\"]", &[]),
        ("members = [\"ada\"]", "members = [\"ada\", \"ada\"]", &[]),
        ("members = [\"ada\"]", "members = \"ada\"", &[]),
        ("members = [\"ada\"]", "members = [{ rep = \"ada\", weight = 0 }]", &[]),
        ("members = [\"ada\"]", "members = [{ rep = \"ada\", cap = \"20 a day\" }]", &[]),
        ("members = [\"ada\"]", "members = [{ rep = \"ada\", cap = \"0 open\" }]", &[]),
        ("members = [\"ada\"]", "members = [{ weight = 2 }]", &[]),
        ("id = \"inbound\"", "id = \"ada\"", &[]),
    ]);
}

#[test]
fn ladders() {
    check(&[
        ("escalation = \"chain\"", "escalation = \"chian\"", &[]),
        ("escalation = \"chain\"\n", "", &[]),
        ("respond_within = \"15m\"", "respond_within = \"0s\"", &[]),
        ("respond_within = \"15m\"", "respond_within = \"15 min\"", &[]),
        ("respond_within = \"15m\"", "respond_within = \"15m\"\nclock = \"office\"", &[]),
        ("respond_within = \"15m\"", "respond_within = \"15m\"\nclock = \"hours: london\"", &[]),
        (STEP, "step = []", &[]),
        (STEP, "", &[]),
        (STEP, "step = [{ at = \"100%\", tell = [\"owner\"] }]", &[]),
        (STEP, "step = [{ at = \"100%\", tell = [\"manager\"] }]", &[]),
        (STEP, "step = [{ at = \"120%\", page = \"revops-oncall\" }]", &[]),
        (STEP, "step = [{ at = \"half\", page = \"revops-oncall\" }]", &[]),
        (STEP, "step = [{ page = \"revops-oncall\" }]", &[]),
        (STEP, "step = [{ at = \"50%\", late_by = \"5m\", page = \"revops-oncall\" }]", &[]),
        (STEP, "step = [{ late_by = \"5m\", page = \"revops-oncall\" }, { at = \"50%\", tell = [\"owner\"] }]", &[]),
        (STEP, "step = [{ at = \"50%\" }]", &[]),
        (STEP, "step = [{ at = \"50%\", page = \"email\" }]", &[]),
        (STEP, "step = [{ at = \"50%\", tell = [\"channel: email\"] }]", &[]),
        (STEP, "step = [{ at = \"50%\", tell = [\"channel: revops-oncall\"] }]", &[]),
        (STEP, "step = [{ at = \"50%\", tell = [\"mananger\"] }]", &[]),
        (STEP, "step = [{ at = \"50%\", page = \"revops-oncall\", repeat = \"5m\" }]", &[]),
        (STEP, "step = [{ at = \"50%\", page = \"revops-oncall\", times = 3 }]", &[]),
    ]);
}

#[test]
fn forms_and_mappings() {
    check(&[
        ("", "[[form]]\nsource = \"website\"\nintent = \"dmeo\"", &[]),
        ("", "[[form]]\nsource = \"web\"\nintent = \"demo\"", &[]),
        ("", "[[form]]\nsource = \"website\"\nintent = \"demo\"\n[[form]]\nsource = \"website\"\nintent = \"contact\"", &[]),
        ("", "[[mapping]]\nsource = \"website\"\nemial = \"$.e\"", &[]),
        ("", "[[mapping]]\nsource = \"website\"\ncolour = \"$.e\"", &[]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = \"email\"", &[]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = \"$.a[\"", &[]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = []", &[]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = { path = \"$.a\", transform = \"lowr\" }", &[]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = { path = \"$.a\", transform = [\"split\"] }", &[]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = { path = \"$.a\", transform = { regex_replace = [\"(\", \"\"] } }", &[]),
        ("", "[[mapping]]\nsource = \"website\"\nemail = { path = \"$.a\", type = \"number\" }", &[]),
        ("", "[[mapping]]\nsource = \"website\"\ncustom.Budget = \"$.b\"", &[]),
        ("", "[[mapping]]\nsource = \"website\"\ncustom.b = { path = \"$.b\", type = \"numbre\" }", &[]),
        ("", "[[mapping]]\nsource = \"website\"\ncustom.b = { path = \"$.b\", type = \"number\" }\n[[mapping]]\nsource = \"partner-hmac\"\ncustom.b = { path = \"$.b\", type = \"bool\" }", &[]),
        ("", "[[mapping]]\nsource = \"website\"\n[[mapping]]\nsource = \"website\"", &[]),
    ]);
}

#[test]
fn tables() {
    let table = |what: &str| format!("[[table]]\nid = \"t\"\n{what}");
    let good = "key = { country = \"lead.country\" }\ncolumns = { pool = \"pool\", n = \"number\", b = \"bool\" }";
    check(&[
        ("", &table(&format!("file = \"t.csv\"\n{good}")), &[]),
        ("", &table(&format!("file = \"bad.csv\"\n{good}")), &[]),
        ("", &table(&format!("file = \"latin.csv\"\n{good}")), &[]),
        ("", &table(&format!("file = \"empty.csv\"\n{good}")), &[]),
        ("", &table(&format!("file = \"tt.csv\"\n{good}")), &[]),
        ("", &table(&format!("file = \"../t.csv\"\n{good}")), &[]),
        ("", &table("file = \"t.csv\"\nkey = { land = \"lead.country\" }\ncolumns = { n = \"number\" }"), &[]),
        ("", &table("file = \"t.csv\"\nkey = { country = \"lead.contry\" }\ncolumns = { n = \"number\" }"), &[]),
        ("", &table("file = \"t.csv\"\nkey = { country = \"lead.employees\" }\ncolumns = { n = \"nmber\" }"), &[]),
        ("", &table("file = \"t.csv\"\nkey = {}\ncolumns = { known = \"number\" }"), &[]),
        ("", "[[table]]\nid = \"lead\"\nfile = \"t.csv\"\nkey = { country = \"lead.country\" }\ncolumns = {}", &[]),
        (RULE, &format!("[[rule]]\nid = \"r\"\nif.t = \"known\"\nassign_to = \"t.n\"\n\n{}\n\n{RULE}", table(&format!("file = \"t.csv\"\n{good}"))), &[]),
    ]);
}

#[test]
fn rules() {
    let first = |what: &str| format!("[[rule]]\nid = \"r\"\n{what}\n\n{RULE}");
    check(&[
        ("assign_to = \"pool: inbound\"", "assign_to = \"pool: emea\"", &[]),
        ("assign_to = \"pool: inbound\"", "assign_to = \"inbound\"", &[]),
        ("assign_to = \"pool: inbound\"", "assign_to = \"team: inbound\"", &[]),
        ("assign_to = \"pool: inbound\"", "", &[]),
        ("assign_to = \"pool: inbound\"", "assign_to = \"account.owner\"", &[]),
        ("assign_to = \"pool: inbound\"", "assign_to = \"pool: inbound\"\nset_aside = \"x\"", &[]),
        ("assign_to = \"pool: inbound\"", "assign_to = \"pool: inbound\"\nif.country = \"DE\"", &[]),
        ("assign_to = \"pool: inbound\"", "assign_to = \"pool: inbound\"\nsla = \"hot\"", &[]),
        (RULE, &first("assign_to = \"rep: ada\""), &[]),
        (RULE, &first("if.contry = \"DE\"\nassign_to = \"rep: ada\""), &[]),
        (RULE, &first("if.country = [\"DE\", \"Germny\"]\nassign_to = \"rep: ada\""), &[]),
        (RULE, &first("if.employees = \"many\"\nassign_to = \"rep: ada\""), &[]),
        (RULE, &first("if.custom.budget = 5\nassign_to = \"rep: ada\""), &[]),
        (RULE, &first("when = 'lead.employes > 5'\nassign_to = \"rep: ada\""), &[]),
        (RULE, &first("when = '''\nlead.employees > 5\n  && lead.country == \"Germany\"\n'''\nassign_to = \"rep: ada\""), &[]),
        (RULE, &first("if = {}\nassign_to = \"rep: ada\""), &[]),
        (RULE, &first("if.country = \"DE\"\nif_unknown = \"wait\"\nassign_to = \"rep: ada\""), &[]),
        (RULE, &first("if.country = \"DE\"\nif_unknown = { wait = \"60s\" }\nassign_to = \"rep: ada\""), &[]),
        (RULE, &first("if.country = \"DE\"\nassign_to = \"lead.country\""), &[]),
        (RULE, &first("if.country = \"DE\"\nassign_to = \"acount.owner\""), &[]),
        (RULE, &first("if.country = \"DE\"\nassign_to = \"pool: inbound\"\nif_unavailable = \"rep: ada\""), &[]),
        (RULE, &first("if.country = \"DE\"\nset_aside = \"not now\""), &[]),
        (RULE, &first("if.country = \"DE\"\nset_aside = \"x\"\nsla = \"standard\""), &[]),
        (RULE, &first("if.country = \"DE\"\nassing_to = \"rep: ada\""), &[]),
        ("[[rule]]\nid = \"everyone\"\nassign_to = \"pool: inbound\"\n", "", &[]),
    ]);
}

#[test]
fn examples() {
    let example = |what: &str| format!("[[example]]\n{what}");
    check(&[
        ("", &example("lead = { email = \"a@b.example\" }\nexpect = \"rep: ada\""), &[]),
        ("", &example("lead = { email = \"a@b.example\" }\nexpect = \"set_aside: x\""), &[]),
        ("", &example("lead = { email = \"nobody\" }\nexpect = \"rule: everyone\""), &[]),
        ("", &example("lead = { country = \"Germny\", emial = \"x\" }\nexpect = \"rule: everybody\""), &[]),
        ("", &example("lead = { source = \"web\" }\nexpect = \"rule: everyone\""), &[]),
        ("", &example("lead = { intent = \"dmeo\", account = \"yes\" }\nexpect = \"rule: everyone\""), &[]),
        (RULE, "[[example]]\nlead = { country = \"AT\", employees = 20 }\nexpect = \"rep: ada\"\n[[rule]]\nid = \"big\"\nif.country = \"DE\"\nif.employees = \"500 or more\"\nassign_to = \"rep: ada\"\n[[rule]]\nid = \"everyone\"", &[]),
    ]);
}
