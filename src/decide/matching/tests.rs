//! Which account, of several that could be meant.

use super::{Asked, Builder, Mirror, find};
use crate::model::{
    account::{Account, By, Matched, Matching, Opportunity, Tie},
    time::Time,
};

fn account(id: &str, name: &str, domains: &[&str]) -> Account {
    let domains = domains.iter().map(|&domain| domain.to_owned()).collect();
    Account { id: id.into(), name: name.into(), domains, ..Account::default() }
}

fn mirror(accounts: &[Account]) -> Mirror {
    let mut builder = Builder::default();
    for account in accounts {
        builder.add("crm", account);
    }
    builder.finish(7)
}

fn ask(mirror: &Mirror, domain: Option<&str>, name: Option<&str>) -> Matched {
    let asked = Asked { domain, name, country: Some("DE") };
    find(mirror, &Matching::default(), asked, 3).unwrap()
}

fn id(matched: &Matched) -> &str {
    matched.account.as_ref().map_or("", |account| &account.id)
}

#[test]
fn an_empty_mirror_says_nothing_and_a_filled_one_says_whom_it_has_not() {
    let asked = Asked { domain: Some("linden.example"), name: Some("Linden"), country: None };
    assert_eq!(find(&Mirror::default(), &Matching::default(), asked, 3), None);
    let matched = ask(&mirror(&[account("1", "Harrow Mills", &[])]), None, Some("Linden"));
    assert_eq!((matched.by, id(&matched), matched.mirror), (By::None, "", 7));
}

#[test]
fn what_does_not_fit_is_left_out_and_counted_and_nothing_takes_more_than_it_may() {
    let accounts: Vec<Account> = (0..4_000_u32)
        .map(|n| {
            let word = |n: u32| char::from_u32(u32::from(b'a') + n % 26).unwrap();
            let own: String =
                (0..6).map(|at| word(n.wrapping_mul(2_654_435_761) >> (at * 4))).collect();
            account(
                &format!("{n:06}"),
                &format!("{own} Foods GmbH"),
                &[&format!("{own}{n}.example")],
            )
        })
        .collect();
    let whole = mirror(&accounts);
    assert_eq!((whole.len(), whole.left_out()), (4_000, 0));
    for room in [whole.bytes() / 4, whole.bytes() / 2, whole.bytes()] {
        let mut builder = Builder::within(room);
        for account in &accounts {
            builder.add("crm", account);
        }
        let part = builder.finish(7);
        assert_eq!(part.len() + part.left_out(), 4_000);
        let taken = part.bytes() as f64 / room as f64;
        assert!((0.85..1.05).contains(&taken), "{taken} of {room}");
        let last = &accounts[part.len() - 1];
        assert_eq!(id(&ask(&part, Some(&last.domains[0]), None)), last.id);
    }
    let mut none = Builder::within(0);
    none.add("crm", &accounts[0]);
    assert_eq!(none.finish(7).left_out(), 1);
}

#[test]
fn a_domain_goes_before_a_name_and_aliases_are_as_good() {
    let mirror = mirror(&[
        account("1", "Linden Works", &["linden.example", "lindenworks.de"]),
        account("2", "Harrow Mills", &["harrow.example"]),
    ]);
    for (domain, name, expected, by) in [
        (Some("linden.example"), Some("Harrow Mills"), "1", By::Domain),
        (Some("lindenworks.de"), None, "1", By::Domain),
        (Some("unknown.example"), Some("The HARROW Mills Ltd."), "2", By::Name),
        (None, Some("Harrow Milsl"), "2", By::Name),
    ] {
        let matched = ask(&mirror, domain, name);
        assert_eq!((id(&matched), matched.by), (expected, by), "{domain:?} {name:?}");
    }
    let by_name = Matching { by: vec![By::Name], ..Matching::default() };
    let asked = Asked { domain: Some("linden.example"), name: Some("Harrow"), country: None };
    assert_eq!(find(&mirror, &by_name, asked, 3).unwrap().by, By::None, "only by name is asked");
}

#[test]
fn a_score_has_its_parts_and_those_who_come_close_are_named() {
    let mirror = mirror(&[
        account("1", "Brightwater Marine", &[]),
        account("2", "Brightwater Dental Marine", &[]),
    ]);
    let matched = ask(&mirror, None, Some("Brigthwater Marine GmbH"));
    assert_eq!(id(&matched), "1");
    assert!(matched.score > 0.9 && matched.score < 1.0, "{}", matched.score);
    let words: Vec<&str> = matched.parts.iter().map(|part| part.word.as_str()).collect();
    assert_eq!(words, ["brightwater", "marine"]);
    let shares: f64 = matched.parts.iter().map(|part| part.share).sum();
    assert!((shares - 1.0).abs() < 0.02 && matched.parts[1].alike >= 1.0, "{:?}", matched.parts);
    let others: Vec<(&str, &str)> =
        matched.others.iter().map(|one| (one.id.as_str(), one.lost_by.as_str())).collect();
    assert_eq!(others, [("2", "score")]);
}

#[test]
fn ties_are_broken_in_the_order_that_the_rulebook_says() {
    let plain = || account("1", "Linden", &["linden.example"]);
    let opportunity = Some(Opportunity::default());
    let all = [
        Account { id: "5".into(), owner: Some("ada".into()), ..plain() },
        Account { id: "4".into(), opportunity, ..plain() },
        Account { id: "3".into(), country: Some("DE".into()), ..plain() },
        Account { id: "2".into(), last_activity: Some(Time(9)), ..plain() },
        Account { id: "1".into(), created: Some(Time(1)), ..plain() },
        Account { id: "0".into(), created: Some(Time(2)), ..plain() },
    ];
    let mirror = mirror(&all);
    for (tie, expected) in [
        (Tie::Owned, "5"),
        (Tie::OpenOpportunity, "4"),
        (Tie::Country, "3"),
        (Tie::LatestActivity, "2"),
        (Tie::Oldest, "1"),
    ] {
        let rules = Matching { ties: vec![tie], ..Matching::default() };
        let asked = Asked { domain: Some("linden.example"), name: None, country: Some("DE") };
        let matched = find(&mirror, &rules, asked, 9).unwrap();
        assert_eq!(id(&matched), expected, "{tie:?}");
        assert_eq!(matched.tie.as_deref(), Some(tie.word()));
        assert_eq!(matched.others.len(), 5);
    }
    let rules = Matching { ties: Vec::new(), ..Matching::default() };
    let asked = Asked { domain: Some("linden.example"), ..Asked::default() };
    let matched = find(&mirror, &rules, asked, 2).unwrap();
    assert_eq!((id(&matched), matched.tie.as_deref()), ("0", Some("id")));
    assert_eq!(matched.others.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
}

#[test]
fn of_accounts_with_one_domain_the_nearest_name_can_decide() {
    let mirror = mirror(&[
        account("1", "Valtorre Italia", &["valtorre.example"]),
        account("2", "Valtorre Deutschland", &["valtorre.example"]),
    ]);
    let rules = Matching { ties: vec![Tie::Name], ..Matching::default() };
    let asked =
        Asked { domain: Some("valtorre.example"), name: Some("Valtorre Germany"), country: None };
    let matched = find(&mirror, &rules, asked, 3).unwrap();
    assert_eq!((id(&matched), matched.tie.as_deref()), ("2", Some("name")));
}

#[test]
fn a_parent_is_of_the_same_origin_and_comes_with_its_owner() {
    let child = |id: &str, parent: &str| Account {
        parent: Some(parent.into()),
        ..account(id, &format!("Child {id}"), &[&format!("{id}.example")])
    };
    let above = Account { owner: Some("ada".into()), ..account("top", "Linden Group", &[]) };
    let mut builder = Builder::default();
    builder.add("crm", &above);
    builder.add("crm", &child("a", "top"));
    builder.add("csv", &child("b", "top"));
    builder.add("crm", &child("c", "c"));
    let mirror = builder.finish(1);
    let parent = |domain: &str| ask(&mirror, Some(domain), None).parent.unwrap();
    let found = parent("a.example");
    assert_eq!((found.name.as_str(), found.owner.as_deref()), ("Linden Group", Some("ada")));
    assert_eq!(parent("b.example").owner, None, "another origin's");
    assert_eq!(parent("c.example").owner, None, "above itself");
}

#[test]
fn a_lead_is_found_among_thousands_that_share_its_words() {
    let mut all: Vec<Account> = (0..9_000)
        .map(|n| account(&format!("n{n:05}"), &format!("Solutions Works {n}"), &[]))
        .collect();
    all.push(account("it", "Zephyrine Solutions Works", &[]));
    let mirror = mirror(&all);
    assert_eq!(id(&ask(&mirror, None, Some("Zephyrien Solutions Works"))), "it");
    assert_eq!(id(&ask(&mirror, None, Some("Solutions Works 777"))), "n00777");
}

#[test]
fn what_is_recorded_is_small_and_reads_back() {
    let long = "Brightwater Marine Instruments of Pottersby and Windlesham International";
    let one = Account {
        owner: Some("0055g000001".into()),
        opportunity: Some(Opportunity {
            stage: Some("Negotiation".into()),
            owner: Some("0055g000002".into()),
            amount: Some(125_000.0),
        }),
        ..account("0015g00000ABCDEFGH", long, &["a.example"])
    };
    let all: Vec<Account> =
        (0..5).map(|n| Account { id: format!("{}{n}", one.id), ..one.clone() }).collect();
    let matched = ask(&mirror(&all), None, Some(long));
    let text = serde_json::to_string(&matched).unwrap();
    assert_eq!(serde_json::from_str::<Matched>(&text).unwrap(), matched);
    assert_eq!(matched.others.len(), 3);
    assert!(text.len() < 1_500, "{} bytes: {text}", text.len());
}
