//! Logs: one record a line, as JSON for machines or as text for terminals.
//!
//! Guarantees: whatever a field holds, one record is one line, and no control character, bidi
//! mark or line separator reaches the terminal as such.
//! Does not know: leads. Their text has no `Display` and a masked `Debug`, so it cannot come here.

use std::io::{self, Write};

use serde::Deserialize;
use tracing::{Span, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    fmt::{MakeWriter, format::FmtSpan},
    layer::SubscriberExt,
};
use uuid::Uuid;

/// How records look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// One line of text, without colors.
    #[default]
    Text,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The level is not one.
    #[error(
        "{level:?} is not a log level; write error, warn, info, debug or trace, or a list as in \"info,handoff::worker=debug\""
    )]
    Level {
        /// As it was written.
        level: String,
    },
    /// Somebody has set up logging before.
    #[error("logging was set up twice in one process")]
    Twice,
}

/// Checks a level as the settings write it: `info`, or `info,handoff::worker=debug`.
pub fn check_level(level: &str) -> Result<EnvFilter, LogError> {
    let wrong = || LogError::Level { level: level.to_owned() };
    if level.trim().is_empty() {
        return Err(wrong());
    }
    // A bare word that is no level would silently be taken for a module's name.
    for directive in level.split(',') {
        let word = directive.rsplit('=').next().unwrap_or(directive).trim();
        if word.parse::<tracing_subscriber::filter::LevelFilter>().is_err() {
            return Err(wrong());
        }
    }
    EnvFilter::try_new(level).map_err(|_| wrong())
}

/// Sets up logging for the process, to standard error.
pub fn init(level: &str, format: LogFormat) -> Result<(), LogError> {
    let subscriber = subscriber(level, format, io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Twice)
}

/// What [`init`] sets up, with any writer: for tests and for the demo's own window.
pub fn subscriber<W>(
    level: &str,
    format: LogFormat,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = check_level(level)?;
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_span_events(FmtSpan::NONE)
        .with_writer(OneLine(writer));
    let registry = tracing_subscriber::registry();
    Ok(match format {
        LogFormat::Text => Box::new(registry.with(layer.with_filter(filter))),
        LogFormat::Json => Box::new(
            registry.with(
                layer
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false)
                    .with_filter(filter),
            ),
        ),
    })
}

/// The span of one request: its id goes into every record within and into the answer's
/// `X-Request-Id`. `route` is the pattern of the route (`/in/{source}`), never the path.
#[must_use]
pub fn request_span(id: Uuid, method: &'static str, route: &'static str) -> Span {
    tracing::info_span!("request", request.id = %id, http.method = method, http.route = route)
}

/// Escapes what would end the line or move the cursor.
struct OneLine<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = OneLineWriter<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLineWriter(self.0.make_writer())
    }
}

struct OneLineWriter<W>(W);

impl<W: Write> Write for OneLineWriter<W> {
    /// The layer above writes a whole record at once, its last byte being the line's end.
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(record);
        let body = text.strip_suffix('\n').unwrap_or(&text);
        let mut line = String::with_capacity(body.len() + 1);
        for c in body.chars() {
            if must_escape(c) {
                // The same form in text and in JSON, where it must stay valid.
                // Writing to a string cannot fail.
                let _ =
                    std::fmt::Write::write_fmt(&mut line, format_args!("\\u{:04x}", u32::from(c)));
            } else {
                line.push(c);
            }
        }
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn must_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, format: LogFormat, act: impl FnOnce()) -> String {
        let sink = Sink::default();
        let writer = sink.clone();
        let subscriber = subscriber(level, format, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, act);
        String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
    }

    const NASTY: &str = "a\r\nFAKE INFO line\u{1b}[2J\u{2028}\u{202e}\u{7f}\u{85}\"}\0z";

    #[test]
    fn a_record_is_one_line_whatever_it_holds() {
        for format in [LogFormat::Json, LogFormat::Text] {
            let out = logged("info", format, || {
                tracing::info!(source = NASTY, debug = ?NASTY, "{NASTY}");
            });
            let line = out.strip_suffix('\n').unwrap();
            assert!(!line.chars().any(must_escape), "{format:?}: {line:?}");
            assert!(line.contains("FAKE"), "{line}");
        }
    }

    #[test]
    fn json_records_stay_json_and_carry_the_request() {
        let id = Uuid::from_u128(7);
        let out = logged("info", LogFormat::Json, || {
            let _entered = request_span(id, "POST", "/in/{source}").entered();
            tracing::info!(source = NASTY, lead.id = 5, "stored");
        });
        let record: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(record["message"], "stored");
        assert_eq!(record["source"], NASTY, "escaped, not changed");
        assert_eq!(record["span"]["request.id"], id.to_string());
        assert_eq!(record["span"]["http.route"], "/in/{source}");
    }

    #[test]
    fn levels_are_kept_by_module() {
        let out = logged("warn,handoff::telemetry=debug", LogFormat::Text, || {
            tracing::debug!("near");
            tracing::info!(target: "far", "away");
        });
        assert!(out.contains("near") && !out.contains("away"), "{out}");
    }

    #[test]
    fn what_is_no_level_is_refused_with_advice() {
        for level in ["", " ", "loud", "info,handoff=loud", "info;debug", "handoff"] {
            let error = check_level(level).unwrap_err().to_string();
            assert!(error.contains("write error, warn, info"), "{level}: {error}");
        }
        for level in ["info", "DEBUG", "off", "info,handoff::worker=debug"] {
            assert!(check_level(level).is_ok(), "{level}");
        }
    }
}
