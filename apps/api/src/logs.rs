//! Logs on standard error: one JSON line per event, readable text on a terminal (C15).

use std::io::{self, IsTerminal};

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line.
    Json,
    /// For human eyes.
    Text,
}

/// Why there will be no logs.
#[derive(Debug, Error)]
pub enum NoLogs {
    /// `RUST_LOG` is no filter.
    #[error(transparent)]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Something else in this process logs already.
    #[error(transparent)]
    Taken(#[from] TryInitError),
}

impl Format {
    /// Text where a person reads along, JSON everywhere else.
    pub fn of_process() -> Self {
        if io::stderr().is_terminal() { Self::Text } else { Self::Json }
    }
}

/// Begins to log what `filter` lets pass. The SQL of a statement and the insides of the HTTP and database libraries are
/// never logged below a warning unless the filter names them: they can hold personal data.
pub fn init(filter: &str, format: Format) -> Result<(), NoLogs> {
    let filter =
        EnvFilter::try_new(format!("sqlx=warn,sea_orm=warn,actix_http=warn,actix_server=warn,h2=warn,{filter}"))?;
    subscriber(filter, format, io::stderr).try_init()?;
    Ok(())
}

/// From here on a panic logs only where it happened: its words may hold what a caller sent.
pub fn panics_without_their_words() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panic");
    }));
}

fn subscriber<W>(filter: EnvFilter, format: Format, writer: W) -> Box<dyn tracing::Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        Format::Text => Box::new(registry.with(tracing_subscriber::fmt::layer().with_writer(writer))),
        Format::Json => {
            let layer = tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false);
            Box::new(registry.with(layer.with_writer(writer)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn c15_a_panic_logs_its_place_and_not_its_words() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(EnvFilter::new("info"), Format::Json, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            let before = std::panic::take_hook();
            panics_without_their_words();
            let caught = std::panic::catch_unwind(|| panic!("the patient's name"));
            std::panic::set_hook(before);
            assert!(caught.is_err());
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("logs.rs") && !text.contains("patient"), "{text}");
    }

    #[test]
    fn c15_an_event_is_one_json_line_with_the_fields_of_its_span() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(EnvFilter::new("info"), Format::Json, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            let _span = tracing::info_span!("request", request_id = "r1").entered();
            tracing::info!(status = 200, "answered");
            tracing::debug!("not asked for");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1);
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&event["message"], &event["status"]), (&"answered".into(), &200.into()));
        assert_eq!(event["span"]["request_id"], "r1");
    }
}
