//! Ways to reach a patient.

use kernel::Fault;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::country::Country;
use super::email::{Email, InvalidEmail};
use super::phone::{Phone, PhoneError, is_user_id};
use super::redacted::redacted_debug;

/// The most contacts of one patient.
pub const MOST_CONTACTS: usize = 20;

/// The medium of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    /// A telephone line.
    Phone,
    /// An e-mail address.
    Email,
    /// A `WhatsApp` number or user id.
    Whatsapp,
    /// An Instagram account.
    Instagram,
}

impl ContactKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Phone, Self::Email, Self::Whatsapp, Self::Instagram];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Whatsapp => "whatsapp",
            Self::Instagram => "instagram",
        }
    }

    /// The kind of a word; `None` for an unknown one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A way to reach a patient: the canonical value to compare and search, and the value as it was typed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    kind: ContactKind,
    value: String,
    raw: String,
    primary: bool,
}

/// Why a text is no contact of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ContactError {
    /// No telephone or `WhatsApp` number.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// No e-mail address.
    #[error(transparent)]
    Email(#[from] InvalidEmail),
    /// No account name: 1 to 30 letters, digits, dots and underscores.
    #[error("not an Instagram account")]
    Instagram,
}

impl ContactError {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Phone(_) => "invalid_phone",
            Self::Email(_) => "invalid_email",
            Self::Instagram => "invalid_instagram",
        }
    }
}

redacted_debug!(Contact);

impl Contact {
    /// Reads a contact that is not primary, numbers by the clinic's country.
    pub fn parse(kind: ContactKind, raw: &str, country: Country) -> Result<Self, ContactError> {
        let raw = raw.trim();
        let value = match kind {
            ContactKind::Phone => number(&Phone::parse(raw, country)?),
            ContactKind::Whatsapp if is_user_id(raw) => raw.to_owned(),
            ContactKind::Whatsapp => number(&Phone::parse_whatsapp(raw, country)?),
            ContactKind::Email => Email::parse(raw)?.as_str().to_owned(),
            ContactKind::Instagram => instagram_account(raw)?,
        };
        Ok(Self { kind, value, raw: raw.to_owned(), primary: false })
    }

    /// A contact as it was stored, not primary.
    pub fn from_stored(kind: ContactKind, value: String, raw: String) -> Self {
        Self { kind, value, raw, primary: false }
    }

    /// The same contact, preferred among those of its kind.
    #[must_use]
    pub fn into_primary(self) -> Self {
        Self { primary: true, ..self }
    }

    /// Its medium.
    pub fn kind(&self) -> ContactKind {
        self.kind
    }

    /// The canonical value: E.164 (bare digits where none can be derived), e-mail with lower-case domain, account name.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The value as typed.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// True when it is preferred among those of its kind.
    pub fn is_primary(&self) -> bool {
        self.primary
    }

    /// The telephone number in it; `None` for other media and for user ids.
    pub fn phone(&self) -> Option<Phone> {
        match self.kind {
            ContactKind::Phone | ContactKind::Whatsapp if !is_user_id(&self.value) => {
                let e164 = self.value.starts_with('+').then(|| self.value.clone());
                Some(Phone::from_stored(self.raw.clone(), e164))
            }
            _ => None,
        }
    }

    /// The forms under which the same contact may be known elsewhere, the canonical one first.
    pub fn match_keys(&self) -> Vec<String> {
        let keys = self.phone().map(|phone| phone.match_keys()).unwrap_or_default();
        if keys.is_empty() { vec![self.value.to_lowercase()] } else { keys }
    }
}

/// The contacts of one patient: at most 20, each once, exactly one primary of each kind that occurs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContactList(Vec<Contact>);

impl ContactList {
    /// Checks the contacts as a whole; the first of a kind without a primary one becomes it. Faults point into the list.
    pub fn try_new(contacts: Vec<Contact>) -> Result<Self, Vec<Fault>> {
        if contacts.len() > MOST_CONTACTS {
            return Err(vec![Fault::at("", "too_many")]);
        }
        let mut faults = Vec::new();
        let mut seen: Vec<&Contact> = Vec::new();
        for (place, contact) in contacts.iter().enumerate() {
            let mut same_kind = seen.iter().filter(|other| other.kind == contact.kind);
            if same_kind.clone().any(|other| other.match_keys() == contact.match_keys()) {
                faults.push(Fault::at(format!("/{place}/value"), "duplicate"));
            } else if contact.primary && same_kind.any(|other| other.primary) {
                faults.push(Fault::at(format!("/{place}/primary"), "several_primary"));
            }
            seen.push(contact);
        }
        if faults.is_empty() { Ok(Self(with_primaries(contacts))) } else { Err(faults) }
    }

    /// The contacts as they were stored.
    pub fn from_stored(contacts: Vec<Contact>) -> Self {
        Self(contacts)
    }

    /// The contacts in the order given.
    pub fn as_slice(&self) -> &[Contact] {
        &self.0
    }

    /// The preferred contact of a kind.
    pub fn primary(&self, kind: ContactKind) -> Option<&Contact> {
        self.0.iter().find(|contact| contact.kind == kind && contact.primary)
    }
}

fn with_primaries(mut contacts: Vec<Contact>) -> Vec<Contact> {
    for kind in ContactKind::ALL {
        let has_primary = contacts.iter().any(|contact| contact.kind == kind && contact.primary);
        if let Some(first) = contacts.iter_mut().find(|contact| contact.kind == kind && !has_primary) {
            first.primary = true;
        }
    }
    contacts
}

fn number(phone: &Phone) -> String {
    let digits = || phone.raw().chars().filter(char::is_ascii_digit).collect();
    phone.e164().map_or_else(digits, str::to_owned)
}

fn instagram_account(raw: &str) -> Result<String, ContactError> {
    let account = raw.strip_prefix('@').unwrap_or(raw).to_ascii_lowercase();
    let is_sound = (1..=30).contains(&account.len())
        && account.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'));
    if is_sound { Ok(account) } else { Err(ContactError::Instagram) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(kind: ContactKind, raw: &str) -> Contact {
        Contact::parse(kind, raw, Country::BRAZIL).unwrap()
    }

    #[test]
    fn pt2_numbers_are_kept_as_e164_and_as_typed() {
        let phone = contact(ContactKind::Phone, " (41) 8799-0000 ");
        assert_eq!((phone.value(), phone.raw()), ("+5541987990000", "(41) 8799-0000"));
        assert_eq!(phone.match_keys(), ["+5541987990000", "+554187990000"]);
        let unknown = contact(ContactKind::Phone, "33 4402");
        assert_eq!((unknown.value(), unknown.raw()), ("334402", "33 4402"));
        assert_eq!(unknown.match_keys(), ["334402"]);
        assert_eq!(unknown.phone().unwrap().e164(), None);
    }

    #[test]
    fn pt2_a_user_id_is_a_whatsapp_contact_and_no_phone() {
        let id = "US.13491208655302741918";
        let hidden = contact(ContactKind::Whatsapp, id);
        assert_eq!((hidden.value(), hidden.phone()), (id, None));
        assert_eq!(Contact::parse(ContactKind::Phone, id, Country::BRAZIL).unwrap_err().code(), "invalid_phone");
    }

    #[test]
    fn values_of_other_media() {
        assert_eq!(contact(ContactKind::Email, "Ana@Exemplo.COM").match_keys(), ["ana@exemplo.com"]);
        assert_eq!(contact(ContactKind::Instagram, "@Ana_Souza.1").value(), "ana_souza.1");
        for (kind, raw, code) in [
            (ContactKind::Email, "ana", "invalid_email"),
            (ContactKind::Instagram, "ana souza", "invalid_instagram"),
            (ContactKind::Instagram, "@", "invalid_instagram"),
            (ContactKind::Whatsapp, "ana", "invalid_phone"),
        ] {
            assert_eq!(Contact::parse(kind, raw, Country::BRAZIL).unwrap_err().code(), code);
        }
    }

    #[test]
    fn the_first_of_a_kind_becomes_primary_unless_another_is() {
        let list = ContactList::try_new(vec![
            contact(ContactKind::Phone, "11 98765-4321"),
            contact(ContactKind::Email, "a@example.com"),
            contact(ContactKind::Email, "b@example.com").into_primary(),
        ])
        .unwrap();
        assert_eq!(list.primary(ContactKind::Phone).unwrap().value(), "+5511987654321");
        assert_eq!(list.primary(ContactKind::Email).unwrap().value(), "b@example.com");
        assert_eq!(list.as_slice().iter().filter(|contact| contact.is_primary()).count(), 2);
    }

    #[test]
    fn duplicates_and_several_primaries_are_pointed_at() {
        let faults = ContactList::try_new(vec![
            contact(ContactKind::Phone, "11 98765-4321").into_primary(),
            contact(ContactKind::Phone, "+55 11 8765 4321"),
            contact(ContactKind::Phone, "11 3333-4444").into_primary(),
            contact(ContactKind::Whatsapp, "11 98765-4321").into_primary(),
        ])
        .unwrap_err();
        assert_eq!(faults, [Fault::at("/1/value", "duplicate"), Fault::at("/2/primary", "several_primary")]);
        let many = (0..21).map(|n| contact(ContactKind::Email, &format!("a{n}@example.com"))).collect();
        assert_eq!(ContactList::try_new(many), Err(vec![Fault::at("", "too_many")]));
    }

    #[test]
    fn kinds_are_read_from_their_words() {
        for kind in ContactKind::ALL {
            assert_eq!(ContactKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(ContactKind::parse("Phone"), None);
    }
}
