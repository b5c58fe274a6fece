//! Two rulebooks, and what is said about them.

use proptest::prelude::*;

use super::*;

const OLD: &str = r#"
default_sla = "standard"
[[rep]]
id = "ada"
email = "ada@acme.example"
[[rep]]
id = "konrad"
[[pool]]
id = "emea"
members = ["ada", { rep = "konrad", weight = 2 }]
[[rule]]
id = "dach"
if.country = ["DE"]
assign_to = "pool: emea"
sla = "hot"
[[rule]]
id = "students"
[[rule]]
id = "rest"
"#;

fn says(old: &Files, new: &Files) -> Vec<String> {
    changes(old, new).into_iter().map(|one| one.says).collect()
}

#[test]
fn every_change_is_said_by_section_and_id() {
    let new = r#"
default_sla = "relaxed"
[[rep]]
id = "grace"
name = "Grace Hopper"
[[rep]]
id = "ada"
email = "ada@acme.example"
[[pool]]
id = "emea"
members = ["ada", "grace"]
[[rule]]
id = "students"
[[rule]]
id = "dach"
if.country = ["DE", "AT"]
if.employees = "500 or more"
assign_to = "pool: inbound"
[[rule]]
id = "rest"
[[rule]]
id = "late"
assign_to = "rep: ada"
"#;
    let said = says(&Files::new(OLD), &Files::new(new));
    assert_eq!(
        said,
        [
            "rule dach: pool changed from emea to inbound; if.country gained AT; if.employees is \
             new: 500 or more; sla is gone, was hot",
            "rule late was added (rep ada)",
            "rule students moved: it stands before dach now",
            "pool emea: members gained grace, lost rep konrad weight 2",
            "rep grace was added (Grace Hopper)",
            "rep konrad was removed",
            "default_sla changed from standard to relaxed",
        ]
    );
}

#[test]
fn equal_rulebooks_differ_in_nothing_and_comments_are_said_to_be_all() {
    let old = Files::new(OLD);
    assert!(changes(&old, &old).is_empty());
    let said = says(&old, &Files::new(format!("# a note\n{OLD}")));
    assert!(said.len() == 1 && said[0].contains("only comments"), "{said:?}");
    let broken = says(&old, &Files::new("[[rule"));
    assert!(broken.len() == 1 && broken[0].contains("no TOML"), "{broken:?}");
    let (one, two) = (
        "[[pool]]\nid = \"b\"\n[[pool]]\nid = \"a\"\n",
        "[[pool]]\nid = \"a\"\n[[pool]]\nid = \"b\"\n",
    );
    let said = says(&Files::new(one), &Files::new(two));
    assert!(said[0].contains("order of entries"), "the order of pools means nothing: {said:?}");
}

#[test]
fn rows_of_a_table_are_counted_and_the_first_few_named() {
    let table = |rows: &str| Files::new(OLD).with("tables/t.csv", rows.to_owned());
    let old = table("country,pool\nDE,emea\nFR,emea\nIT,emea\n");
    let new = table("country,pool\nDE,dach\nIT,emea\nUS,usa\nCA,usa\nMX,usa\nBR,usa\n");
    assert_eq!(
        says(&old, &new),
        ["tables/t.csv: 4 rows added (BR,usa · CA,usa · MX,usa · …); 1 row removed (FR,emea); \
          1 row changed (DE,emea is now DE,dach)"]
    );
    assert_eq!(says(&old, &Files::new(OLD)), ["tables/t.csv was removed"]);
    let turned = table("country,pool\nIT,emea\nFR,emea\nDE,emea\n");
    assert_eq!(says(&old, &turned), ["tables/t.csv: only the order of rows or blanks changed"]);
}

#[test]
fn a_list_of_versions_says_the_first_few() {
    let change = |n: u32| Change::new("rule", &n.to_string(), What::Added, format!("rule {n}"));
    let all: Vec<Change> = (1..=5).map(change).collect();
    assert_eq!(summary(&all), "rule 1; rule 2; rule 3; and 2 more");
    assert_eq!(summary(&[]), "nothing changed");
}

fn rules(order: &[usize]) -> Files {
    let rules = order.iter().map(|n| format!("[[rule]]\nid = \"r{n}\"\n"));
    Files::new(rules.collect::<String>())
}

proptest! {
    /// Taking out the rules that are said to have moved leaves the same order on both sides.
    #[test]
    fn what_moved_explains_the_new_order(order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let sorted: Vec<usize> = (0..9).collect();
        let found = changes(&rules(&sorted), &rules(&order));
        let moved: BTreeSet<String> = found.into_iter().map(|one| {
            prop_assert_eq!(one.what, What::Moved);
            Ok(one.id)
        }).collect::<Result<_, TestCaseError>>()?;
        let rest: Vec<usize> =
            order.iter().copied().filter(|n| !moved.contains(&format!("r{n}"))).collect();
        prop_assert!(rest.is_sorted(), "{:?} without {:?}", order, moved);
        prop_assert!(order != sorted || moved.is_empty());
    }

    #[test]
    fn any_two_texts_can_be_compared(old in "\\PC{0,80}", new in "\\PC{0,80}", a in "\\PC{0,60}", b in "\\PC{0,60}") {
        let old = Files::new(old).with("t.csv", a);
        let new = Files::new(new).with("t.csv", b);
        prop_assert_eq!(changes(&old, &new).is_empty(), old == new);
    }
}
