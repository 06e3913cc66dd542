//! Single values of agendas: how their texts are read and described.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, Utc};
use kernel::{Fault, Start};
use scheduling::model::requested_start::RequestedStart;
use scheduling::model::weekly::{MinuteOfDay, parse_weekday, weekday_name};
use scheduling::model::words::{BookingOrigin, Label, Note, PersonName, TextError};
use scheduling::model::{appointment, reason, service, status};
use scheduling::ports::NameKey;
use serde::Serialize;
use utoipa::{PartialSchema, ToSchema};

use crate::FromText;
use crate::fault::{Faults, Place};
use crate::from_json::FromJson;
use crate::from_text::is_sensible;
use crate::json::Json;
use crate::schema::{self, AnySchema, Schemas};

/// The words of a domain type on the wire, alike in requests, queries and answers.
macro_rules! words {
    ($(#[doc = $doc:literal] $name:ident of $domain:ty, $read:path;)+) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub $domain);

        impl FromText for $name {
            fn from_text(text: &str) -> Result<Self, &'static str> {
                $read(text).map(Self).ok_or("unknown_value")
            }

            fn text_schema() -> AnySchema {
                schema::reference(stringify!($name))
            }

            fn text_schemas(schemas: &mut Schemas) {
                schemas.add(stringify!($name), Self::schema);
            }
        }

        impl PartialSchema for $name {
            fn schema() -> AnySchema {
                let words: Vec<&str> = <$domain>::ALL.iter().map(|value| value.as_str()).collect();
                schema::choice($doc.trim(), &words)
            }
        }

        impl ToSchema for $name {}
    )+};
}

words! {
    /// Where a service is given
    Modality of service::Modality, service::Modality::parse;
    /// A kind of resource that a service can need
    ResourceKind of service::ResourceKind, service::ResourceKind::parse;
    /// Where an appointment stands
    AppointmentStatus of status::AppointmentStatus, status::AppointmentStatus::read;
    /// For whom an appointment is cancelled
    RequestedBy of appointment::RequestedBy, appointment::RequestedBy::parse;
    /// Why a start cannot be booked
    RefusalReason of reason::Reason, reason::Reason::parse;
    /// Why a list of slots is empty
    EmptyReason of reason::EmptyReason, reason::EmptyReason::parse;
}

/// A day of the week
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekday(pub chrono::Weekday);

/// What an exception does
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, crate::FromJson, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// Replaces the windows of a date in one clinic.
    Override,
    /// The practitioner is away.
    Leave,
}

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between<const LEAST: i64, const MOST: i64>(pub i64);

/// A wall time in the clinic's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalStart(NaiveDateTime);

/// An offset from UTC, to choose one of two equal wall times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UtcOffset(FixedOffset);

const WEEKDAYS: [chrono::Weekday; 7] = [
    chrono::Weekday::Mon,
    chrono::Weekday::Tue,
    chrono::Weekday::Wed,
    chrono::Weekday::Thu,
    chrono::Weekday::Fri,
    chrono::Weekday::Sat,
    chrono::Weekday::Sun,
];

impl Serialize for Weekday {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(weekday_name(self.0))
    }
}

impl FromText for Weekday {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        parse_weekday(text).map(Self).ok_or("unknown_value")
    }

    fn text_schema() -> AnySchema {
        schema::reference("Weekday")
    }

    fn text_schemas(schemas: &mut Schemas) {
        schemas.add("Weekday", Self::schema);
    }
}

impl PartialSchema for Weekday {
    fn schema() -> AnySchema {
        schema::choice("A day of the week", &WEEKDAYS.map(weekday_name))
    }
}

impl ToSchema for Weekday {}

impl<const LEAST: i64, const MOST: i64> FromJson for Between<LEAST, MOST> {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        let value = i64::from_json(json, at, faults)?;
        if (LEAST..=MOST).contains(&value) { Some(Self(value)) } else { faults.refuse(at, "out_of_range") }
    }

    fn json_schema() -> AnySchema {
        schema::whole(LEAST, MOST)
    }
}

impl FromText for LocalStart {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        match RequestedStart::parse(None, Some(text), None) {
            Ok(RequestedStart::Local { local, .. }) if is_sensible(local.year()) => Ok(Self(local)),
            Ok(RequestedStart::Local { .. }) => Err("out_of_range"),
            _ => Err("invalid_local_time"),
        }
    }

    fn text_schema() -> AnySchema {
        schema::pattern("^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]$")
    }
}

impl FromText for UtcOffset {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        match RequestedStart::parse(None, Some("2000-01-01T00:00"), Some(text)) {
            Ok(RequestedStart::Local { utc_offset: Some(offset), .. }) => Ok(Self(offset)),
            _ => Err("invalid_utc_offset"),
        }
    }

    fn text_schema() -> AnySchema {
        schema::pattern("^(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$")
    }
}

impl FromText for MinuteOfDay {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).map_err(|error| error.code())
    }

    fn text_schema() -> AnySchema {
        schema::pattern("^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")
    }
}

/// Values that one text spells and that have a length.
macro_rules! lines {
    ($($value:ty, $longest:literal;)+) => {$(
        impl FromText for $value {
            fn from_text(text: &str) -> Result<Self, &'static str> {
                Self::parse(text).map_err(|error: TextError| error.code())
            }

            fn text_schema() -> AnySchema {
                schema::text(1, $longest)
            }
        }
    )+};
}

lines! {
    Label, 200;
    PersonName, 200;
    Note, 4000;
}

impl FromText for BookingOrigin {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).map_err(|error| error.code())
    }

    fn text_schema() -> AnySchema {
        schema::pattern("^[a-z0-9_]{1,40}$")
    }
}

/// The wanted start: exactly one of an instant and a wall time, an offset with the latter only (T7). The faults stand at
/// `prefix` and the field.
pub fn start_of(
    start: Option<DateTime<Utc>>,
    local: Option<LocalStart>,
    offset: Option<UtcOffset>,
    prefix: &str,
) -> Result<RequestedStart, Fault> {
    let fault = |field: &str, code| Err(Fault::at(format!("{prefix}{field}"), code));
    match (start, local, offset) {
        (None, None, _) => fault("start", "required"),
        (Some(_), Some(_), _) => fault("start", "mutually_exclusive"),
        (Some(_), None, Some(_)) => fault("utc_offset", "mutually_exclusive"),
        (Some(instant), None, None) => Ok(RequestedStart::Instant(instant)),
        (None, Some(local), offset) => {
            Ok(RequestedStart::Local { local: local.0, utc_offset: offset.map(|offset| offset.0) })
        }
    }
}

/// A cursor's key that a list by name could have handed out.
pub trait NamedKey {
    /// False for one that somebody made up.
    fn is_plausible(&self) -> bool;
}

impl<I> NamedKey for Start<NameKey<I>> {
    fn is_plausible(&self) -> bool {
        !matches!(self, Self::After(key) if key.name.contains('\0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t7_exactly_one_start_is_taken() {
        let instant = DateTime::from_timestamp(1_804_000_000, 0);
        let (local, offset) = (LocalStart::from_text("2027-03-01T09:00").ok(), UtcOffset::from_text("-03:00").ok());
        let pointer = |start, local, offset| start_of(start, local, offset, "/").map_err(|fault| fault.pointer);
        assert_eq!(pointer(None, None, None), Err("/start".to_owned()));
        assert_eq!(pointer(instant, local, None), Err("/start".to_owned()));
        assert_eq!(pointer(instant, None, offset), Err("/utc_offset".to_owned()));
        assert!(pointer(None, local, offset).is_ok() && pointer(instant, None, None).is_ok());
    }

    #[test]
    fn t6_the_end_of_a_day_is_a_time_of_day() {
        assert!(MinuteOfDay::from_text("24:00").is_ok());
        assert_eq!(MinuteOfDay::from_text("24:01"), Err("invalid_time_of_day"));
    }

    #[test]
    fn b11_the_seeds_names_of_a_status_are_read() {
        assert_eq!(AppointmentStatus::from_text("confirmado"), AppointmentStatus::from_text("confirmed"));
        assert_eq!(AppointmentStatus::from_text("unknown"), Err("unknown_value"));
    }
}
