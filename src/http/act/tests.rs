//! Action links end to end are tried in `tests/it/pages`; here is what needs no daemon.

use crate::model::news::{Act, News, Outcome};

#[test]
fn what_a_link_orders_reads_back_from_the_store() {
    for act in [
        Act::OnIt,
        Act::OutToday,
        Act::Refused { why: "a friend of mine".into() },
        Act::Answered { outcome: Outcome::Qualified },
        Act::Answered { outcome: Outcome::Nurture },
        Act::Answered { outcome: Outcome::NotAFit { why: "too small".into() } },
    ] {
        let news = News::Acted { lead: uuid::Uuid::from_u128(7), rep: "ada".into(), act };
        let text = serde_json::to_string(&news).unwrap();
        assert_eq!(serde_json::from_str::<News>(&text).unwrap(), news, "{text}");
    }
}
