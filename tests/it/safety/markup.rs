//! S21: what a stranger typed is text in the chat, in mails and at the pager: no mention, no link,
//! no header, no format.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::harness::{Config, Plant, until};

/// What is typed into every field of a form.
const TYPED: [&str; 8] = [
    "<!channel> <!here> <!everyone> <@U012AB3CD> <#C012AB3CD>",
    "@channel @here @everyone ＠here",
    "<https://evil.example|Open the lead>",
    "x\r\nBcc: all@evil.example\r\n\r\nforged",
    "[Open](https://evil.example) *bold* _it_ ~no~ `code` > quote",
    "<a href=\"https://evil.example\">Open</a><script>alert(1)</script>",
    "\u{202e}gnp.exe\u{2066}\u{200b}",
    "=cmd|' /C calc'!A0\u{0}\u{1b}[31m",
];

/// Every text in a JSON value.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|one| texts(one, found)),
        Value::Object(all) => all.values().for_each(|one| texts(one, found)),
        _ => {}
    }
}

/// The headers of a mail, and its parts in plain words.
fn opened(mail: &str) -> (Vec<String>, String) {
    let (head, rest) = mail.split_once("\r\n\r\n").expect("headers and a body");
    let headers = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let headers = headers.lines().map(str::to_owned).collect();
    let plain = rest.replace("=\r\n", "").replace("=3D", "=");
    let blocks = rest.split("\r\n\r\n").filter_map(|block| {
        let block = block.split("\r\n--").next().unwrap_or_default();
        let bytes = STANDARD.decode(block.split_whitespace().collect::<String>()).ok()?;
        String::from_utf8(bytes).ok()
    });
    (headers, blocks.chain([plain.clone()]).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn s21_no_typed_text_acts_in_the_chat_in_a_mail_or_at_the_pager() {
    let rulebook = crate::harness::RULEBOOK
        .replace("respond_within = \"5m\"", "respond_within = \"1m\"")
        .replace("late_by = \"5m\"", "late_by = \"1m\"")
        .replace("late_by = \"15m\"", "late_by = \"2m\"");
    let plant = Plant::start(Config { rulebook, ..Config::default() }).await;
    for (number, typed) in TYPED.iter().enumerate() {
        let fields: Vec<(&str, &str)> = ["first_name", "last_name", "company", "message"]
            .iter()
            .map(|name| (*name, *typed))
            .chain([("phone", *typed), ("job_title", *typed), ("country", *typed)])
            .collect();
        plant.fill(&format!("p{number}@linden.example"), &fields).await;
    }
    for _ in 0..6 {
        plant.after(handoff::model::time::Span::minutes(1)).await;
    }
    let count = || (plant.chat.posts().all().len(), plant.mail.mails().all().len());
    until("the chat, the pager and people were told", || async {
        let posts = plant.chat.posts().all();
        count().1 >= TYPED.len()
            && posts.iter().any(|post| post.path.contains("slack"))
            && posts.iter().any(|post| post.path.contains("enqueue"))
    })
    .await;
    let mut checked = 0;
    for post in plant.chat.posts().all() {
        let (json, is_chat) = (post.json(), post.path.contains("slack"));
        let mut all = Vec::new();
        texts(&json, &mut all);
        for text in all {
            assert!(!text.chars().any(|one| one.is_control() && one != '\n'), "{text:?}");
            assert!(!text.contains('\u{202e}') && !text.contains('\u{2066}'), "{text:?}");
            if is_chat {
                for call in ["<!", "<@", "<#", "<https://evil", "@here", "@channel", "@everyone"] {
                    assert!(!text.contains(call), "{call} in {text:?}");
                }
                checked += usize::from(text.contains("evil.example"));
            }
        }
        for link in json["links"].as_array().into_iter().flatten() {
            assert!(!link["href"].as_str().unwrap_or_default().contains("evil"), "{link}");
        }
    }
    for mail in plant.mail.mails().all() {
        let (headers, body) = opened(&mail.content);
        let names: Vec<&str> =
            headers.iter().filter_map(|line| Some(line.split_once(':')?.0)).collect();
        assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("bcc")), "{names:?}");
        assert_eq!(names.len(), 8, "ours alone: {names:?}");
        assert_eq!(mail.to.len(), 1, "{:?}", mail.to);
        let html = body.split("<!doctype html>").nth(1).expect("a part in HTML");
        assert!(!html.contains("<script") && !html.contains("href=\"https://evil"), "{html}");
        assert!(!body.contains('\u{202e}') && !body.contains('\u{1b}'), "{body}");
        checked += usize::from(body.contains("evil.example"));
    }
    assert!(checked > 3, "the words did go through, as text: {checked}");
}
