//! A row that is a patient.

use chrono::Datelike;
use kernel::{Fault, Patch};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::field::Field;
use super::plan::{Placed, Plan, RowFault};
use super::words::{sex_of, stage_of};
use crate::model::patient::{MOST_IDENTIFIERS, MOST_TAGS};
use crate::model::redacted::redacted_debug;
use crate::model::table::Cell;
use crate::model::{
    Address, AddressParts, BirthDate, Contact, ContactKind, ContactList, Country, CustomFields, Gender, HealthPlan,
    HealthPlanParts, Identifier, IdentifierKind, Notes, PatientDetails, PatientPatch, PersonName, Preferences, Sex,
    Stage, Tag, TextError,
};

/// The most characters of an identifier of the file's own.
const LONGEST_EXTERNAL: usize = 200;
/// No number that belongs to a person has fewer digits.
const SHORTEST_PHONE: usize = 8;

/// What a row says of a patient; what it does not say is absent.
#[derive(Clone, Default)]
pub struct PatientInput {
    /// The file's own identifier.
    pub external_id: Option<String>,
    name: Option<PersonName>,
    social_name: Option<PersonName>,
    birth_date: Option<BirthDate>,
    sex: Option<Sex>,
    gender: Option<Gender>,
    mother_name: Option<PersonName>,
    stage: Option<Stage>,
    identifiers: Vec<Identifier>,
    contacts: Vec<Contact>,
    address: Option<Address>,
    health_plan: Option<HealthPlan>,
    tags: Vec<Tag>,
    notes: Option<Notes>,
    custom: Map<String, Value>,
}

redacted_debug!(PatientInput);

/// A row half read.
#[derive(Default)]
struct Reading {
    input: PatientInput,
    names: [Option<String>; 3],
    address: AddressParts,
    plan: HealthPlanParts,
    has_plan: bool,
    /// Where what is checked as a whole stands.
    address_column: Option<String>,
    plan_column: Option<String>,
}

/// Reads a row; the first cell that is not acceptable refuses it.
pub fn read_patient(cells: &[Cell], plan: &Plan) -> Result<PatientInput, RowFault> {
    let mut reading = Reading::default();
    for placed in plan.placed(cells) {
        match &placed.column.field {
            Field::Custom(own) => {
                reading.input.custom.insert(own.clone(), Value::String(placed.text()?));
            }
            Field::Known(word) => {
                let _ = reading.person(word, &placed, plan)?
                    || reading.identifier(word, &placed)?
                    || reading.contact(word, &placed, plan)?
                    || reading.place(word, &placed)?
                    || reading.rest(word, &placed)?;
            }
        }
    }
    reading.whole()
}

/// What two rows have in common that say the same: a hash of everything that is read of a row.
pub fn fingerprint(cells: &[Cell], plan: &Plan) -> String {
    let mut hash = Sha256::new();
    for placed in plan.placed(cells) {
        hash.update(placed.column.field.to_string().as_bytes());
        hash.update([0]);
        hash.update(placed.cell.shown().as_bytes());
        hash.update([1]);
    }
    super::run::hex(&hash.finalize())
}

impl Reading {
    fn person(&mut self, word: &str, placed: &Placed<'_>, plan: &Plan) -> Result<bool, RowFault> {
        let input = &mut self.input;
        match word {
            "first_name" => self.names[0] = Some(placed.text()?),
            "name" => self.names[1] = Some(placed.text()?),
            "last_name" => self.names[2] = Some(placed.text()?),
            "social_name" => input.social_name = Some(person_name(placed)?),
            "mother_name" => input.mother_name = Some(person_name(placed)?),
            "birth_date" => input.birth_date = Some(birth_date(placed, plan)?),
            "death_date" => {
                placed.past_day(plan.today())?;
                input.stage = Some(Stage::Deceased);
            }
            "sex" => {
                let sex = sex_of(&placed.text()?).ok_or_else(|| placed.fault("unknown_word"))?;
                input.sex = Some(sex);
            }
            "gender" => input.gender = Some(text_of(Gender::parse(&placed.text()?), placed)?),
            "stage" if input.stage != Some(Stage::Deceased) => {
                let stage = stage_of(&placed.text()?).ok_or_else(|| placed.fault("unknown_word"))?;
                input.stage = Some(stage);
            }
            "age" => {
                // What cannot be an age is left out, and counted among the quirks of its column.
                if let Some(age) = placed.text()?.parse::<u8>().ok().filter(|age| *age <= 130) {
                    input.custom.insert("age".to_owned(), age.into());
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn identifier(&mut self, word: &str, placed: &Placed<'_>) -> Result<bool, RowFault> {
        let kind = match word {
            "external_id" => {
                let text = placed.text()?;
                if text.chars().count() > LONGEST_EXTERNAL || text.chars().any(char::is_control) {
                    return Err(placed.fault("invalid_identifier"));
                }
                self.input.external_id = Some(text);
                return Ok(true);
            }
            "cpf" => IdentifierKind::Cpf,
            "cns" => IdentifierKind::Cns,
            "cnpj" => IdentifierKind::Cnpj,
            "ins" => IdentifierKind::Ins,
            "passport" => IdentifierKind::Passport,
            "other_id" => IdentifierKind::Other,
            _ => return Ok(false),
        };
        let text = placed.text()?;
        let read = Identifier::parse(kind, &text).or_else(|error| match (kind, padded_cpf(&text)) {
            (IdentifierKind::Cpf, Some(padded)) => Identifier::parse(kind, &padded),
            _ => Err(error),
        });
        match read {
            Ok(identifier) if self.input.identifiers.contains(&identifier) => {}
            Ok(identifier) => self.input.identifiers.push(identifier),
            Err(error) => return Err(placed.fault(error.code())),
        }
        Ok(true)
    }

    fn contact(&mut self, word: &str, placed: &Placed<'_>, plan: &Plan) -> Result<bool, RowFault> {
        let kind = match word {
            "phone" => ContactKind::Phone,
            "whatsapp" => ContactKind::Whatsapp,
            "email" => ContactKind::Email,
            "instagram" => ContactKind::Instagram,
            _ => return Ok(false),
        };
        for piece in pieces(&placed.text()?, kind) {
            match Contact::parse(kind, &piece, plan.country()) {
                Ok(contact) => add_contact(&mut self.input.contacts, contact),
                Err(error) => return Err(placed.fault(error.code())),
            }
        }
        Ok(true)
    }

    fn place(&mut self, word: &str, placed: &Placed<'_>) -> Result<bool, RowFault> {
        let parts = &mut self.address;
        let part = match word {
            "street" => &mut parts.street,
            "number" => &mut parts.number,
            "complement" => &mut parts.complement,
            "neighbourhood" => &mut parts.neighbourhood,
            "city" => &mut parts.city,
            "region" => &mut parts.region,
            "postal_code" => &mut parts.postal_code,
            "country" => {
                // Names of countries are not guessed; what is no code stays out.
                parts.country = Country::parse(&placed.text()?).ok().map(|country| country.as_str().to_owned());
                return Ok(true);
            }
            "latitude" => {
                parts.latitude = Some(placed.number()?);
                self.address_column = Some(placed.column.title.clone());
                return Ok(true);
            }
            "longitude" => {
                parts.longitude = Some(placed.number()?);
                self.address_column = Some(placed.column.title.clone());
                return Ok(true);
            }
            _ => return Ok(false),
        };
        *part = Some(placed.text()?);
        self.address_column.get_or_insert_with(|| placed.column.title.clone());
        Ok(true)
    }

    fn rest(&mut self, word: &str, placed: &Placed<'_>) -> Result<bool, RowFault> {
        match word {
            "health_plan" => self.plan.operator = placed.text()?,
            "health_plan_product" => self.plan.plan = Some(placed.text()?),
            "card_number" => self.plan.card_number = Some(placed.text()?),
            "card_valid_until" => {
                self.plan.valid_until = Some(placed.moment(2099)?.date);
                return Ok(true);
            }
            "tags" => {
                for label in placed.text()?.split([',', ';', '|']).map(str::trim).filter(|label| !label.is_empty()) {
                    let tag = text_of(Tag::parse(label), placed)?;
                    if !self.input.tags.contains(&tag) {
                        self.input.tags.push(tag);
                    }
                }
                return Ok(true);
            }
            "notes" => {
                self.input.notes = Some(text_of(Notes::parse(&placed.text()?), placed)?);
                return Ok(true);
            }
            _ => return Ok(false),
        }
        self.has_plan = true;
        self.plan_column.get_or_insert_with(|| placed.column.title.clone());
        Ok(true)
    }

    /// What is checked over several cells.
    fn whole(self) -> Result<PatientInput, RowFault> {
        let mut input = self.input;
        let [first, name, last] = self.names;
        let joined = [first, name, last].into_iter().flatten().collect::<Vec<_>>().join(" ");
        if !joined.is_empty() {
            let read = PersonName::parse(&joined);
            input.name = Some(read.map_err(|error| RowFault { column: None, code: error.code() })?);
        }
        if self.address != AddressParts::default() {
            let column = self.address_column;
            input.address = Some(first_fault(Address::parse(self.address), column)?);
        }
        if self.has_plan && !self.plan.operator.is_empty() {
            input.health_plan = Some(first_fault(HealthPlan::parse(self.plan), self.plan_column)?);
        }
        if input.identifiers.len() > MOST_IDENTIFIERS || input.tags.len() > MOST_TAGS {
            return Err(RowFault { column: None, code: "too_many" });
        }
        Ok(input)
    }
}

impl PatientInput {
    /// Identifiers of which a company has each once.
    pub fn unique_identifiers(&self) -> impl Iterator<Item = &Identifier> {
        self.identifiers.iter().filter(|identifier| identifier.kind().is_unique_in_company())
    }

    /// The forms under which the row's contacts may be known elsewhere.
    pub fn contact_keys(&self) -> Vec<String> {
        self.contacts.iter().flat_map(Contact::match_keys).collect()
    }

    /// What two rows have in common that speak of one person: a hash of name, date of birth, identifiers and contacts.
    pub fn print(&self) -> String {
        let name = self.name.as_ref().map(|name| kernel::text::normalize(name.as_str())).unwrap_or_default();
        let birth = self.birth_date.map(|date| date.date().to_string()).unwrap_or_default();
        let mut parts: Vec<&str> = vec![&name, &birth];
        parts.extend(self.identifiers.iter().map(Identifier::value).chain(self.contacts.iter().map(Contact::value)));
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        super::run::hex(&hash.finalize())
    }

    /// The patient that a row makes. Where a file of appointments knows a patient by a number alone, that is the name.
    pub fn details(self, named_by_number: NamedBy) -> Result<PatientDetails, RowFault> {
        let by_number = match named_by_number {
            NamedBy::Number => self.external_id.as_deref().and_then(|id| PersonName::parse(id).ok()),
            NamedBy::Name => None,
        };
        let name = self.name.or(by_number).ok_or(RowFault { column: None, code: "name_required" })?;
        Ok(PatientDetails {
            name,
            social_name: self.social_name,
            birth_date: self.birth_date,
            sex: self.sex,
            gender: self.gender,
            mother_name: self.mother_name,
            stage: self.stage.unwrap_or(Stage::Active),
            identifiers: self.identifiers,
            contacts: contact_list(self.contacts)?,
            addresses: self.address.into_iter().collect(),
            health_plans: self.health_plan.into_iter().collect(),
            tags: self.tags,
            preferences: Preferences::default(),
            emergency_contacts: Vec::new(),
            notes: self.notes,
            custom: custom_fields(self.custom)?,
        })
    }

    /// What a row changes of a patient who is there: what it says replaces what was said, what it does not say stays, and
    /// contacts, identifiers and tags are added to those that are there.
    pub fn patch(self, present: &PatientDetails) -> Result<PatientPatch, RowFault> {
        let conflict = |new: &&Identifier| {
            new.kind().is_unique_in_company()
                && present.identifiers.iter().any(|old| old.kind() == new.kind() && old.value() != new.value())
        };
        if self.identifiers.iter().any(|new| conflict(&new)) {
            return Err(RowFault { column: None, code: "identifier_conflict" });
        }
        let mut identifiers = present.identifiers.clone();
        for new in self.identifiers {
            if !identifiers.iter().any(|old| old.kind() == new.kind() && old.value() == new.value()) {
                identifiers.push(new);
            }
        }
        let mut contacts = present.contacts.as_slice().to_vec();
        for contact in self.contacts {
            add_contact(&mut contacts, contact);
        }
        let mut tags = present.tags.clone();
        tags.extend(self.tags.into_iter().filter(|tag| !present.tags.contains(tag)));
        let grows = identifiers.len() > present.identifiers.len() || tags.len() > present.tags.len();
        if grows && (identifiers.len() > MOST_IDENTIFIERS || tags.len() > MOST_TAGS) {
            return Err(RowFault { column: None, code: "too_many" });
        }
        let set = |custom: Map<String, Value>| {
            if custom.is_empty() { Ok(Patch::Keep) } else { custom_fields(custom).map(Patch::Set) }
        };
        Ok(PatientPatch {
            name: self.name,
            social_name: keep_or_set(self.social_name),
            birth_date: keep_or_set(self.birth_date),
            sex: keep_or_set(self.sex),
            gender: keep_or_set(self.gender),
            mother_name: keep_or_set(self.mother_name),
            stage: self.stage,
            identifiers: Patch::Set(identifiers),
            contacts: Patch::Set(contact_list(contacts)?),
            addresses: keep_or_set(self.address.map(|address| with_first(&present.addresses, address))),
            health_plans: keep_or_set(self.health_plan.map(|plan| with_first(&present.health_plans, plan))),
            tags: Patch::Set(tags),
            notes: keep_or_set(self.notes),
            custom: set(self.custom)?,
            ..PatientPatch::default()
        })
    }
}

/// What a patient is called whose row has no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// There must be one.
    Name,
    /// The file's own number.
    Number,
}

fn keep_or_set<T>(value: Option<T>) -> Patch<T> {
    value.map_or(Patch::Keep, Patch::Set)
}

/// The list with another first entry.
fn with_first<T: Clone + PartialEq>(present: &[T], first: T) -> Vec<T> {
    if present.contains(&first) {
        return present.to_vec();
    }
    std::iter::once(first).chain(present.iter().skip(1).cloned()).collect()
}

fn person_name(placed: &Placed<'_>) -> Result<PersonName, RowFault> {
    text_of(PersonName::parse(&placed.text()?), placed)
}

fn text_of<T>(read: Result<T, TextError>, placed: &Placed<'_>) -> Result<T, RowFault> {
    read.map_err(|error| placed.fault(error.code()))
}

fn birth_date(placed: &Placed<'_>, plan: &Plan) -> Result<BirthDate, RowFault> {
    let date = placed.moment(plan.today().year())?.date;
    BirthDate::try_new(date, plan.today()).map_err(|error| placed.fault(error.code()))
}

/// A CPF whose leading zeros a spreadsheet took for those of a number; its check digits tell whether they were there.
fn padded_cpf(text: &str) -> Option<String> {
    let is_number = (8..11).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("{text:0>11}"))
}

/// The contacts in one cell.
fn pieces(text: &str, kind: ContactKind) -> Vec<String> {
    let marks: &[char] = match kind {
        ContactKind::Phone | ContactKind::Whatsapp => &[';', '|', '/', '\n'],
        ContactKind::Email | ContactKind::Instagram => &[';', ',', '|', ' '],
    };
    let pieces: Vec<&str> = text.split(marks).map(str::trim).filter(|piece| !piece.is_empty()).collect();
    let digits = |piece: &&str| piece.bytes().filter(u8::is_ascii_digit).count() >= SHORTEST_PHONE;
    let numbers = matches!(kind, ContactKind::Phone | ContactKind::Whatsapp);
    if numbers && !pieces.iter().all(digits) {
        return vec![text.to_owned()];
    }
    pieces.into_iter().map(str::to_owned).collect()
}

fn add_contact(contacts: &mut Vec<Contact>, contact: Contact) {
    let same = |other: &Contact| other.kind() == contact.kind() && other.match_keys() == contact.match_keys();
    if !contacts.iter().any(same) {
        contacts.push(contact);
    }
}

fn contact_list(contacts: Vec<Contact>) -> Result<ContactList, RowFault> {
    first_fault(ContactList::try_new(contacts), None)
}

fn custom_fields(custom: Map<String, Value>) -> Result<CustomFields, RowFault> {
    CustomFields::parse(Value::Object(custom)).map_err(|error| RowFault { column: None, code: error.code() })
}

fn first_fault<T>(read: Result<T, Vec<Fault>>, column: Option<String>) -> Result<T, RowFault> {
    read.map_err(|faults| RowFault { column, code: faults.first().map_or("invalid", |fault| fault.code) })
}

#[cfg(test)]
#[path = "patient_row_tests.rs"]
mod tests;
