//! Broken SLAs and ladders.

use super::check;

const STEP: &str = "step = [{ at = \"100%\", tell = [\"owner\", \"channel: inbound-alerts\"] }]";

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
                "rulebook.toml:22:53: this step is not later than the one above it (5m late); put the steps in the order of their times, and join those of one time",
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
