//! The board, a lead's page, and what opens them.

use handoff::{http::SESSION, model::time::Span, notify::link::Grant};
use reqwest::StatusCode;

use super::{HOSTILE, get, guarded, page_key, sign_in, text, token};
use crate::harness::{Config, Plant};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_a_lead_without_a_session() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[("name", "Eva Linden")]).await;
    for cookie in ["", "handoff=", "handoff=guess", "__Host-handoff=guess"] {
        for path in [
            "/",
            "/board",
            "/board/live",
            "/board/events",
            "/observe",
            &format!("/leads/{}", lead.uuid),
        ] {
            let answer = get(&plant, path, cookie).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} {cookie}");
            guarded(&answer);
            let page = answer.text().await.unwrap();
            assert!(page.contains("one-time key") && !page.contains("Linden"), "{page}");
        }
    }
    let press = plant.http.post(plant.url("/demo/lead")).send().await.unwrap();
    assert_eq!(press.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_once_and_its_session_ends() {
    let plant = Plant::start(Config::default()).await;
    let key = page_key(&plant);
    let ahead =
        plant.http.get(plant.url(&format!("/open/{key}"))).header("sec-purpose", "prefetch");
    assert_eq!(ahead.send().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    let opened = get(&plant, &format!("/open/{key}"), "").await;
    let cookie = opened.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let value = cookie.split(';').next().unwrap();
    assert_eq!(get(&plant, &format!("/open/{key}"), "").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(get(&plant, &format!("/open/{key}"), value).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(get(&plant, "/", value).await.status(), StatusCode::OK);
    plant.clock.advance(Span(SESSION.0 - 1));
    assert_eq!(get(&plant, "/", value).await.status(), StatusCode::OK);
    plant.clock.advance(Span(1));
    assert_eq!(get(&plant, "/", value).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_link_opens_once_and_other_links_do_not() {
    let plant = Plant::start(Config::default()).await;
    let once = Grant::Once { who: "mary".into(), nonce: uuid::Uuid::from_u128(7) };
    let once = token(&plant, &once);
    for status in [StatusCode::SEE_OTHER, StatusCode::FORBIDDEN] {
        assert_eq!(get(&plant, &format!("/open/{once}"), "").await.status(), status);
    }
    let other = token(&plant, &Grant::Board { rep: "ada".into() });
    assert_eq!(get(&plant, &format!("/open/{other}"), "").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(get(&plant, &format!("/act/{once}"), "").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_stands_in_the_column_of_its_state_and_the_books_balance() {
    let plant = Plant::start(Config::default()).await;
    let cookie = sign_in(&plant).await;
    plant.fill("eva@linden.example", &[("name", "Eva Linden")]).await;
    plant.fill("sam@campus.example", &[("persona", "student")]).await;
    plant.idle().await;
    let column = |page: &str, class: &str| {
        let from = page.split(&format!("class=\"column {class}\"")).nth(1).unwrap().to_owned();
        from.split("</section>").next().unwrap().to_owned()
    };
    let page = text(&plant, "/", &cookie).await;
    assert!(column(&page, "running").contains("Eva Linden"), "{page}");
    assert!(page.contains("<strong>2</strong> accepted") && page.contains("balanced"), "{page}");
    assert!(page.contains("1 set aside by a rule"), "{page}");
    plant.after(Span::minutes(6)).await;
    let page = text(&plant, "/board/live", &cookie).await;
    assert!(column(&page, "late").contains("Eva Linden"), "{page}");
    assert!(!column(&page, "running").contains("Eva Linden"), "{page}");
    assert!(!page.contains("<html"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leads_page_says_why_and_what_happened() {
    let plant = Plant::start(Config::default()).await;
    let cookie = sign_in(&plant).await;
    let lead = plant.fill("eva@linden.example", &[("name", "Eva Linden")]).await;
    plant.idle().await;
    let page = text(&plant, &format!("/leads/{}", lead.uuid), &cookie).await;
    for part in [
        "to Ada Byron by the rule everyone",
        "A form fill arrived from website",
        "hubspot has it as",
        "Told email:ada",
        "gets it",
        "eva@linden.example",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for path in ["/leads/00000000-0000-7000-8000-000000000000", "/leads/nonsense"] {
        assert_eq!(get(&plant, path, &cookie).await.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_typed_is_escaped_on_every_page() {
    let plant = Plant::start(Config::default()).await;
    let cookie = sign_in(&plant).await;
    for (number, hostile) in HOSTILE.into_iter().enumerate() {
        let fields = ["name", "company", "country", "industry", "message", "form", "title", "city"];
        let typed: Vec<(&str, &str)> = fields.map(|field| (field, hostile)).to_vec();
        let lead = plant.fill(&format!("p{number}@linden.example"), &typed).await;
        for path in ["/", "/board/live", &format!("/leads/{}", lead.uuid)] {
            let page = text(&plant, path, &cookie).await;
            for active in [
                "<script>alert",
                "<img src=x",
                "<svg/onload",
                "' onmouseover=",
                "\u{202e}",
                "href=\"javascript",
            ] {
                assert!(!page.contains(active), "{path} {active}: {page}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_board_hears_of_changes_and_ends_with_the_daemon() {
    let mut plant = Plant::start(Config::default()).await;
    let cookie = sign_in(&plant).await;
    let mut stream = get(&plant, "/board/events", &cookie).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let first = stream.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"retry: "), "{first:?}");
    plant.fill("eva@linden.example", &[]).await;
    let seq = plant.store.tally(crate::harness::NOON).await.unwrap().last_seq;
    let wanted = format!("\"seq\":{seq},");
    loop {
        let next = stream.chunk().await.unwrap().expect("the stream is open");
        if String::from_utf8_lossy(&next).contains(&wanted) {
            break;
        }
    }
    plant.stop().await;
    while let Ok(Some(_)) = stream.chunk().await {}
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_are_kept_by_browsers_and_named_by_their_hash() {
    let plant = Plant::start(Config::default()).await;
    let cookie = sign_in(&plant).await;
    let page = text(&plant, "/", &cookie).await;
    let mut seen = 0;
    for part in page.split("\"assets/").skip(1) {
        let path = format!("/assets/{}", part.split('"').next().unwrap());
        let answer = get(&plant, &path, "").await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let keep = answer.headers()["cache-control"].to_str().unwrap();
        assert!(path.contains("?v=") && keep.contains("immutable"), "{path} {keep}");
        seen += 1;
    }
    assert!(seen >= 5, "{page}");
    assert_eq!(get(&plant, "/assets/other.js", "").await.status(), StatusCode::NOT_FOUND);
}
