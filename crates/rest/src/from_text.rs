//! Values that are written as text, in a body as in a query string.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound, Timelike, Utc};
use chrono_tz::Tz;
use kernel::{Currency, ids};
use utoipa::openapi::KnownFormat;
use utoipa::openapi::schema::Type;
use uuid::Uuid;

use crate::schema::{self, AnySchema, Schemas};

/// A value that one text spells. Implement it for domain values through their `parse`.
pub trait FromText: Sized {
    /// The value, or the stable code of what is wrong with the text.
    fn from_text(text: &str) -> Result<Self, &'static str>;

    /// The schema of such texts.
    fn text_schema() -> AnySchema {
        schema::plain(Type::String).into()
    }

    /// The named schemas that [`FromText::text_schema`] refers to.
    fn text_schemas(_: &mut Schemas) {}
}

impl FromText for String {
    /// Any text without U+0000, which no database column holds.
    fn from_text(text: &str) -> Result<Self, &'static str> {
        if text.contains('\0') { Err("control_character") } else { Ok(text.to_owned()) }
    }
}

impl FromText for DateTime<Utc> {
    /// RFC 3339 with an offset; microseconds are kept, finer parts dropped.
    fn from_text(text: &str) -> Result<Self, &'static str> {
        match DateTime::parse_from_rfc3339(text) {
            Ok(instant) if instant.nanosecond() >= 1_000_000_000 => Err("invalid_instant"),
            Ok(instant) if !is_sensible(instant.year()) => Err("out_of_range"),
            Ok(instant) => Ok(instant.with_timezone(&Utc).trunc_subsecs(6)),
            Err(_) if is_local(text) => Err("bare_local_time"),
            Err(_) => Err("invalid_instant"),
        }
    }

    fn text_schema() -> AnySchema {
        schema::format(KnownFormat::DateTime)
    }
}

/// Years that a clinic can mean: before and after them, offsets have no whole minutes or texts no four digits.
pub(crate) fn is_sensible(year: i32) -> bool {
    (1_900..=2_999).contains(&year)
}

fn is_local(text: &str) -> bool {
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"]
        .iter()
        .any(|format| NaiveDateTime::parse_from_str(text, format).is_ok())
}

impl FromText for NaiveDate {
    /// `YYYY-MM-DD`.
    fn from_text(text: &str) -> Result<Self, &'static str> {
        let shaped = text.len() == 10 && text.starts_with(|first: char| first.is_ascii_digit());
        match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(date) if shaped => Ok(date),
            _ => Err("invalid_date"),
        }
    }

    fn text_schema() -> AnySchema {
        schema::format(KnownFormat::Date)
    }
}

impl FromText for NaiveTime {
    /// `HH:MM`.
    fn from_text(text: &str) -> Result<Self, &'static str> {
        match NaiveTime::parse_from_str(text, "%H:%M") {
            Ok(time) if text.len() == 5 => Ok(time),
            _ => Err("invalid_time"),
        }
    }

    fn text_schema() -> AnySchema {
        schema::pattern("^([01][0-9]|2[0-3]):[0-5][0-9]$")
    }
}

impl FromText for Tz {
    /// A name of the IANA time zone database.
    fn from_text(text: &str) -> Result<Self, &'static str> {
        text.parse().or(Err("unknown_time_zone"))
    }

    fn text_schema() -> AnySchema {
        schema::text(1, 64)
    }
}

impl FromText for Uuid {
    /// The hyphenated form.
    fn from_text(text: &str) -> Result<Self, &'static str> {
        match Uuid::try_parse(text) {
            Ok(id) if text.len() == 36 => Ok(id),
            _ => Err("invalid_uuid"),
        }
    }

    fn text_schema() -> AnySchema {
        schema::format(KnownFormat::Uuid)
    }
}

impl FromText for Currency {
    /// ISO 4217, three upper-case letters.
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).or(Err("invalid_currency"))
    }

    fn text_schema() -> AnySchema {
        schema::pattern("^[A-Z]{3}$")
    }
}

macro_rules! ids_are_uuids {
    ($($id:ident)*) => {$(
        impl FromText for ids::$id {
            fn from_text(text: &str) -> Result<Self, &'static str> {
                Uuid::from_text(text).map(Self::from_uuid)
            }

            fn text_schema() -> AnySchema {
                Uuid::text_schema()
            }
        }
    )*};
}

ids_are_uuids! {
    TenantId AccountId MembershipId SessionId ClinicId PatientLinkId PatientId TagId ServiceId PractitionerId ResourceId
    InvitationId ScheduleId ScheduleExceptionId HolidayId AppointmentId SeatingId HoldId SeriesId EntryId EventId JobId MailId
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Result<String, &'static str> {
        DateTime::<Utc>::from_text(text).map(|instant| instant.to_rfc3339())
    }

    #[test]
    fn c5_an_instant_has_an_offset() {
        assert_eq!(instant("2027-03-01T09:00:00-03:00"), Ok("2027-03-01T12:00:00+00:00".to_owned()));
        assert_eq!(instant("2027-03-01T09:00:00.1234567Z"), Ok("2027-03-01T09:00:00.123456+00:00".to_owned()));
    }

    #[test]
    fn c5_a_bare_local_time_is_refused() {
        for text in ["2027-03-01T09:00:00", "2027-03-01T09:00", "2027-03-01 09:00:00.5"] {
            assert_eq!(instant(text), Err("bare_local_time"), "{text}");
        }
        for text in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            assert_eq!(instant(text), Err("out_of_range"), "{text}");
        }
        for text in ["2027-02-30T09:00:00Z", "2027-03-01", "tomorrow", "", "2027-03-01T23:59:60Z"] {
            assert_eq!(instant(text), Err("invalid_instant"), "{text}");
        }
    }

    #[test]
    fn c5_dates_and_times_have_one_form() {
        assert!(NaiveDate::from_text("2028-02-29").is_ok());
        for text in ["2027-02-29", "2027-2-1", "+2027-02-1", "27-02-01", "2027-02-01Z"] {
            assert_eq!(NaiveDate::from_text(text), Err("invalid_date"), "{text}");
        }
        assert!(NaiveTime::from_text("23:59").is_ok());
        for text in ["24:00", "9:00", "09:00:00", "09h00"] {
            assert_eq!(NaiveTime::from_text(text), Err("invalid_time"), "{text}");
        }
    }

    #[test]
    fn only_the_hyphenated_uuid_is_read() {
        assert!(Uuid::from_text("01890a5d-ac96-774b-bcce-b302099a8057").is_ok());
        for text in ["01890a5dac96774bbcceb302099a8057", "{01890a5d-ac96-774b-bcce-b302099a8057}", "1", ""] {
            assert_eq!(Uuid::from_text(text), Err("invalid_uuid"), "{text}");
        }
    }

    #[test]
    fn a_zero_character_is_refused() {
        assert_eq!(String::from_text("a\0b"), Err("control_character"));
    }
}
