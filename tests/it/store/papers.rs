//! Papers, and rulebooks that are published on terms.

use futures_util::future::join_all;
use handoff::store::{
    Amended, NewRulebook, Paper, Papers, Published, Store, Terms,
    paper::{amend, named},
};

use super::fixture::*;

fn new(document: &str) -> NewRulebook {
    NewRulebook {
        document: document.to_owned(),
        author: "mary".into(),
        message: "because".into(),
        at: T0,
    }
}

fn on(base: u32) -> Terms {
    Terms { based_on: Some(base), ends: None }
}

pub async fn of_two_publishers_with_one_base_one_is_told_that_it_is_not_the_latest(db: Db) {
    assert_eq!(db.publish_on(new("0"), on(0)).await.unwrap(), Published::As(1), "the first");
    for round in 1..=5_u32 {
        let documents: Vec<String> = (0..8).map(|who| format!("{round} by {who}")).collect();
        let all = documents.iter().map(|document| db.publish_on(new(document), on(round)));
        let all: Vec<Published> = join_all(all).await.into_iter().map(Result::unwrap).collect();
        let won = all.iter().filter(|one| **one == Published::As(round + 1)).count();
        let told = all.iter().filter(|one| **one == Published::NotLatest(round + 1)).count();
        assert_eq!((won, told), (1, 7), "{all:?}");
    }
    assert_eq!(db.newest_rulebook().await.unwrap(), 6);
    let stands = db.rulebooks(Some(6)).await.unwrap().remove(0).document.unwrap();
    assert_eq!(db.publish_on(new(&stands), on(2)).await.unwrap(), Published::As(6), "the same");
}

pub async fn a_rulebook_that_ends_a_paper_is_published_once(db: Db) {
    db.publish(new("0")).await.unwrap();
    put(&*db, "scheduled/a", "head", "1").await;
    let terms = |base| Terms { based_on: base, ends: Some("scheduled/a".into()) };
    let refused = db.publish_on(new("1"), terms(Some(7))).await.unwrap();
    assert_eq!(refused, Published::NotLatest(1));
    assert!(named(&*db, "scheduled/a").await.unwrap().is_some(), "what was refused stays");
    let all = (0..6).map(|_| db.publish_on(new("1"), terms(None)));
    let all: Vec<Published> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    let won = all.iter().filter(|one| **one == Published::As(2)).count();
    let late = all.iter().filter(|one| **one == Published::Ended).count();
    assert_eq!((won, late), (1, 5), "{all:?}");
    assert_eq!(db.rulebooks(None).await.unwrap().len(), 2);
    put(&*db, "scheduled/a", "head", "1").await;
    assert_eq!(db.publish_on(new("1"), terms(None)).await.unwrap(), Published::As(2));
    assert_eq!(db.papers(Papers::Under(String::new())).await.unwrap(), [], "the same text ends it");
}

async fn put(db: &dyn Store, name: &str, head: &str, body: &str) {
    let (head, body) = (head.to_owned(), body.to_owned());
    let whole =
        move |_: Option<&str>| (Amended::Whole { head: head.clone(), body: body.clone() }, ());
    amend(db, name, whole).await.unwrap();
}

pub async fn one_amendment_of_a_paper_follows_the_other(db: Db) {
    let count = |name: &'static str| {
        amend(&*db, name, |head| {
            let n = head.map_or(0, |text| text.parse::<i64>().unwrap());
            (Amended::Whole { head: (n + 1).to_string(), body: "x".into() }, n)
        })
    };
    let all = (0..12).map(|number| count(if number % 4 == 3 { "b" } else { "a" }));
    let mut seen: Vec<i64> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    seen.sort_unstable();
    let mut each: Vec<i64> = (0..9).chain(0..3).collect();
    each.sort_unstable();
    assert_eq!(seen, each, "none was lost, none was made on an old look");
    let kept = amend(&*db, "a", |head| (Amended::Kept, head.map(str::to_owned))).await.unwrap();
    assert_eq!(kept.as_deref(), Some("9"));
}

pub async fn papers_are_listed_by_name_without_their_bodies(db: Db) {
    assert!(named(&*db, "draft/a").await.unwrap().is_none());
    for name in ["draft/b", "draft/a", "drafts", "draft/B"] {
        put(&*db, name, "{}", "body\0").await;
    }
    let listed = db.papers(Papers::Under("draft/".into())).await.unwrap();
    let names: Vec<&str> = listed.iter().map(|paper| paper.name.as_str()).collect();
    assert_eq!(names, ["draft/B", "draft/a", "draft/b"]);
    assert!(listed.iter().all(|paper| paper.body.is_none()));
    amend(&*db, "draft/a", |_| (Amended::Head("{1}".into()), ())).await.unwrap();
    let one = named(&*db, "draft/a").await.unwrap();
    let (name, head) = ("draft/a".to_owned(), "{1}".to_owned());
    assert_eq!(one, Some(Paper { name, head, body: Some("body\0".into()) }));
    amend(&*db, "nowhere", |_| (Amended::Head("x".into()), ())).await.unwrap();
    assert!(named(&*db, "nowhere").await.unwrap().is_none(), "a head alone makes none");
    amend(&*db, "draft/a", |_| (Amended::Gone, ())).await.unwrap();
    assert!(named(&*db, "draft/a").await.unwrap().is_none());
}
