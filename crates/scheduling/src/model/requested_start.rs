//! The start that a request asks for (T7).

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, SubsecRound, Timelike, Utc};
use thiserror::Error;

use super::local_time::{LocalTimeError, Zone, resolve};

/// A wanted start: an instant, or a wall time in the clinic's zone (T7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestedStart {
    /// The instant itself, to the microsecond.
    Instant(DateTime<Utc>),
    /// A wall time to the minute, with an offset to choose in a fold.
    Local {
        /// Date and time of day in the clinic's zone.
        local: NaiveDateTime,
        /// The offset that holds at the wanted instant, needed in a fold.
        utc_offset: Option<FixedOffset>,
    },
}

/// Why the parts of a request name no start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RequestedStartError {
    /// Neither `start` nor `local_start` is there.
    #[error("give start or local_start")]
    Missing,
    /// Both are there.
    #[error("give start or local_start, not both")]
    Both,
    /// `start` is no RFC 3339 instant; a bare local time is not one.
    #[error("start is an RFC 3339 instant with an offset")]
    NotAnInstant,
    /// `local_start` is not of the form `YYYY-MM-DDTHH:MM`.
    #[error("local_start is of the form YYYY-MM-DDTHH:MM")]
    NotLocal,
    /// `utc_offset` is not of the form `±HH:MM` or `Z`.
    #[error("utc_offset is of the form ±HH:MM")]
    NotAnOffset,
    /// `utc_offset` stands beside `start`, which carries its own.
    #[error("utc_offset goes with local_start only")]
    StrayOffset,
}

impl RequestedStart {
    /// Reads exactly one of `start` (RFC 3339, any offset) and `local_start` with its optional `utc_offset` (T7).
    pub fn parse(
        start: Option<&str>,
        local_start: Option<&str>,
        utc_offset: Option<&str>,
    ) -> Result<Self, RequestedStartError> {
        match (start, local_start) {
            (None, None) => Err(RequestedStartError::Missing),
            (Some(_), Some(_)) => Err(RequestedStartError::Both),
            (Some(_), None) if utc_offset.is_some() => Err(RequestedStartError::StrayOffset),
            (Some(start), None) => Self::parse_instant(start),
            (None, Some(local)) => Ok(Self::Local {
                local: parse_local(local).ok_or(RequestedStartError::NotLocal)?,
                utc_offset: utc_offset.map(parse_offset).transpose()?,
            }),
        }
    }

    /// The instant that is meant, in the clinic's zone.
    pub fn resolve(&self, zone: Zone) -> Result<DateTime<Utc>, LocalTimeError> {
        match *self {
            Self::Instant(instant) => Ok(instant),
            Self::Local { local, utc_offset } => resolve(local, zone, utc_offset),
        }
    }

    fn parse_instant(text: &str) -> Result<Self, RequestedStartError> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|instant| instant.with_timezone(&Utc).trunc_subsecs(6))
            // A leap second has no place on a grid of minutes.
            .filter(|instant| (1..=9999).contains(&instant.year()) && instant.nanosecond() < 1_000_000_000)
            .map(Self::Instant)
            .ok_or(RequestedStartError::NotAnInstant)
    }
}

impl RequestedStartError {
    /// The request's field that is wrong.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Missing | Self::Both | Self::NotAnInstant => "start",
            Self::NotLocal => "local_start",
            Self::NotAnOffset | Self::StrayOffset => "utc_offset",
        }
    }

    /// The stable code of the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "required",
            Self::Both | Self::StrayOffset => "mutually_exclusive",
            Self::NotAnInstant => "invalid_instant",
            Self::NotLocal => "invalid_local_time",
            Self::NotAnOffset => "invalid_utc_offset",
        }
    }
}

/// Sixteen characters exactly: the calendar's own parser would also take other widths.
fn parse_local(text: &str) -> Option<NaiveDateTime> {
    let plain = text.len() == 16 && !text.contains([' ', '+']);
    plain.then(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok())?
}

fn parse_offset(text: &str) -> Result<FixedOffset, RequestedStartError> {
    if text == "Z" {
        return FixedOffset::east_opt(0).ok_or(RequestedStartError::NotAnOffset);
    }
    let digits = |from: usize| -> Option<i32> {
        let pair = text.get(from..from + 2)?;
        pair.bytes().all(|b| b.is_ascii_digit()).then(|| pair.parse().ok())?
    };
    let sign = match text.get(..1) {
        Some("+") => 1,
        Some("-") => -1,
        _ => return Err(RequestedStartError::NotAnOffset),
    };
    let seconds = || -> Option<i32> {
        let (hours, minutes) = (digits(1)?, digits(4)?);
        let shaped = text.len() == 6 && text.get(3..4) == Some(":") && hours < 24 && minutes < 60;
        shaped.then_some(sign * (hours * 3600 + minutes * 60))
    };
    seconds().and_then(FixedOffset::east_opt).ok_or(RequestedStartError::NotAnOffset)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn t7_exactly_one_start_is_taken() {
        let both = RequestedStart::parse(Some("2026-05-04T12:00:00Z"), Some("2026-05-04T09:00"), None);
        assert_eq!(both, Err(RequestedStartError::Both));
        assert_eq!(RequestedStart::parse(None, None, None), Err(RequestedStartError::Missing));
        let stray = RequestedStart::parse(Some("2026-05-04T12:00:00Z"), None, Some("-03:00"));
        assert_eq!(stray, Err(RequestedStartError::StrayOffset));
    }

    #[test]
    fn t7_any_offset_names_the_same_instant() {
        let wanted = Ok(RequestedStart::Instant(utc("2026-05-04T12:00:00Z")));
        assert_eq!(RequestedStart::parse(Some("2026-05-04T09:00:00-03:00"), None, None), wanted);
        assert_eq!(RequestedStart::parse(Some("2026-05-04T14:00:00.0000009+02:00"), None, None), wanted);
    }

    #[test]
    fn t7_local_text_in_start_is_refused() {
        for text in ["2026-05-04T09:00", "2026-05-04T09:00:00", "2026-05-04", "", "2016-12-31T23:59:60Z", "soon"] {
            let refused = RequestedStart::parse(Some(text), None, None);
            assert_eq!(refused, Err(RequestedStartError::NotAnInstant), "{text}");
        }
    }

    #[test]
    fn t7_local_start_is_a_wall_time_of_the_clinic() {
        let paris = Zone::parse("Europe/Paris").unwrap();
        let start = |offset| RequestedStart::parse(None, Some("2026-10-25T02:30"), offset).unwrap().resolve(paris);
        assert_eq!(start(Some("+02:00")), Ok(utc("2026-10-25T00:30:00Z")));
        assert_eq!(start(Some("+01:00")), Ok(utc("2026-10-25T01:30:00Z")));
        assert_eq!(start(None).unwrap_err().code(), "ambiguous_local_time");
    }

    #[test]
    fn t7_other_shapes_of_local_start_and_offset_are_refused() {
        for text in
            ["2026-05-04T09:00:00", "2026-05-04 09:00", "2026-5-04T09:000", "+026-05-04T09:00", "2026-13-04T09:00"]
        {
            let refused = RequestedStart::parse(None, Some(text), None);
            assert_eq!(refused, Err(RequestedStartError::NotLocal), "{text}");
        }
        for text in ["+2:00", "02:00", "+0200", "+02:60", "+24:00", "z", "+02:00x", "−03:00", ""] {
            let refused = RequestedStart::parse(None, Some("2026-05-04T09:00"), Some(text));
            assert_eq!(refused, Err(RequestedStartError::NotAnOffset), "{text}");
        }
    }

    proptest! {
        #[test]
        fn t7_no_text_breaks_the_reader(text in "\\PC{0,20}") {
            let _ = RequestedStart::parse(Some(&text), None, None);
            let read = RequestedStart::parse(None, Some(&text), Some(&text));
            prop_assert!(read.is_err());
        }
    }
}
