//! The record of a patient, and the pure decisions on it.

use chrono::{DateTime, Utc};
use kernel::ids::PatientId;
use kernel::{Facts, Patch, Reach};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    Address, BirthDate, ContactList, CustomFields, CustomFieldsError, EmergencyContact, Gender, HealthPlan, Identifier,
    IdentifierKind, IdentifierStatus, Notes, PersonName, Preferences, PreferencesPatch, SearchSource, Sex, Stage,
    StageError, Tag, search_text,
};

/// What people write into a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PatientDetails {
    /// Legal name.
    pub name: PersonName,
    /// The name the person goes by.
    pub social_name: Option<PersonName>,
    /// Date of birth.
    pub birth_date: Option<BirthDate>,
    /// Administrative sex.
    pub sex: Option<Sex>,
    /// Gender in the person's own words.
    pub gender: Option<Gender>,
    /// The mother's name, by which Brazil tells namesakes apart.
    pub mother_name: Option<PersonName>,
    /// Where the patient stands with the company.
    pub stage: Stage,
    /// CPF, CNS, INS and others, at most [`MOST_IDENTIFIERS`].
    pub identifiers: Vec<Identifier>,
    /// Telephones, e-mail and the like.
    pub contacts: ContactList,
    /// Postal addresses, at most [`super::address::MOST_ADDRESSES`].
    pub addresses: Vec<Address>,
    /// Health plans, at most [`super::health_plan::MOST_HEALTH_PLANS`].
    pub health_plans: Vec<HealthPlan>,
    /// Labels of the staff, at most [`MOST_TAGS`].
    pub tags: Vec<Tag>,
    /// How the patient wishes to be contacted.
    pub preferences: Preferences,
    /// Whom to call.
    pub emergency_contacts: Vec<EmergencyContact>,
    /// Remarks of the staff.
    pub notes: Option<Notes>,
    /// The company's own fields.
    pub custom: CustomFields,
}

/// The most identifiers of one patient.
pub const MOST_IDENTIFIERS: usize = 10;
/// The most tags of one patient.
pub const MOST_TAGS: usize = 30;

/// A patient of a company. Its JSON is for merges to keep, sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Patient {
    /// Its id.
    pub id: PatientId,
    /// What people wrote.
    pub details: PatientDetails,
    /// Rises by one with every change.
    pub version: i64,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Since when it is archived: out of lists and closed to changes and bookings (PT10).
    pub archived_at: Option<DateTime<Utc>>,
    /// The record that lives on for it, where its stage is merged (PT7).
    pub merged_into: Option<PatientId>,
}

/// A row of a list: what tells patients apart.
#[derive(Debug, Clone, PartialEq)]
pub struct PatientSummary {
    /// The patient.
    pub id: PatientId,
    /// Legal name.
    pub name: PersonName,
    /// The name the person goes by.
    pub social_name: Option<PersonName>,
    /// Date of birth.
    pub birth_date: Option<BirthDate>,
    /// Administrative sex.
    pub sex: Option<Sex>,
    /// Where the patient stands with the company.
    pub stage: Stage,
    /// The primary telephone or WhatsApp number.
    pub phone: Option<String>,
    /// The primary e-mail address.
    pub email: Option<String>,
    /// The record's version.
    pub version: i64,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A change of a record by merge patch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PatientPatch {
    /// Cannot be cleared.
    pub name: Option<PersonName>,
    /// See [`PatientDetails`], as all below.
    pub social_name: Patch<PersonName>,
    /// Date of birth.
    pub birth_date: Patch<BirthDate>,
    /// Administrative sex.
    pub sex: Patch<Sex>,
    /// Gender.
    pub gender: Patch<Gender>,
    /// Mother's name.
    pub mother_name: Patch<PersonName>,
    /// Cannot be cleared.
    pub stage: Option<Stage>,
    /// Replaces all.
    pub identifiers: Patch<Vec<Identifier>>,
    /// Replaces all.
    pub contacts: Patch<ContactList>,
    /// Replaces all.
    pub addresses: Patch<Vec<Address>>,
    /// Replaces all.
    pub health_plans: Patch<Vec<HealthPlan>>,
    /// Replaces all.
    pub tags: Patch<Vec<Tag>>,
    /// Part by part.
    pub preferences: Patch<PreferencesPatch>,
    /// Replaces all.
    pub emergency_contacts: Patch<Vec<EmergencyContact>>,
    /// Remarks.
    pub notes: Patch<Notes>,
    /// Merged into what is there, see [`CustomFields::merged`].
    pub custom: Patch<CustomFields>,
}

/// Why a record cannot be made or changed so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatientRefused {
    /// The caller's reach does not include new patients.
    #[error("the caller cannot register patients")]
    OutOfReach,
    /// A caller with reach over itself may change contacts, addresses, preferences and emergency contacts alone.
    #[error("not the caller's to change")]
    FieldsOutOfReach(Vec<&'static str>),
    /// The stage does not fit.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The company's own fields become too large.
    #[error(transparent)]
    Custom(#[from] CustomFieldsError),
    /// The record is archived or merged.
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// Why a record is closed to changes, bookings and merges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Closed {
    /// It is archived: restoring it opens it again.
    #[error("the record is archived")]
    Archived,
    /// It was merged into another record, which lives on for it.
    #[error("the record was merged")]
    Merged(PatientId),
}

/// What a change did.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed {
    /// Nothing: the patch names what is there already.
    Nothing,
    /// The record as it is now.
    To(Box<Patient>),
}

impl Patient {
    /// A new record; `reach` is that of the caller.
    pub fn register(
        id: PatientId,
        details: PatientDetails,
        reach: Reach,
        now: DateTime<Utc>,
    ) -> Result<Self, PatientRefused> {
        if !reach.is_company() {
            return Err(PatientRefused::OutOfReach);
        }
        let stage = Stage::of_new(Some(details.stage))?;
        stage.check_contacts(details.contacts.as_slice().len())?;
        Ok(Self { id, details, version: 1, created_at: now, updated_at: now, archived_at: None, merged_into: None })
    }

    /// The record after a patch by a caller of this reach.
    pub fn change(&self, patch: PatientPatch, reach: Reach, now: DateTime<Utc>) -> Result<Changed, PatientRefused> {
        if reach.is_patient_side() {
            let staff_fields = patch.staff_fields();
            if !staff_fields.is_empty() {
                return Err(PatientRefused::FieldsOutOfReach(staff_fields));
            }
        }
        if let Some(closed) = self.closed() {
            return Err(closed.into());
        }
        let details = self.details.clone().patched(patch)?;
        details.stage.check_contacts(details.contacts.as_slice().len())?;
        if details == self.details {
            return Ok(Changed::Nothing);
        }
        let changed = Self { details, version: self.version + 1, updated_at: now, ..self.clone() };
        Ok(Changed::To(Box::new(changed)))
    }

    /// Whether it is out of use, and why.
    pub fn closed(&self) -> Option<Closed> {
        let archived = self.archived_at.map(|_| Closed::Archived);
        self.merged_into.map(Closed::Merged).or(archived)
    }

    /// The record as a caller of this reach sees it: remarks, labels and own fields are for the staff.
    #[must_use]
    pub fn seen_from(mut self, reach: Reach) -> Self {
        if reach.is_patient_side() {
            self.details.notes = None;
            self.details.tags = Vec::new();
            self.details.custom = CustomFields::default();
        }
        self
    }

    /// The record as it may leave the system: the matricule of an INS does only when it was fetched and checked (PT1).
    #[must_use]
    pub fn leaving(mut self) -> Self {
        let stays = |one: &Identifier| one.kind() == IdentifierKind::Ins && one.status() != IdentifierStatus::Qual;
        self.details.identifiers.retain(|one| !stays(one));
        self
    }

    /// The fields as the journal keeps them; what tells who it is is personal.
    pub fn facts(&self) -> Facts {
        let d = &self.details;
        Facts::new()
            .open("stage", d.stage)
            .open("archived_at", self.archived_at)
            .open("merged_into", self.merged_into)
            .personal("name", &d.name)
            .personal("social_name", &d.social_name)
            .personal("birth_date", d.birth_date.map(BirthDate::date))
            .personal("sex", d.sex)
            .personal("gender", &d.gender)
            .personal("mother_name", &d.mother_name)
            .personal("identifiers", &d.identifiers)
            .personal("contacts", &d.contacts)
            .personal("addresses", &d.addresses)
            .personal("health_plans", &d.health_plans)
            .personal("tags", &d.tags)
            .personal("preferences", &d.preferences)
            .personal("emergency_contacts", &d.emergency_contacts)
            .personal("notes", &d.notes)
            .personal("custom", d.custom.as_map())
    }

    /// What a search finds the record by.
    pub fn search_text(&self) -> String {
        let d = &self.details;
        let names: Vec<&PersonName> = std::iter::once(&d.name).chain(&d.social_name).collect();
        search_text(&SearchSource {
            names: &names,
            identifiers: &d.identifiers,
            contacts: d.contacts.as_slice(),
            health_plans: &d.health_plans,
        })
    }
}

impl PatientDetails {
    fn patched(self, patch: PatientPatch) -> Result<Self, PatientRefused> {
        let stage = patch.stage.map_or(Ok(self.stage), |asked| self.stage.edited_to(asked))?;
        Ok(Self {
            name: patch.name.unwrap_or(self.name),
            social_name: patch.social_name.applied_to(self.social_name),
            birth_date: patch.birth_date.applied_to(self.birth_date),
            sex: patch.sex.applied_to(self.sex),
            gender: patch.gender.applied_to(self.gender),
            mother_name: patch.mother_name.applied_to(self.mother_name),
            stage,
            identifiers: patch.identifiers.applied_or_default(self.identifiers),
            contacts: patch.contacts.applied_or_default(self.contacts),
            addresses: patch.addresses.applied_or_default(self.addresses),
            health_plans: patch.health_plans.applied_or_default(self.health_plans),
            tags: patch.tags.applied_or_default(self.tags),
            preferences: match patch.preferences {
                Patch::Keep => self.preferences,
                Patch::Clear => Preferences::default(),
                Patch::Set(patch) => self.preferences.patched(patch),
            },
            emergency_contacts: patch.emergency_contacts.applied_or_default(self.emergency_contacts),
            notes: patch.notes.applied_to(self.notes),
            custom: match patch.custom {
                Patch::Keep => self.custom,
                Patch::Clear => CustomFields::default(),
                Patch::Set(patch) => self.custom.merged(patch)?,
            },
        })
    }
}

impl PatientPatch {
    /// The mentioned fields that only the staff may change.
    fn staff_fields(&self) -> Vec<&'static str> {
        let mentioned = [
            ("name", self.name.is_some()),
            ("social_name", !self.social_name.is_keep()),
            ("birth_date", !self.birth_date.is_keep()),
            ("sex", !self.sex.is_keep()),
            ("gender", !self.gender.is_keep()),
            ("mother_name", !self.mother_name.is_keep()),
            ("stage", self.stage.is_some()),
            ("identifiers", !self.identifiers.is_keep()),
            ("health_plans", !self.health_plans.is_keep()),
            ("tags", !self.tags.is_keep()),
            ("notes", !self.notes.is_keep()),
            ("custom", !self.custom.is_keep()),
        ];
        mentioned.into_iter().filter(|(_, is_mentioned)| *is_mentioned).map(|(field, _)| field).collect()
    }
}

#[cfg(test)]
#[path = "patient_tests.rs"]
mod tests;
