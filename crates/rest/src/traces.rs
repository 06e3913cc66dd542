//! Answered requests as parts of a trace (C14, C15): W3C Trace Context in, a span out.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName};
use chrono::{DateTime, Utc};
use kernel::{Clock, Ids};
use uuid::Uuid;

use crate::operation::Entry;

const HEADER: HeaderName = HeaderName::from_static("traceparent");

/// Where answered requests are told of. It must neither fail the request nor keep it waiting.
pub trait Traces: Send + Sync {
    /// Takes a request that was answered, to be told of soon.
    fn answered(&self, request: AnsweredRequest);
}

/// A request that was answered: routes and ids of ours, nothing of what it carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredRequest {
    /// The trace it belongs to; not 0.
    pub trace: u128,
    /// Its own place in it; not 0.
    pub span: u64,
    /// The caller's place in it.
    pub parent: Option<u64>,
    /// When its head had arrived.
    pub begun: DateTime<Utc>,
    /// How long the answer took.
    pub took: Duration,
    /// Its method, as the metrics name it.
    pub method: &'static str,
    /// Its route template; `None` when no operation has it.
    pub route: Option<&'static str>,
    /// The operation.
    pub operation: Option<&'static str>,
    /// The status of the answer.
    pub status: u16,
    /// Its id in answers and logs.
    pub request_id: Uuid,
}

/// A `traceparent` header (W3C Trace Context, version 00).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceParent {
    trace: u128,
    parent: u64,
    is_sampled: bool,
}

/// A place in a trace, kept while the request is being answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    trace: u128,
    span: u64,
    parent: Option<u64>,
    begun: DateTime<Utc>,
}

impl TraceParent {
    /// That of a request, when it is sound.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(HEADER)?.to_str().ok()?;
        let mut parts = text.split('-');
        let version = hexadecimal(parts.next()?, 2).filter(|version| *version != 0xff)?;
        let trace = hexadecimal(parts.next()?, 32).filter(|trace| *trace != 0)?;
        let parent = hexadecimal(parts.next()?, 16).filter(|parent| *parent != 0)?;
        let flags = hexadecimal(parts.next()?, 2)?;
        // A later version may add parts, this one has no more.
        if version == 0 && parts.next().is_some() {
            return None;
        }
        Some(Self { trace, parent: u64::try_from(parent).ok()?, is_sampled: flags & 1 == 1 })
    }
}

/// So many lower-case digits, as the standard writes them.
fn hexadecimal(digits: &str, length: usize) -> Option<u128> {
    let is_sound = digits.len() == length && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_sound { u128::from_str_radix(digits, 16).ok() } else { None }
}

/// The trace of a request in hexadecimal, for its log lines.
pub(crate) fn trace_id(parent: Option<TraceParent>, place: Option<Place>) -> Option<String> {
    let trace = parent.map(|parent| parent.trace).or(place.map(|place| place.trace));
    trace.map(|trace| format!("{trace:032x}"))
}

impl Place {
    /// The next place in the caller's trace, or the first in a new one; none where the caller wants no record.
    pub(crate) fn after(parent: Option<TraceParent>, clock: &dyn Clock, ids: &dyn Ids) -> Option<Self> {
        if parent.is_some_and(|parent| !parent.is_sampled) {
            return None;
        }
        let trace = parent.map_or_else(|| ids.uuid().as_u128(), |parent| parent.trace);
        // The second half of a version 7 UUID: a random number, never 0.
        let (_, span) = ids.uuid().as_u64_pair();
        Some(Self { trace, span, parent: parent.map(|parent| parent.parent), begun: clock.now() })
    }

    /// What to tell of the request that was answered there.
    pub(crate) fn answered(
        self,
        request_id: Uuid,
        method: &'static str,
        entry: Option<&'static Entry>,
        status: u16,
        took: Duration,
    ) -> AnsweredRequest {
        let Self { trace, span, parent, begun } = self;
        let (route, operation) = (entry.map(Entry::path), entry.map(Entry::id));
        AnsweredRequest { trace, span, parent, begun, took, method, route, operation, status, request_id }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use kernel::{ManualClock, SystemIds};

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn seen(text: &str) -> Option<TraceParent> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_str(text).unwrap());
        TraceParent::of(&headers)
    }

    #[test]
    fn c14_a_trace_parent_is_continued_when_it_is_sound() {
        let parent = seen(&format!("00-{TRACE}-00f067aa0ba902b7-01")).unwrap();
        let clock = ManualClock::new(DateTime::UNIX_EPOCH);
        let place = Place::after(Some(parent), &clock, &SystemIds).unwrap();
        assert_eq!((format!("{:x}", place.trace).as_str(), place.parent), (TRACE, Some(0x00f0_67aa_0ba9_02b7)));
        assert!(place.span != 0 && Some(place.span) != place.parent);
        assert!(seen(&format!("cc-{TRACE}-00f067aa0ba902b7-01-of-tomorrow")).is_some(), "a later version says more");
        for bad in [
            "",
            "00-xyz-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-+0f067aa0ba902b7-01",
        ] {
            assert_eq!(seen(bad), None, "{bad}");
        }
    }

    #[test]
    fn c15_a_caller_who_wants_no_record_gets_none_and_one_without_a_trace_a_new_one() {
        let clock = ManualClock::new(DateTime::UNIX_EPOCH);
        let unsampled = seen(&format!("00-{TRACE}-00f067aa0ba902b7-00"));
        assert!(unsampled.is_some() && Place::after(unsampled, &clock, &SystemIds).is_none());
        let fresh = Place::after(None, &clock, &SystemIds).unwrap();
        assert!(fresh.trace != 0 && fresh.parent.is_none());
    }
}
