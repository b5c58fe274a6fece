//! Files with so many mistakes that the report itself must have a bound.

use super::*;
use crate::settings::report::FINDINGS_MAX;

fn broken(text: &str) -> Broken {
    let world = World { env: &env, file: &file };
    Settings::read("handoff.toml", text, Path::new("/etc/handoff"), world).expect_err("broken")
}

#[test]
fn of_many_mistakes_the_first_are_told_and_how_many_more_there_are() {
    let unknown = |count: usize| -> String {
        let lines: Vec<String> = (0..count).map(|n| format!("nonsense_{n} = {n}")).collect();
        format!("{}\n[action_links]\nsecrets = ['env:LINK']\n[[source]]\n", lines.join("\n"))
    };
    // One mistake more is that the source has no name.
    let at_the_limit = broken(&unknown(FINDINGS_MAX - 1));
    assert_eq!(at_the_limit.findings.len(), FINDINGS_MAX);
    assert!(!at_the_limit.to_string().contains("more of them"), "{at_the_limit}");
    for (count, more) in [(FINDINGS_MAX, "1 more of them"), (5_000, "4801 more of them")] {
        let broken = broken(&unknown(count));
        assert_eq!(broken.findings.len(), FINDINGS_MAX + 1);
        let last = broken.findings.last().expect("there are some");
        assert!(last.is_error() && last.message.contains(more), "{last}");
        assert!(broken.to_string().len() < FINDINGS_MAX * 1_000, "{}", broken.to_string().len());
    }
}

#[test]
fn a_file_that_is_no_toml_at_all_is_told_within_the_same_bounds() {
    for line in ["[[source", "secrets = ['env:A", "x = = 1", "]]", "token 'a' \"b"] {
        let text = format!("{line}\n").repeat(3_000);
        let broken = broken(&text);
        assert!((1..=FINDINGS_MAX + 1).contains(&broken.findings.len()), "{line}");
        assert!(broken.to_string().len() < FINDINGS_MAX * 1_000, "{line}");
    }
}
