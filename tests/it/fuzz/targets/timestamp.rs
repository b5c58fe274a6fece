//! Signed times: what a sender may write, and how far from now.
//!
//! States: a delivery is believed exactly when its time is written strictly and lies in the window,
//! whatever the text is. The signature itself is always right here.
//! Input: format, now (4 bytes of seconds around noon), the text of the time.

use std::sync::LazyLock;

use handoff::{
    intake::{Kind, Refused, Request, Scheme, Secret, SourceSettings, TimestampFormat},
    model::time::Time,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Cut, NOON};

const SECRET: &str = "plain-secret-of-some-length";
const BODY: &[u8] = b"{}";
/// The usual tolerance.
const WINDOW: i64 = 300_000;

static SCHEMES: LazyLock<Vec<(TimestampFormat, Scheme)>> = LazyLock::new(|| {
    [TimestampFormat::Seconds, TimestampFormat::Milliseconds, TimestampFormat::HttpDate]
        .into_iter()
        .map(|format| {
            let settings = SourceSettings {
                signature_header: Some("x-sig".into()),
                timestamp_from: Some("header: x-time".into()),
                timestamp_format: Some(format),
                template: Some("{ts}.{body}".into()),
                ..SourceSettings::new(Kind::Hmac)
            };
            (format, Scheme::compile(&settings, &[Secret::new(SECRET)]).expect("it compiles"))
        })
        .collect()
});

pub fn run(bytes: &[u8]) {
    let mut cut = Cut(bytes);
    let (format, scheme) = cut.pick(&SCHEMES);
    let now = Time(NOON.0 + cut.number(4) * 1000 + 250);
    let text = cut.0;
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
    mac.update(text);
    mac.update(b".");
    mac.update(BODY);
    // An encoding in capitals is as good: "Either case", say the settings.
    let tag = mac
        .finalize()
        .into_bytes()
        .iter()
        .fold(String::new(), |tag, byte| format!("{tag}{byte:02X}"));
    let headers =
        vec![("x-sig".to_owned(), tag.into_bytes()), ("x-time".to_owned(), text.to_vec())];
    let request =
        Request { method: "POST", uri: "https://hooks.example/", headers: &headers, body: BODY };
    let got = scheme.verify(&request, now).err();
    let now = if *format == TimestampFormat::Milliseconds { now.0 } else { now.0 / 1000 * 1000 };
    let wanted = match signed_at(*format, text) {
        None => Some(Refused::Malformed),
        Some(at) if now.saturating_sub(at) > WINDOW => Some(Refused::Stale),
        Some(at) if at.saturating_sub(now) > WINDOW => Some(Refused::Future),
        Some(_) => None,
    };
    assert_eq!(got, wanted, "{format:?} {:?}", String::from_utf8_lossy(text));
}

/// The milliseconds that the text stands for, read in another way than the product does.
fn signed_at(format: TimestampFormat, text: &[u8]) -> Option<i64> {
    if format == TimestampFormat::HttpDate {
        let text = std::str::from_utf8(text).ok()?;
        let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
        let again = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        return (again == text).then(|| at.as_millisecond());
    }
    let mut number = 0_i64;
    for (at, byte) in text.iter().enumerate() {
        let digit = i64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
        if at == 0 && digit == 0 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(digit)?;
    }
    let unit = if format == TimestampFormat::Seconds { 1000 } else { 1 };
    number.checked_mul(unit).filter(|_| !text.is_empty())
}
