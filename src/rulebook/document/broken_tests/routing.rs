//! Broken forms, mappings, tables, rules and examples.

use super::{RULE, check};

#[test]
fn forms_and_mappings() {
    check(&[
        (
            "",
            "[[form]]\nsource = \"website\"\nintent = \"dmeo\"",
            &[r#"rulebook.toml:30:10: unknown intent "dmeo"; did you mean "demo"?"#],
        ),
        (
            "",
            "[[form]]\nsource = \"web\"\nintent = \"demo\"",
            &[r#"rulebook.toml:29:10: unknown source "web"; did you mean "website"?"#],
        ),
        (
            "",
            "[[form]]\nsource = \"website\"\nintent = \"demo\"\n[[form]]\nsource = \"website\"\nintent = \"contact\"",
            &[
                r#"rulebook.toml:31:1: there are two entries for the source "website"; keep one, or name the form in the other"#,
            ],
        ),
        (
            "",
            "[[mapping]]\nsource = \"website\"\nemial = \"$.e\"",
            &[r#"rulebook.toml:30:1: unknown field "emial" in [[mapping]]; did you mean "email"?"#],
        ),
        (
            "",
            "[[mapping]]\nsource = \"website\"\ncolour = \"$.e\"",
            &[
                r#"rulebook.toml:30:1: unknown field "colour" in [[mapping]]; write custom.colour for a field of your own"#,
            ],
        ),
        (
            "",
            "[[mapping]]\nsource = \"website\"\nemail = \"email\"",
            &[
                r#"rulebook.toml:30:9: "email" is not a JSON path; a path starts with $, as in "$.email""#,
            ],
        ),
        (
            "",
            "[[mapping]]\nsource = \"website\"\nemail = \"$.a[\"",
            &[
                r#"rulebook.toml:30:13: "$.a[" is not a JSON path; write it as in "$.answers.email" or "$['First Name']""#,
            ],
        ),
        (
            "",
            "[[mapping]]\nsource = \"website\"\nemail = []",
            &[r#"rulebook.toml:30:9: email has no path; write one, as in "$.answers.email""#],
        ),
        (
            "",
            "[[mapping]]\nsource = \"website\"\nemail = { path = \"$.a\", transform = \"lowr\" }",
            &[r#"rulebook.toml:30:37: unknown transform "lowr"; did you mean "lower"?"#],
        ),
        (
            "",
            "[[mapping]]\nsource = \"website\"\nemail = { path = \"$.a\", transform = [\"split\"] }",
            &[r#"rulebook.toml:30:38: "split" needs to know more; write { split = [",", 0] }"#],
        ),
        (
            "",
            "[[mapping]]\nsource = \"website\"\nemail = { path = \"$.a\", transform = { regex_replace = [\"(\", \"\"] } }",
            &[r#"rulebook.toml:30:55: "(" is not a regular expression: unclosed group; mend it"#],
        ),
        (
            "",
            "[[mapping]]\nsource = \"website\"\nemail = { path = \"$.a\", type = \"number\" }",
            &[r#"rulebook.toml:30:25: email is always text; remove "type""#],
        ),
        (
            "",
            "[[mapping]]\nsource = \"website\"\ncustom.Budget = \"$.b\"",
            &[
                r#"rulebook.toml:30:8: "Budget" cannot be the name of a custom field; write a lower-case letter, then letters, digits or _"#,
            ],
        ),
        (
            "",
            "[[mapping]]\nsource = \"website\"\ncustom.b = { path = \"$.b\", type = \"numbre\" }",
            &[r#"rulebook.toml:30:35: unknown type "numbre"; did you mean "number"?"#],
        ),
        (
            "",
            "[[mapping]]\nsource = \"website\"\ncustom.b = { path = \"$.b\", type = \"number\" }\n[[mapping]]\nsource = \"partner-hmac\"\ncustom.b = { path = \"$.b\", type = \"bool\" }",
            &[
                r#"rulebook.toml:33:35: custom.b has another type in line 30; give it one type everywhere"#,
            ],
        ),
        (
            "",
            "[[mapping]]\nsource = \"website\"\n[[mapping]]\nsource = \"website\"",
            &[r#"rulebook.toml:31:10: there are two mappings for "website"; join them"#],
        ),
    ]);
}

#[test]
fn tables() {
    let table = |what: &str| format!("[[table]]\nid = \"t\"\n{what}");
    let good = "key = { country = \"lead.country\" }\ncolumns = { pool = \"pool\", n = \"number\", b = \"bool\" }";
    check(&[
        ("", &table(&format!("file = \"t.csv\"\n{good}")), &[]),
        (
            "",
            &table(&format!("file = \"bad.csv\"\n{good}")),
            &[
                r#"bad.csv:2:4: unknown pool "inbund"; did you mean "inbound"?"#,
                r#"bad.csv:3:17: "many" is not a number; write digits alone"#,
                r#"bad.csv:3:22: "perhaps" is neither yes nor no; write yes or no"#,
                r#"bad.csv:4:1: "Atlantis" is not a country; write its name or its two-letter code"#,
            ],
        ),
        (
            "",
            &table(&format!("file = \"latin.csv\"\n{good}")),
            &[
                r#"rulebook.toml:30:8: "latin.csv" is not UTF-8 (line 2); save it as "CSV UTF-8" or as UTF-8 text"#,
            ],
        ),
        (
            "",
            &table(&format!("file = \"empty.csv\"\n{good}")),
            &[
                r#"empty.csv:1:1: the file has no row, not even a header; save the table as CSV, with its column names in the first row"#,
            ],
        ),
        (
            "",
            &table(&format!("file = \"tt.csv\"\n{good}")),
            &[r#"rulebook.toml:30:8: there is no file "tt.csv"; did you mean "t.csv"?"#],
        ),
        (
            "",
            &table(&format!("file = \"../t.csv\"\n{good}")),
            &[
                r#"rulebook.toml:30:8: "../t.csv" is not a file beside the rulebook; write its path from there with /, without .., as in "tables/territory.csv""#,
            ],
        ),
        (
            "",
            &table(
                "file = \"t.csv\"\nkey = { land = \"lead.country\" }\ncolumns = { n = \"number\" }",
            ),
            &[r#"rulebook.toml:31:9: "t.csv" has no column "land"; write country, pool, n or b"#],
        ),
        (
            "",
            &table(
                "file = \"t.csv\"\nkey = { country = \"lead.contry\" }\ncolumns = { n = \"number\" }",
            ),
            &[r#"rulebook.toml:31:19: unknown fact "lead.contry"; did you mean "lead.country"?"#],
        ),
        (
            "",
            &table(
                "file = \"t.csv\"\nkey = { country = \"lead.employees\" }\ncolumns = { n = \"nmber\" }",
            ),
            &[
                r#"rulebook.toml:31:19: lead.employees is not text; look a row up by text, and compare numbers in the rule"#,
                r#"rulebook.toml:32:17: unknown type "nmber"; did you mean "number"?"#,
            ],
        ),
        (
            "",
            &table("file = \"t.csv\"\nkey = {}\ncolumns = { known = \"number\" }"),
            &[
                r#"rulebook.toml:31:7: a key of 0 columns; name 1 to 4 columns"#,
                r#"rulebook.toml:32:13: "known" cannot be a column: conditions name it; write a lower-case letter, then letters, digits or _; "known" is taken"#,
                r#"t.csv:3:1: the key of this row is that of line 2 already; keep one of the two"#,
            ],
        ),
        (
            "",
            "[[table]]\nid = \"lead\"\nfile = \"t.csv\"\nkey = { country = \"lead.country\" }\ncolumns = {}",
            &[
                r#"rulebook.toml:29:6: "lead" cannot be a table: conditions name it; write a lower-case letter, then letters, digits or _; not lead, account or person"#,
            ],
        ),
        (
            RULE,
            &format!(
                "[[rule]]\nid = \"r\"\nif.t = \"known\"\nassign_to = \"t.n\"\n\n{}\n\n{RULE}",
                table(&format!("file = \"t.csv\"\n{good}"))
            ),
            &[
                r#"rulebook.toml:27:13: t.n names no rep and no pool; write account.owner, person.owner or t.pool"#,
            ],
        ),
    ]);
}

#[test]
fn rules() {
    let first = |what: &str| format!("[[rule]]\nid = \"r\"\n{what}\n\n{RULE}");
    check(&[
        (
            "assign_to = \"pool: inbound\"",
            "assign_to = \"pool: emea\"",
            &[r#"rulebook.toml:26:13: unknown pool "emea"; write inbound"#],
        ),
        (
            "assign_to = \"pool: inbound\"",
            "assign_to = \"inbound\"",
            &[
                r#"rulebook.toml:26:13: "inbound" does not say what it refers to; write "pool: inbound""#,
            ],
        ),
        (
            "assign_to = \"pool: inbound\"",
            "assign_to = \"team: inbound\"",
            &[
                r#"rulebook.toml:26:13: "assign_to" cannot be "team: inbound"; write "account.owner", "pool: …" or "rep: …""#,
            ],
        ),
        (
            "assign_to = \"pool: inbound\"",
            "",
            &[
                r#"rulebook.toml:24:1: this rule does nothing with a lead; add assign_to = "pool: …" or set_aside = "…""#,
            ],
        ),
        (
            "assign_to = \"pool: inbound\"",
            "assign_to = \"account.owner\"",
            &[
                r#"rulebook.toml:24:1: the last rule may name nobody; add if_unavailable = "pool: …""#,
            ],
        ),
        (
            "assign_to = \"pool: inbound\"",
            "assign_to = \"pool: inbound\"\nset_aside = \"x\"",
            &[
                r#"rulebook.toml:27:1: a rule does one thing with a lead; keep "assign_to" or "set_aside""#,
            ],
        ),
        (
            "assign_to = \"pool: inbound\"",
            "assign_to = \"pool: inbound\"\nif.country = \"DE\"",
            &[
                r#"rulebook.toml:24:1: a lead can fall through: the last rule, "everyone", has a condition; add a rule without "if" and "when" below it, as in assign_to = "pool: …""#,
            ],
        ),
        (
            "assign_to = \"pool: inbound\"",
            "assign_to = \"pool: inbound\"\nsla = \"hot\"",
            &[r#"rulebook.toml:27:7: unknown sla "hot"; write standard"#],
        ),
        (
            RULE,
            &first("assign_to = \"rep: ada\""),
            &[
                r#"rulebook.toml:28:1: no lead reaches this rule: "r" above holds for every one; move it up, or give the other one a condition"#,
            ],
        ),
        (
            RULE,
            &first("if.contry = \"DE\"\nassign_to = \"rep: ada\""),
            &[r#"rulebook.toml:26:4: unknown field contry, did you mean country?"#],
        ),
        (
            RULE,
            &first("if.country = [\"DE\", \"Germny\"]\nassign_to = \"rep: ada\""),
            &[r#"rulebook.toml:26:21: "Germny" is not a country; did you mean "Germany"?"#],
        ),
        (
            RULE,
            &first("if.employees = \"many\"\nassign_to = \"rep: ada\""),
            &[
                r#"rulebook.toml:26:16: "many" is not a number; write one such as 500, or a range such as "500 or more", "50 to 200" or "under 50""#,
            ],
        ),
        (
            RULE,
            &first("if.custom.budget = 5\nassign_to = \"rep: ada\""),
            &[
                r#"rulebook.toml:26:11: no mapping fills custom.budget; write custom.budget = "$.…" in a [[mapping]]"#,
            ],
        ),
        (
            RULE,
            &first("when = 'lead.employes > 5'\nassign_to = \"rep: ada\""),
            &[r#"rulebook.toml:26:9: unknown field lead.employes, did you mean lead.employees?"#],
        ),
        (
            RULE,
            &first(
                "when = '''\nlead.employees > 5\n  && lead.country == \"Germany\"\n'''\nassign_to = \"rep: ada\"",
            ),
            &[
                r#"rulebook.toml:28:22: lead.country says "DE" where this says "Germany"; write "DE""#,
            ],
        ),
        (
            RULE,
            &first("if = {}\nassign_to = \"rep: ada\""),
            &[
                r#"rulebook.toml:26:6: this condition is empty; remove "if" for a rule that holds for every lead"#,
            ],
        ),
        (
            RULE,
            &first("if.country = \"DE\"\nif_unknown = \"wait\"\nassign_to = \"rep: ada\""),
            &[
                r#"rulebook.toml:27:14: unknown word "wait"; write "skip", "hold", or { wait = "60s", then = "skip" }"#,
            ],
        ),
        (
            RULE,
            &first(
                "if.country = \"DE\"\nif_unknown = { wait = \"60s\" }\nassign_to = \"rep: ada\"",
            ),
            &[r#"rulebook.toml:27:14: if_unknown needs "then"; write then = "skip" or "hold""#],
        ),
        (
            RULE,
            &first("if.country = \"DE\"\nassign_to = \"lead.country\""),
            &[
                r#"rulebook.toml:27:13: lead.country names no rep and no pool; write account.owner or person.owner"#,
            ],
        ),
        (
            RULE,
            &first("if.country = \"DE\"\nassign_to = \"acount.owner\""),
            &[r#"rulebook.toml:27:13: unknown fact "acount.owner"; did you mean "account.owner"?"#],
        ),
        (
            RULE,
            &first(
                "if.country = \"DE\"\nassign_to = \"pool: inbound\"\nif_unavailable = \"rep: ada\"",
            ),
            &[
                r#"rulebook.toml:28:1: a pool says itself what happens when nobody is available; remove "if_unavailable""#,
            ],
        ),
        (
            RULE,
            &first("if.country = \"DE\"\nset_aside = \"not now\""),
            &[
                r#"rulebook.toml:27:13: "not now" cannot name an exit; write letters, digits, - or _"#,
            ],
        ),
        (
            RULE,
            &first("if.country = \"DE\"\nset_aside = \"x\"\nsla = \"standard\""),
            &[r#"rulebook.toml:28:1: nobody has to answer a lead that is set aside; remove "sla""#],
        ),
        (
            RULE,
            &first("if.country = \"DE\"\nassing_to = \"rep: ada\""),
            &[
                r#"rulebook.toml:27:1: unknown key "assing_to" in [[rule]]; did you mean "assign_to"?"#,
            ],
        ),
        (
            "[[rule]]\nid = \"everyone\"\nassign_to = \"pool: inbound\"\n",
            "",
            &[
                r#"rulebook.toml:1:1: there is no rule; write a [[rule]] with assign_to = "pool: …" for all leads"#,
            ],
        ),
    ]);
}

#[test]
fn examples() {
    let example = |what: &str| format!("[[example]]\n{what}");
    check(&[
        (
            "",
            &example("lead = { email = \"a@b.example\" }\nexpect = \"rep: ada\""),
            &[
                r#"rulebook.toml:30:10: this lead comes to "pool: inbound", by the rule "everyone"; no rule leads there"#,
            ],
        ),
        (
            "",
            &example("lead = { email = \"a@b.example\" }\nexpect = \"set_aside: x\""),
            &[
                r#"rulebook.toml:30:10: this lead comes to "pool: inbound", by the rule "everyone"; no rule leads there"#,
            ],
        ),
        (
            "",
            &example("lead = { email = \"nobody\" }\nexpect = \"rule: everyone\""),
            &[r#"rulebook.toml:29:18: "nobody": it has no @; write what a lead could have"#],
        ),
        (
            "",
            &example(
                "lead = { country = \"Germny\", emial = \"x\" }\nexpect = \"rule: everybody\"",
            ),
            &[
                r#"rulebook.toml:29:20: "Germny" is not a country; did you mean "Germany"?; write what a lead could have"#,
                r#"rulebook.toml:29:30: unknown field "emial" in an example; did you mean "email"?"#,
                r#"rulebook.toml:30:10: unknown rule "everybody"; did you mean "everyone"?"#,
            ],
        ),
        (
            "",
            &example("lead = { source = \"web\" }\nexpect = \"rule: everyone\""),
            &[r#"rulebook.toml:29:19: unknown source "web"; did you mean "website"?"#],
        ),
        (
            "",
            &example(
                "lead = { intent = \"dmeo\", account = \"yes\" }\nexpect = \"rule: everyone\"",
            ),
            &[
                r#"rulebook.toml:29:19: unknown intent "dmeo"; did you mean "demo"?"#,
                r#"rulebook.toml:29:37: unknown word "yes"; write "known", "unknown", "not asked", or { owner = "<rep>" }"#,
            ],
        ),
        (
            RULE,
            "[[example]]\nlead = { country = \"AT\", employees = 20 }\nexpect = \"rep: ada\"\n[[rule]]\nid = \"big\"\nif.country = \"DE\"\nif.employees = \"500 or more\"\nassign_to = \"rep: ada\"\n[[rule]]\nid = \"everyone\"",
            &[
                r#"rulebook.toml:26:10: this lead comes to "pool: inbound", by the rule "everyone"; the rule "big" did not hold: country is Austria, needed Germany; employees is 20, needed 500 or more"#,
            ],
        ),
    ]);
}
