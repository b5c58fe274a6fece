//! A scrape of a daemon that has met everything, and what expressions may ask of it.
//!
//! Guarantees: a metric, label or word that no daemon shows is told with the expression.
//! Does not know: values.

use std::collections::{BTreeMap, BTreeSet};

use handoff::{
    clock::Clock as _,
    demo::crm::Fault,
    model::{
        news::{News, Response, ResponseKind},
        plan::What,
        time::Span,
    },
};

use super::promql::{grouped, selectors};
use crate::harness::{Config, PATIENCE, Plant, desk};

/// Labels that Prometheus adds to each target.
const OF_TARGETS: [&str; 2] = ["job", "instance"];
/// Labels whose values are names of somebody's settings.
const NAMES: [&str; 6] = ["job", "instance", "source", "lane", "version", "field"];
/// Words that only a broken store or a hopeless job shows; other tests break them.
const RARE: [(&str, &str); 3] = [("reason", "store"), ("outcome", "dead"), ("what", "on_it")];

/// What is on the page: metric to label to values.
#[derive(Debug, Default)]
pub struct Scrape(BTreeMap<String, BTreeMap<String, BTreeSet<String>>>);

impl Scrape {
    fn read(page: &str) -> Self {
        let mut scrape = Self::default();
        for line in page.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (series, _) = line.rsplit_once(' ').expect("a value");
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let known = scrape.0.entry(name.to_owned()).or_default();
            for label in labels.trim_end_matches('}').split("\",").filter(|one| !one.is_empty()) {
                let (label, value) = label.split_once("=\"").expect("a label");
                let value = value.trim_end_matches('"').to_owned();
                known.entry(label.to_owned()).or_default().insert(value);
            }
        }
        scrape
    }

    /// What these expressions ask for and is not there. `recorded` are names that rules make.
    pub fn lacks<'a>(
        &self,
        expressions: impl IntoIterator<Item = &'a String>,
        recorded: &BTreeSet<String>,
    ) -> BTreeSet<String> {
        let mut wrong = BTreeSet::new();
        for expression in expressions {
            let selectors = selectors(expression);
            if selectors.is_empty() {
                wrong.insert(format!("asks for nothing of handoff: {expression}"));
            }
            let mut labels: BTreeSet<&str> = OF_TARGETS.into();
            for selector in &selectors {
                if selector.metric == "up" || recorded.contains(&selector.metric) {
                    continue;
                }
                let Some(known) = self.0.get(&selector.metric) else {
                    wrong.insert(format!("{} is not on the page: {expression}", selector.metric));
                    continue;
                };
                labels.extend(known.keys().map(String::as_str));
                for (label, is_expression, value) in &selector.matchers {
                    let words = if *is_expression {
                        value.split('|').collect()
                    } else {
                        vec![value.as_str()]
                    };
                    for word in words {
                        if !is_known(known, label, word) {
                            wrong.insert(format!(
                                "no {} has {label}={word}: {expression}",
                                selector.metric
                            ));
                        }
                    }
                }
            }
            for label in grouped(expression).iter().filter(|label| !labels.contains(label.as_str()))
            {
                wrong.insert(format!("nothing has the label {label}: {expression}"));
            }
        }
        wrong
    }
}

fn is_known(known: &BTreeMap<String, BTreeSet<String>>, label: &str, word: &str) -> bool {
    if OF_TARGETS.contains(&label) {
        return true;
    }
    let Some(values) = known.get(label) else { return false };
    let is_decision = || serde_json::from_value::<What>(word.into()).is_ok();
    NAMES.contains(&label)
        || values.contains(word)
        || RARE.contains(&(label, word))
        || (label == "what" && is_decision())
}

/// A scrape that lacks nothing of these, or what it lacks in the end.
pub async fn lacking(expressions: &[String], recorded: &BTreeSet<String>) -> BTreeSet<String> {
    let plant = Plant::start(Config::default()).await;
    plant.crm.script([Fault::Status(503)]);
    plant.fill("eva@linden.example", &[("company", "Linden")]).await;
    plant.fill("ben@birke.example", &[("firma", "Birke")]).await;
    let lead = plant.fill("una@ahorn.example", &[]).await;
    plant.post("{}", "msg_x").await;
    plant.http.post(plant.url("/in/website")).send().await.expect("an answer");
    let at = plant.clock.now();
    let response = Response { kind: ResponseKind::Call, at, by: None, evidence: None };
    let news = News::Responded { lead: lead.uuid, response };
    plant.store.accept(vec![desk::news(1, at, &news)]).await.expect("it is stored");
    plant.after(Span::minutes(6)).await;
    let late = plant.lead_of("eva@linden.example").await.expect("it is there");
    let at = plant.clock.now();
    let response = Response { kind: ResponseKind::Call, at, by: None, evidence: None };
    let news = News::Responded { lead: late.uuid, response };
    plant.store.accept(vec![desk::news(2, at, &news)]).await.expect("it is stored");
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        plant.clock.advance(Span::seconds(10));
        plant.running().worker.wakes.decide();
        plant.running().worker.wakes.all_jobs();
        let page = plant.http.get(plant.url("/metrics")).send().await.expect("an answer");
        let scrape = Scrape::read(&page.text().await.expect("a page"));
        let wrong = scrape.lacks(expressions, recorded);
        if wrong.is_empty() || tokio::time::Instant::now() > end {
            return wrong;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[test]
fn what_is_not_on_the_page_is_told() {
    let scrape = Scrape::read("# HELP x y\nhandoff_jobs{kind=\"write\",state=\"dead\"} 1\n# EOF\n");
    let recorded = BTreeSet::from(["handoff:x".to_owned()]);
    let lacks = |expression: &str| scrape.lacks(&[expression.to_owned()], &recorded).len();
    for (expression, wrong) in [
        (r#"sum by (kind) (handoff_jobs{state="dead",job="x"})"#, 0),
        ("handoff:x > 1 and up == 1", 0),
        (r#"handoff_jobs{state="gone"}"#, 1),
        (r#"handoff_jobs{stat="dead"}"#, 1),
        (r#"handoff_jobs{kind=~"write|wrote"}"#, 1),
        ("sum by (kinds) (handoff_jobs)", 1),
        ("handoff_job", 1),
        ("handoff:y", 1),
        ("vector(1)", 1),
    ] {
        assert_eq!(lacks(expression), wrong, "{expression}");
    }
}
