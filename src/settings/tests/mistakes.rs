//! Mistakes in settings, each with what is said about it.

use super::{QUIET, said};

/// How a secret that was written down is answered.
const LITERAL: &str = "put the secret into an environment variable and write env:NAME, or into a \
                       file and write file:/path; then replace it at its source, since it was \
                       written down here";

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let found = said(text);
    let expected: Vec<String> = expected
        .iter()
        .map(|line| format!("handoff.toml:{}", line.replace("{literal}", LITERAL)))
        .collect();
    assert_eq!(found, expected, "\n{text}\n");
    assert!(!found.join(" ").contains("hunter2"), "a secret was quoted");
}

/// Keys at the top, before what is needed for silence.
fn top(lines: &str) -> String {
    format!("{lines}\n{QUIET}")
}

/// One source; its name is in line 4.
fn source(lines: &str) -> String {
    format!("[action_links]\nsecrets = ['env:LINK']\n[[source]]\n{lines}")
}

/// One channel; its header is in line 7.
fn channel(lines: &str) -> String {
    format!("{QUIET}[channel.x]\n{lines}")
}

/// One CRM connection; its header is in line 7.
fn crm(lines: &str) -> String {
    format!("{QUIET}[crm.x]\n{lines}")
}

#[test]
#[rustfmt::skip] // A table: what is written, then what is said.
fn mistakes_at_the_top_and_in_our_own_sections() {
    check(&top("listen = 'localhost'"), &[
        r#"1:10: listen: "localhost" is not an address to listen on; write an IP address and a port, as in 127.0.0.1:8080, or 0.0.0.0:8080 for all interfaces"#,
    ]);
    check(&top("listen = 8080"), &[
        r#"1:10: listen: invalid type: integer `8080`, expected a string; write it as in `listen = "127.0.0.1:8080"`"#,
    ]);
    check(&top("lisen = '127.0.0.1:80'"), &[
        r#"1:1: "lisen" is not a setting at the top; did you mean listen?"#,
    ]);
    check(&top("zzz = 1"), &[
        r#"1:1: "zzz" is not a setting at the top; known there: listen, public_url, store, rulebook, body_max, body_within, log, source, crm, channel, calendar, action_links, keep, limits, alerts, observe"#,
    ]);
    check(&top("listen = '0.0.0.0:8080'"), &[
        r#"1:1: public_url is missing, and the listener's address is no link; write it as in `public_url = "https://leads.acme.example"`"#,
    ]);
    check(&top("public_url = 'leads.acme.example'"), &[
        "1:14: public_url: this is not a URL; write the address under which senders reach handoff, as in https://leads.acme.example",
    ]);
    check(&top("public_url = 'http://leads.acme.example'"), &[
        "1:14: warning: public_url: over plain http leads and links can be read on the way; put a proxy with a certificate before handoff and write https://",
    ]);
    check(&top("public_url = 'https://leads.acme.example/?a=1'"), &[
        "1:14: public_url: an address for links has no query and no fragment; write the address under which senders reach handoff, as in https://leads.acme.example",
    ]);
    check(&top("store = 'mysql:x'"), &[
        r#"1:9: store: this kind of store is not known; write "sqlite:handoff.db" or "postgres://handoff@db.acme.example/handoff""#,
    ]);
    check(&top("store = 'sqlite:'"), &[
        r#"1:9: store: the store has no path; write "sqlite:handoff.db""#,
    ]);
    check(&top("store = { kind = 'sqlite', file = 'x' }"), &[
        r#"1:9: store: a store of the kind "sqlite" has a path and nothing else; write { kind = "sqlite", path = "handoff.db" }"#,
    ]);
    check(&top("store = 7"), &[
        r#"1:9: store: not a store; write "sqlite:handoff.db" or "postgres://handoff@db.acme.example/handoff""#,
    ]);
    check(&top("body_max = '1 megabyte'"), &[
        r#"1:12: body_max: "1 megabyte" is not a size; write a number and a unit, as in 1 MiB or 256 KiB"#,
    ]);
    check(&top("body_max = '1 GiB'"), &[
        "1:12: body_max: 1024 MiB is not between 1 KiB and 5 MiB; 1 MiB is far more than a form sends",
    ]);
    check(&top("body_max = 100"), &[
        "1:12: body_max: 100 B is not between 1 KiB and 5 MiB; 1 MiB is far more than a form sends",
    ]);
    check(&top("body_within = '5 minutes'"), &[
        r#"1:15: body_within: "5 minutes" is not a span: write a number and a unit, as in 30s, 5m, 2h or 1h30m; write it as in `body_within = "10s"`"#,
    ]);
    check(&top("body_within = '1h'"), &[
        r#"1:15: body_within: 1h is not between 1s and 1m; write it as in `body_within = "10s"`"#,
    ]);
    check(&top("log = 'info'"), &[
        "1:7: log is not a section; write [log] above its settings",
    ]);
    check(&top("[log]\nlevel = 'loud'"), &[
        r#"2:9: level: "loud" is not a log level; write error, warn, info, debug or trace, or a list as in "info,handoff::worker=debug""#,
    ]);
    check(&top("[log]\nformat = 'jsno'"), &[
        r#"2:10: format: "jsno" is not known; did you mean json? known: json, text"#,
    ]);
    check(&top("[log]\nlevl = 'info'"), &[
        r#"2:1: "levl" is not a setting in [log]; did you mean level?"#,
    ]);
    check(&top("[alerts]\nrepeat = '1h'"), &[
        r#"2:10: repeat: 1h is not between 4h and 7d; write it as in `repeat = "4h"`"#,
    ]);
    check(&top("[alerts]\nsilent = { b = '12h' }"), &[
        r#"2:10: silent: there is no source "b"; the sources are: a"#,
    ]);
    check(&top("[keep]\nbodies = '5m'"), &[
        r#"2:10: bodies: 5m is not between 1h and 3650d; write it as in `bodies = "30d"`"#,
    ]);
    check(&top("[keep]\nbodies = true"), &[
        r#"2:10: bodies: invalid type: boolean `true`, expected a string; write it as in `bodies = "30d"`"#,
    ]);
    check(&top("[limits]\nline = 0\nworkers = 65\nlease = '1s'"), &[
        "2:8: line: 0 is not between 1 and 1000000; write it as in `line = 4096`",
        "3:11: workers: 65 is not between 1 and 64; write it as in `workers = 4`",
        r#"4:9: lease: 1s is not between 5s and 10m; write it as in `lease = "60s"`"#,
    ]);
    check(&top("[limits]\nline = -1"), &[
        "2:8: line: invalid value: integer `-1`, expected a whole number; write it as in `line = 4096`",
    ]);
    check(&top("listen = '127.0.0.1:80\nbody_max = 1"), &[
        "1:23: not TOML: invalid literal string, expected `'`; texts stand in quotes, sections in [brackets], one setting a line",
    ]);
    check(&top("listen = '127.0.0.1:80'\nlisten = '127.0.0.1:81'"), &[
        "2:1: not TOML: duplicate key; texts stand in quotes, sections in [brackets], one setting a line",
    ]);
}

#[test]
#[rustfmt::skip] // A table: what is written, then what is said.
fn mistakes_in_sources_and_secrets() {
    check(&source("kind = 'typeform'\nsecrets = ['env:SECRET']"), &[
        r#"3:1: this source has no name; write it as in `name = "typeform-demo"`"#,
    ]);
    check(&source("name = 'Big Name'\nkind = 'typeform'\nsecrets = ['env:SECRET']"), &[
        r#"4:8: "Big Name" cannot be a name; use up to 40 small letters, digits, - and _: it stands in addresses and metrics"#,
    ]);
    check(&source("name = 'unknown'\nkind = 'typeform'\nsecrets = ['env:SECRET']"), &[
        r#"4:8: "unknown" cannot be a name; metrics count strangers under it"#,
    ]);
    check(&source("name = 'a'\nkind = 'typefrom'\nsecrets = ['env:SECRET']"), &[
        r#"5:8: kind: "typefrom" is not known; did you mean typeform? known: standard-webhooks, svix, github, stripe, slack, hubspot-v1, hubspot-v2, hubspot-v3, typeform, hmac, token, basic"#,
    ]);
    check(&source("name = 'a'\nsecrets = ['env:SECRET']"), &[
        r#"4:8: kind is missing; write it as in `kind = "typeform"`"#,
    ]);
    check(&source("name = 'a'\nkind = 'typeform'"), &[
        r#"4:8: secrets: at least one is needed, as in secrets = ["env:NAME"]"#,
    ]);
    check(&source("name = 'a'\nkind = 'typeform'\nsecret = 'hunter2hunter2'"), &[
        r#"6:1: "secret" is not a setting in [source.a]; did you mean secrets?"#,
    ]);
    check(&source("name = 'a'\nkind = 'typeform'\nsecrets = ['hunter2hunter2']"), &[
        "6:12: a secret stands here as it is, where every reader of the file sees it; {literal}",
    ]);
    check(&source("name = 'a'\nkind = 'typeform'\nsecrets = 'env:SECRET'"), &[
        r#"6:11: secrets: not the kind of value that is read here; write it as in `secrets = ["env:TYPEFORM_SECRET"]`"#,
    ]);
    check(&source("name = 'a'\nkind = 'typeform'\nsecrets = 5"), &[
        "6:11: a secret is a reference in quotes; write env:NAME or file:/path, in quotes",
    ]);
    check(&source("name = 'a'\nkind = 'typeform'\nsecrets = ['env:NOT_SET', 'env:BLANK', 'env:', 'env:a b', '', 'file:/nowhere', 'file:/run/secrets/empty']"), &[
        "6:12: the environment variable NOT_SET is not set; set it before starting, or keep the secret in a file and write file:/path",
        "6:27: the environment variable BLANK is empty; give it the secret before starting",
        "6:40: what stands after env: is not the name of an environment variable; {literal}",
        "6:48: what stands after env: is not the name of an environment variable; {literal}",
        "6:59: a secret is empty; write env:NAME or file:/path",
        "6:63: the file /nowhere cannot be read: entity not found; create it, readable for the user that handoff runs as",
        "6:80: the file /run/secrets/empty is empty; write the secret into it",
    ]);
    check(&source("name = 'a'\nkind = 'typeform'\nsecrets = ['env:SECRET', 'env:SECRET']"), &[
        "6:11: secrets: the same secret stands here twice; keep one of them; the list is for the old and the new one of a rotation",
    ]);
    check(&source("name = 'a'\nkind = 'typeform'\nsecrets = ['env:SECRET']\nbody_max = '6 MiB'"), &[
        "7:12: body_max: 6 MiB is not between 1 KiB and 5 MiB; 1 MiB is far more than a form sends",
    ]);
    check(&source("name = 'a'\nkind = 'typeform'\nsecrets = ['env:SECRET']\nper_second = 0"), &[
        "7:14: per_second: nothing could ever come in; write 1 or more, or leave it out",
    ]);
    check(&source("name = 'a'\nkind = 'typeform'\nsecrets = ['env:SECRET']\nburst = 5"), &[
        "7:9: burst: it means nothing without a pace; write per_second too, or leave burst out",
    ]);
    check(&source("name = 'a'\nkind = 'typeform'\nsecrets = ['env:SECRET']\ntolerance = '5m'"), &[
        "7:13: tolerance: this scheme carries no signed time, so there is nothing to tolerate; leave it out",
    ]);
    check(&source("name = 'a'\nkind = 'stripe'\nsecrets = ['env:SECRET']\ntolerance = '5s'"), &[
        "7:13: tolerance: 5s must lie between 60s and 15m",
    ]);
    check(&source("name = 'a'\nkind = 'hmac'\nsecrets = ['env:SECRET']"), &[
        r#"5:8: kind "hmac" needs signature_header: the header in which the sender puts the signature"#,
    ]);
    check(&source("name = 'a'\nkind = 'typeform'\nsecrets = ['env:SECRET']\n[[source]]\nname = 'a'\nkind = 'stripe'\nsecrets = ['env:SECRET']"), &[
        r#"8:8: there is a source "a" already; names stand in addresses: give each its own"#,
    ]);
}

#[test]
#[rustfmt::skip] // A table: what is written, then what is said.
fn mistakes_in_channels() {
    check(&channel("url = 'env:SLACK_WEBHOOK_URL'"), &[
        "7:10: kind is missing; known: email, pagerduty, slack, webhook",
    ]);
    check(&channel("kind = 'slak'\nurl = 'env:SLACK_WEBHOOK_URL'"), &[
        r#"8:8: kind: "slak" is not known; did you mean slack? known: email, pagerduty, slack, webhook"#,
    ]);
    check(&channel("kind = 'slack'\nurl = 'https://hooks.slack.example/T000/B000/hunter2'"), &[
        "9:7: a secret stands here as it is, where every reader of the file sees it; {literal}",
    ]);
    check(&channel("kind = 'slack'"), &[
        r#"7:10: url is missing; write it as in `url = "env:SLACK_WEBHOOK_URL"`"#,
    ]);
    check(&channel("kind = 'email'"), &[
        r#"7:10: host is missing; write it as in `host = "smtp.acme.example"`"#,
        r#"7:10: from is missing; write it as in `from = "handoff <handoff@acme.example>"`"#,
    ]);
    check(&channel("kind = 'email'\nhost = 'h.example'\nfrom = 'a@b.example'\nport = '587'\ntls = 'ssl'"), &[
        r#"11:8: port: invalid type: string "587", expected a whole number; write it as in `port = 587`"#,
        r#"12:7: tls: "ssl" is not known; known: starttls, tls, plain"#,
    ]);
    check(&channel("kind = 'webhook'\nurl = 'env:WAREHOUSE_URL'"), &[
        r#"7:10: secrets is missing; write it as in `secrets = ["env:WAREHOUSE_SECRET"]`"#,
    ]);
    check(&channel("kind = 'pagerduty'\nrouting_key = 'env:PAGERDUTY_ROUTING_KEY'\nper_second = 0"), &[
        "10:14: per_second: nothing could ever be sent; write 1 or more",
    ]);
    check(&channel("kind = 'pagerduty'\nrouting_key = 'env:PAGERDUTY_ROUTING_KEY'\nper_second = 'x'"), &[
        r#"10:14: per_second: invalid type: string "x", expected a whole number; write it as in `per_second = 10`"#,
    ]);
}

#[test]
#[rustfmt::skip] // A table: what is written, then what is said.
fn mistakes_in_crm_connections() {
    check(&crm("kind = 'hubspt'"), &[
        r#"8:8: kind: "hubspt" is not known; did you mean hubspot? known: hubspot, salesforce"#,
    ]);
    check(&crm("kind = 'hubspot'\ntoken = 'pat-na1-hunter2'\nask = 'yes'"), &[
        "9:9: a secret stands here as it is, where every reader of the file sees it; {literal}",
        "10:7: ask: not true or false; write ask = false",
    ]);
    check(&crm("kind = 'hubspot'\ntoken = 'env:HUBSPOT_TOKEN'\nbase_url = 'nowhere'"), &[
        r#"10:12: base_url: relative URL without a base: "nowhere"; write it as in `base_url = "https://api.hubapi.com/"`"#,
    ]);
    check(&crm("kind = 'hubspot'\ntoken = 'env:HUBSPOT_TOKEN'\n[crm.x.callback]\nkind = 'hubspot-v3'"), &[
        r#"10:1: secrets: at least one is needed, as in secrets = ["env:NAME"]"#,
    ]);
    check(&crm("kind = 'salesforce'"), &[
        r#"7:6: base_url is missing; write it as in `base_url = "https://acme.my.salesforce.com/"`"#,
        r#"7:6: grant is missing; write it as in `grant = { jwt_bearer = { client_id = "3MVG9", user = "handoff@acme.example", private_key = "file:/run/secrets/salesforce.pem" } }`"#,
    ]);
    check(&crm("kind = 'salesforce'\nbase_url = 'https://a.example'\ngrant = { client_credentials = { client_secret = 'hunter2' } }"), &[
        "10:50: a secret stands here as it is, where every reader of the file sees it; {literal}",
    ]);
    check(&crm("kind = 'salesforce'\nbase_url = 'https://a.example'\ngrant = { client_credentials = { client_secret = 'env:SALESFORCE_SECRET' } }"), &[
        r#"10:32: grant: missing field `client_id`; write it as in `grant = { jwt_bearer = { client_id = "3MVG9", user = "handoff@acme.example", private_key = "file:/run/secrets/salesforce.pem" } }`"#,
    ]);
}

#[test]
#[rustfmt::skip] // A table: what is written, then what is said.
fn mistakes_of_form_and_between_sections() {
    check("listen = '127.0.0.1:80'", &[
        "1:1: warning: there is no [[source]]: nothing can come in; config/handoff.toml shows one of each kind",
        r#"1:1: warning: without action_links.secrets the links in messages end with the process; write it as in `secrets = ["env:HANDOFF_LINK_SECRET"]`"#,
    ]);
    check("[action_links]\nsecrets = ['env:SECRET']\nexpire = '90d'\n[[source]]\nname = 'a'\nkind = 'typeform'\nsecrets = ['env:SECRET']", &[
        "2:11: secret 1 for links has 17 bytes: give it 32 random bytes or more",
        r#"3:10: expire: 90d is not between 1h and 30d; write it as in `expire = "7d"`"#,
    ]);
    check(&format!("{QUIET}[crm.x]\nkind='hubspot'\ntoken='env:HUBSPOT_TOKEN'\n[channel.x]\nkind='slack'\nurl='env:SLACK_WEBHOOK_URL'"), &[
        r#"10:10: "x" is a CRM connection already; rename one of them: jobs and metrics go by this name"#,
    ]);
    check(&format!("{QUIET}[channel.Sales]\nkind='slack'\nurl='env:SLACK_WEBHOOK_URL'"), &[
        r#"7:10: "Sales" cannot be a name; use up to 40 small letters, digits, - and _: it stands in addresses and metrics"#,
    ]);
    check(&format!("channel = 5\n{QUIET}"), &[
        "1:11: channel is not a list of named sections; write [channel.name] above its settings",
    ]);
    check("source = 5\n[action_links]\nsecrets = ['env:LINK']", &[
        "1:10: source is not a list; write [[source]], with two brackets, above each",
    ]);
    check("[source]\nname = 'a'\n[action_links]\nsecrets = ['env:LINK']", &[
        "1:1: source is not a list; write [[source]], with two brackets, above each",
    ]);
}
