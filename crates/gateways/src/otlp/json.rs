//! Spans as `ExportTraceServiceRequest` in OTLP's JSON encoding: ids in hexadecimal, 64-bit numbers as texts.

use serde_json::{Value, json};

use super::{Attribute, Span};

/// `SPAN_KIND_SERVER`.
const SERVER: u8 = 2;
/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

/// The request that hands spans over.
pub(super) fn request(spans: &[Span]) -> Value {
    let spans: Vec<Value> = spans.iter().map(span).collect();
    let about = [attribute("service.name", "salus".into()), attribute("service.version", version().into())];
    json!({ "resourceSpans": [{
        "resource": { "attributes": about },
        "scopeSpans": [{ "scope": { "name": "salus", "version": version() }, "spans": spans }],
    }] })
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

fn span(span: &Span) -> Value {
    let begun = span.begun.timestamp_nanos_opt().unwrap_or_default();
    let ended = begun.saturating_add(i64::try_from(span.took.as_nanos()).unwrap_or(i64::MAX));
    let attributes: Vec<Value> = span.attributes.iter().map(|(key, value)| attribute(key, value.into())).collect();
    json!({
        "traceId": format!("{:032x}", span.trace),
        "spanId": format!("{:016x}", span.id),
        "parentSpanId": span.parent.map_or_else(String::new, |id| format!("{id:016x}")),
        "name": span.name,
        "kind": SERVER,
        "startTimeUnixNano": begun.to_string(),
        "endTimeUnixNano": ended.to_string(),
        "attributes": attributes,
        "status": if span.failed { json!({ "code": ERROR }) } else { json!({}) },
    })
}

/// A value in OTLP's words.
struct AnyValue(Value);

impl From<&str> for AnyValue {
    fn from(text: &str) -> Self {
        Self(json!({ "stringValue": text }))
    }
}

impl From<&Attribute> for AnyValue {
    fn from(value: &Attribute) -> Self {
        match value {
            Attribute::Text(text) => text.as_str().into(),
            Attribute::Number(number) => Self(json!({ "intValue": number.to_string() })),
        }
    }
}

fn attribute(key: &str, AnyValue(value): AnyValue) -> Value {
    json!({ "key": key, "value": value })
}
