//! Settings that are refused, each with a sentence that says how to mend it.

use super::{STANDARD_SECRET, secrets};
use crate::intake::{Scheme, SourceSettings};

fn errors(settings: &str, given: &[&str]) -> Vec<String> {
    let settings: SourceSettings = toml::from_str(settings).unwrap();
    Scheme::compile(&settings, &secrets(given)).map(|_| ()).unwrap_err()
}

fn check(settings: &str, given: &[&str], sentence: &str) {
    let errors = errors(settings, given);
    assert_eq!(errors.len(), 1, "{settings}: {errors:?}");
    assert!(errors[0].contains(sentence), "{settings}: {errors:?}");
}

#[test]
fn secrets_must_be_there_and_usable() {
    check("kind = 'github'", &[], "at least one");
    check("kind = 'github'", &["a", "b", "c", "d"], "at most 3");
    check("kind = 'github'", &[""], "secret 1 is empty");
    check("kind = 'github'", &["ok", " \t"], "secret 2 is empty");
    check("kind = 'github'", &["abc\n"], "white space");
    check("kind = 'standard-webhooks'", &["whsec_not base64"], "secret 1: is not base64");
    check("kind = 'svix'", &["whsec_"], "empty after whsec_");
    check("kind = 'svix'", &[STANDARD_SECRET, "whpk_abc"], "secret 2: is an asymmetric key");
    check("kind = 'basic'", &["user"], "user:password");
    check("kind = 'token'\ntoken_from = 'path'", &["short"], "at least 22");
}

#[test]
fn fields_of_another_kind_are_refused() {
    check(
        "kind = 'typeform'\nprefix = 'sha1='",
        &["s"],
        "prefix does not go with kind \"typeform\"",
    );
    check("kind = 'slack'\nsignature_header = 'x'", &["s"], "signature_header does not go");
    check(
        "kind = 'hmac'\nsignature_header = 'x'\ntoken_from = 'path'",
        &["s"],
        "use kind \"token\"",
    );
    check("kind = 'github'\ntolerance = '5m'", &["s"], "no signed time");
    check("kind = 'slack'\ntolerance = '59s'", &["s"], "between 60s and 15m");
    check("kind = 'slack'\ntolerance = '901s'", &["s"], "15m1s must lie");
}

#[test]
fn a_free_hmac_must_be_whole_and_not_contradict_itself() {
    let with = |text: &str| format!("kind = 'hmac'\nsignature_header = 'x-sig'\n{text}");
    check("kind = 'hmac'", &["s"], "needs signature_header");
    check("kind = 'hmac'\nsignature_header = 'x sig'", &["s"], "not a header name");
    check(&with("template = '{ts}.{body}'"), &["s"], "timestamp_from where the time stands");
    check(&with("template = '{id}.{body}'"), &["s"], "id_header where the id stands");
    check(&with("template = 'x'"), &["s"], "without {body}");
    check(&with("timestamp_from = 'header: x-ts'"), &["s"], "protects nothing");
    check(&with("timestamp_format = 'ms'"), &["s"], "without timestamp_from");
    check(&with("timestamp_from = 'x-ts'\ntemplate = '{ts}{body}'"), &["s"], "\"header: NAME\"");
    check(&with("timestamp_from = 'field: t'\ntemplate = '{ts}{body}'"), &["s"], "item_separator");
    check(&with("item_separator = ', '"), &["s"], "one character");
    check(&with("item_separator = ''"), &["s"], "one character");
    check(&with("item_field = 'v1='"), &["s"], "item_separator");
    check(&with("prefix = 'a'\noptional_prefix = 'b'"), &["s"], "contradict");
    check(&with("prefix = ''"), &["s"], "empty");
    check(&with("secret_form = 'base64'"), &["@"], "not base64");
    check(&with("id_header = 'x-id'\ndedupe = '$.id'"), &["s"], "keep one");
    check("kind = 'token'\ntoken_from = 'x-token'", &["s"], "\"bearer\"");
}

#[test]
fn all_problems_are_reported_at_once_and_none_shows_a_secret() {
    let text = "kind = 'hmac'\ntolerance = '1s'\ntemplate = '{nope}'\ndedupe = 'canary'\n\
                secret_form = 'base64'";
    let errors = errors(text, &["canary-secret@", ""]);
    assert!(errors.len() >= 4, "{errors:?}");
    assert!(!errors.concat().contains("canary-secret"), "{errors:?}");
    let settings =
        toml::from_str::<SourceSettings>("kind = 'basic'\nsecrets = ['canary']").unwrap();
    let scheme = Scheme::compile(&settings, &secrets(&["a:canary"])).unwrap();
    assert!(!format!("{settings:?}{scheme:?}").contains("canary"));
}
