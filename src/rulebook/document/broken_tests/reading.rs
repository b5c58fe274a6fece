//! Broken forms, mappings and tables.

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
                "rulebook.toml:33:35: custom.b has another type in line 30; give it one type everywhere",
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
                r#"bad.csv:4:1: "Atlantis" is not a country; write its name or its two-letter code, and several as a list"#,
            ],
        ),
        (
            "",
            &table(&format!("file = \"same.csv\"\n{good}")),
            &["same.csv:4:1: the key of this row is that of line 3 already; keep one of the two"],
        ),
        (
            "",
            &table(&format!("file = \"mixed.csv\"\n{good}")),
            &[
                r#"mixed.csv:3:1: "DE,inbound" is not a country; write its name or its two-letter code, and several as a list; this row has 1 cells, the heading 4: part them with ';', as there"#,
            ],
        ),
        (
            "",
            &table(&format!("file = \"book.csv\"\n{good}")),
            &[
                r#"rulebook.toml:30:8: "book.csv" is a workbook of a spreadsheet program, not a CSV file; open it there and save it as "CSV UTF-8""#,
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
                "empty.csv:1:1: the file has no row, not even a header; save the table as CSV, with its column names in the first row",
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
                "file = \"t.csv\"\nkey = { country = \"lead.free_mail\" }\ncolumns = { n = \"nmber\" }",
            ),
            &[
                "rulebook.toml:31:19: lead.free_mail is neither text nor a number; look a row up by one of those, and ask for the rest in the rule",
                r#"rulebook.toml:32:17: unknown type "nmber"; did you mean "number"?"#,
            ],
        ),
        (
            "",
            &table("file = \"t.csv\"\nkey = {}\ncolumns = { known = \"number\" }"),
            &[
                "rulebook.toml:31:7: a key of 0 columns; name 1 to 4 columns",
                r#"rulebook.toml:32:13: "known" cannot be a column: conditions name it; write a lower-case letter, then letters, digits or _; "known" is taken"#,
                "t.csv:3:1: the key of this row is that of line 2 already; keep one of the two",
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
                "rulebook.toml:27:13: t.n names no rep and no pool; write account.owner, account.parent_owner, account.opportunity_owner, person.owner or t.pool",
            ],
        ),
    ]);
}
