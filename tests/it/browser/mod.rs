//! The pages in a real browser: nothing a stranger typed runs, and the board is live.
//!
//! Needs chromium and its driver (`HANDOFF_TEST_CHROMEDRIVER`, else `/usr/bin/chromedriver`).
//! Where they are missing the tests say SKIPPED, and fail if `CI` is set.

mod driver;

use handoff::model::lead::State;

use self::driver::Browser;
use super::{
    harness::{Config, Plant, until},
    pages::{HOSTILE, act_token, page_key},
};

const FIELDS: [&str; 9] =
    ["name", "company", "country", "industry", "message", "form", "title", "city", "persona"];

/// A browser that is signed in, or none on a machine without one.
async fn signed_in(plant: &Plant) -> Option<Browser> {
    let browser = Browser::start().await?;
    browser.go(&plant.url(&format!("/open/{}", page_key(plant)))).await;
    assert_eq!(browser.text("return document.title").await, "Board · handoff");
    Some(browser)
}

/// Waits until a script says true.
async fn comes(browser: &Browser, what: &str, script: &str) {
    until(what, || async { browser.js(script).await == serde_json::json!(true) }).await;
}

/// Waits until an action page says what was done.
async fn says(browser: &Browser, text: &str) {
    let script = format!(
        "return document.querySelector('.said')?.textContent.startsWith('{text}') === true"
    );
    comes(browser, "the page says what was done", &script).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_stranger_typed_runs_on_any_page() {
    let plant = Plant::start(Config::default()).await;
    let mut pages = vec!["/".to_owned()];
    for (number, hostile) in HOSTILE.into_iter().enumerate() {
        let typed = FIELDS.map(|field| (field, hostile));
        let lead = plant.fill(&format!("p{number}@linden.example"), &typed).await;
        pages.push(format!("/leads/{}", lead.uuid));
        pages.push(format!("/act/{}", act_token(&plant, &lead)));
    }
    let Some(browser) = signed_in(&plant).await else { return };
    for page in &pages {
        browser.go(&plant.url(page)).await;
        // A script that ran would have opened a dialog, which fails the next command.
        let active = "return document.querySelectorAll('img:not([alt=\"\"]), svg[onload], \
                      [onmouseover], [onerror], [href^=\"javascript\"], script:not([src])').length";
        assert_eq!(browser.js(active).await, 0, "{page}");
    }
    browser.go(&plant.url("/")).await;
    for panel in 0..HOSTILE.len() {
        let card = format!("document.querySelectorAll('.card a.open')[{panel}]");
        browser.js(&format!("{card}.click()")).await;
        let opened = format!(
            "return document.querySelector('#panel [data-lead]')?.dataset.lead === \
             {card}.closest('.card').dataset.lead"
        );
        comes(&browser, "the panel shows the lead", &opened).await;
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    // The same check must be able to fail: a script that is not ours is stopped and reported.
    let inject = "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; \
                  document.body.append(s); return window.ran === undefined";
    assert_eq!(browser.js(inject).await, true);
    let complaints = browser.complaints().await;
    assert!(complaints.iter().any(|one| one.contains("Content Security Policy")), "{complaints:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_appears_on_an_open_board_and_opens_beside_it() {
    let plant = Plant::start(Config::default()).await;
    let Some(browser) = signed_in(&plant).await else { return };
    comes(&browser, "it is live", "return document.getElementById('line').textContent === 'live'")
        .await;
    browser.js("window.same = true").await;
    plant.fill("eva@linden.example", &[("name", "Eva Linden")]).await;
    let there = "return document.querySelector('.column.running .card strong')?.textContent \
                 === 'Eva Linden'";
    comes(&browser, "the lead appears", there).await;
    assert_eq!(browser.js("return window.same").await, true, "the page was not loaded anew");
    browser.js("document.querySelector('.card a.open').click()").await;
    let open = "return document.querySelector('#panel.open h1')?.textContent === 'Eva Linden'";
    comes(&browser, "the lead opens", open).await;
    browser
        .js("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))")
        .await;
    assert_eq!(browser.js("return document.querySelector('#panel.open') === null").await, true);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rep_answers_with_two_taps_from_a_message() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[("name", "Eva Linden")]).await;
    let Some(browser) = Browser::start().await else { return };
    browser.go(&plant.url(&format!("/act/{}", act_token(&plant, &lead)))).await;
    browser.click("button[value=on_it]").await;
    says(&browser, "Noted: you are on it. We hold the ladder until").await;
    browser.click("details summary").await;
    browser.js("document.querySelector('select').value = 'too small'").await;
    browser.click("button[value=not_a_fit]").await;
    says(&browser, "Noted: not a fit: too small").await;
    plant.in_state("eva@linden.example", State::Answered).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
