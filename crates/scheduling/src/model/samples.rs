//! Small fixtures that the tests of several concepts share.

use chrono::{DateTime, Utc, Weekday};
use kernel::ids::{ClinicId, PractitionerId, SeatingId, ServiceId};
use uuid::Uuid;

use super::agenda::{BusyEntry, SessionKey};
use super::interval::Interval;
use super::local_time::Zone;
use super::practitioner::{Practitioner, PractitionerProfile};
use super::schedule::ClinicHours;
use super::service::{Service, ServiceAsk, ServiceTerms};
use super::weekly::{DayWindow, WeeklySchedule, WeeklyWindow};
use super::words::{Label, PersonName};

pub const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

pub fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn span(start: &str, end: &str) -> Interval {
    Interval::between(utc(start), utc(end)).unwrap()
}

pub fn clinic(number: u128) -> ClinicId {
    ClinicId::from_uuid(Uuid::from_u128(number))
}

pub fn service(edit: impl FnOnce(&mut ServiceAsk)) -> Service {
    let mut ask = ServiceAsk { name: "Consulta".to_owned(), duration_minutes: 30, ..ServiceAsk::default() };
    edit(&mut ask);
    Service::new(ServiceId::from_uuid(Uuid::from_u128(1)), ServiceTerms::parse(ask).unwrap(), 1)
}

pub fn practitioner(edit: impl FnOnce(&mut PractitionerProfile)) -> Practitioner {
    let mut profile = PractitionerProfile {
        name: PersonName::parse("Ana Souza").unwrap(),
        profession: Label::parse("physician").unwrap(),
        registrations: Vec::new(),
        service_ids: None,
        clinic_ids: None,
        membership_id: None,
        active: true,
    };
    edit(&mut profile);
    Practitioner::new(PractitionerId::from_uuid(Uuid::from_u128(1)), profile, 1)
}

/// The same hours on every day of the week, in the first clinic.
pub fn daily(zone: &str, windows: &[(&str, &str)]) -> ClinicHours {
    let on = |weekday: Weekday| {
        windows.iter().map(move |(start, end)| WeeklyWindow { weekday, window: DayWindow::parse(start, end).unwrap() })
    };
    ClinicHours {
        clinic_id: clinic(1),
        zone: Zone::parse(zone).unwrap(),
        schedules: vec![
            WeeklySchedule::try_new(clinic(1), WEEK.into_iter().flat_map(on).collect(), None, None).unwrap(),
        ],
        overrides: Vec::new(),
        holidays: Vec::new(),
    }
}

/// One seat of a booking without buffers, for the sample service in the first clinic.
pub fn busy(interval: Interval, seating: u128, seat: u32) -> BusyEntry {
    let service_id = ServiceId::from_uuid(Uuid::from_u128(1));
    let session = Some(SessionKey { service_id, clinic_id: clinic(1) });
    BusyEntry {
        buffered: interval,
        interval,
        session,
        seating_id: SeatingId::from_uuid(Uuid::from_u128(seating)),
        seat,
        exclusive: true,
    }
}
