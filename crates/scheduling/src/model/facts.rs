//! Entities as the journal records them; what is about a person is sealed there.

use kernel::{Facts, Reach};
use serde_json::{Value, json};

use super::appointment::{Appointment, AppointmentParts};
use super::availability::{Availability, Effect, ScheduleException};
use super::practitioner::{Practitioner, Registration};
use super::service::Service;
use super::weekly::{DayWindow, WeeklySchedule, weekday_name};
use super::words::{Label, Note};

impl Service {
    /// What the journal records of it.
    pub fn facts(&self) -> Facts {
        let terms = self.terms();
        let professions: Vec<&str> = terms.required_professions().iter().map(Label::as_str).collect();
        Facts::new()
            .open("name", terms.name().as_str())
            .open("duration_minutes", terms.duration().get())
            .open("price", terms.price())
            .open("buffer_before_minutes", terms.buffer_before().get())
            .open("buffer_after_minutes", terms.buffer_after().get())
            .open("slot_interval_minutes", terms.slot_interval().get())
            .open("modality", terms.modality())
            .open("capacity", terms.capacity())
            .open("minimum_notice_minutes", terms.minimum_notice().get())
            .open("horizon_days", terms.horizon_days())
            .open("requires_approval", terms.requires_approval())
            .open("cancellation_window_minutes", terms.cancellation_window().get())
            .open("required_resource_kinds", terms.required_resource_kinds())
            .open("required_professions", professions)
            .open("active", terms.active())
    }
}

impl Practitioner {
    /// What the journal records of them.
    pub fn facts(&self) -> Facts {
        let profile = self.profile();
        let registrations: Vec<Value> = profile.registrations.iter().map(registration).collect();
        Facts::new()
            .personal("name", profile.name.expose())
            .open("profession", profile.profession.as_str())
            .personal("registrations", registrations)
            .open("service_ids", &profile.service_ids)
            .open("clinic_ids", &profile.clinic_ids)
            .open("membership_id", profile.membership_id)
            .open("active", profile.active)
    }
}

impl Availability {
    /// What the journal records of the weekly windows.
    pub fn facts(&self) -> Facts {
        let weekly: Vec<Value> = self.schedules.iter().map(|(_, schedule)| weekly(schedule)).collect();
        Facts::new().open("schedules", weekly)
    }
}

impl ScheduleException {
    /// What the journal records of it.
    pub fn facts(&self) -> Facts {
        let facts =
            Facts::new().open("kind", self.effect.kind()).personal("note", self.note.as_ref().map(Note::expose));
        match &self.effect {
            Effect::Override { clinic_id, date, windows } => {
                let windows: Vec<Value> = windows.iter().copied().map(window).collect();
                facts.open("clinic_id", clinic_id).open("date", date).open("windows", windows)
            }
            Effect::Leave(interval) => facts.open("start", interval.start()).open("end", interval.end()),
        }
    }
}

impl Appointment {
    /// The appointment as a caller of this reach may see it: patients do not see the clinic's notes.
    #[must_use]
    pub fn seen_from(&self, reach: Reach) -> Self {
        if !reach.is_patient_side() {
            return self.clone();
        }
        Self::restore(AppointmentParts { notes: None, ..self.parts().clone() })
    }

    /// What the journal records of it.
    pub fn facts(&self) -> Facts {
        let parts = self.parts();
        let note = |note: &Option<Note>| note.as_ref().map(|note| note.expose().to_owned());
        let cancelled = parts.cancellation.as_ref();
        Facts::new()
            .open("status", parts.status)
            .open("start", parts.interval.start())
            .open("end", parts.interval.end())
            .open("time_zone", parts.time_zone)
            .open("patient_id", parts.patient_id)
            .open("beneficiary_id", parts.beneficiary_id)
            .open("practitioner_id", parts.practitioner_id)
            .open("clinic_id", parts.clinic_id)
            .open("service_id", parts.service.service_id)
            .open("resource_ids", &parts.resources)
            .open("origin", parts.origin.as_str())
            .personal("reason", note(&parts.reason))
            .personal("notes", note(&parts.notes))
            .open("cancelled_for", cancelled.map(|cancelled| cancelled.requested_by))
            .open("cancellation_code", cancelled.and_then(|c| c.reason_code.as_ref()).map(Label::as_str))
            .personal("cancellation_reason", cancelled.and_then(|c| note(&c.reason)))
            .about(parts.beneficiary_id.unwrap_or(parts.patient_id))
    }
}

fn registration(one: &Registration) -> Value {
    json!({
        "council": one.council().as_str(),
        "number": one.number().as_str(),
        "region": one.region().as_str(),
    })
}

fn weekly(schedule: &WeeklySchedule) -> Value {
    let windows: Vec<Value> = schedule
        .windows()
        .iter()
        .map(|one| {
            json!({
                "weekday": weekday_name(one.weekday),
                "start": one.window.start().to_string(),
                "end": one.window.end().to_string(),
            })
        })
        .collect();
    json!({
        "clinic_id": schedule.clinic_id(),
        "weekly": windows,
        "valid_from": schedule.valid_from(),
        "valid_to": schedule.valid_to(),
    })
}

fn window(one: DayWindow) -> Value {
    json!({ "start": one.start().to_string(), "end": one.end().to_string() })
}

#[cfg(test)]
mod tests {
    use crate::model::samples::{practitioner, service};

    #[test]
    fn the_name_of_a_practitioner_is_sealed_and_that_of_a_service_is_not() {
        let facts = practitioner(|_| {}).facts();
        assert!(facts.personal_fields().contains_key("name") && !facts.open_fields().contains_key("name"));
        assert_eq!(service(|_| {}).facts().open_fields()["name"], "Consulta");
    }
}
