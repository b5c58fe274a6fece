//! Broken rules and examples.

use super::{RULE, check};

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
                r#"rulebook.toml:28:1: no lead reaches this rule: "r" above holds for every one; move it above "r", or give that one a condition"#,
            ],
        ),
        (
            "",
            "[[rule]]\nid = \"late\"\nif.country = \"DE\"\nassign_to = \"rep: ada\"",
            &[
                r#"rulebook.toml:28:1: no lead reaches this rule: "everyone" above holds for every one; move it above "everyone", or give that one a condition"#,
            ],
        ),
        (
            RULE,
            &first("if.contry = \"DE\"\nassign_to = \"rep: ada\""),
            &["rulebook.toml:26:4: unknown field contry, did you mean country?"],
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
            &["rulebook.toml:26:9: unknown field lead.employes, did you mean lead.employees?"],
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
                "rulebook.toml:27:13: lead.country names no rep and no pool; write account.owner, account.parent_owner, account.opportunity_owner or person.owner",
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
