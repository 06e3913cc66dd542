//! Invented patients of a large clinic, the same ones in every run; each can be made anew by its number alone.

use std::error::Error;

use ::tests::measure::Random;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use kernel::ids::PatientId;
use kernel::text::normalize;
use kernel::{Fault, Reach};
use patients::model::{
    Address, AddressParts, BirthDate, Contact, ContactKind, ContactList, Country, Cpf, CustomFields, HealthPlan,
    HealthPlanParts, Identifier, IdentifierKind, Patient, PatientDetails, PersonName, Preferences, Sex, Stage, Tag,
};
use serde_json::{Value, json};

use super::names::{
    DECADES, FAMILIES, MEN, NEIGHBOURHOODS, Often, PLANS, RARE, STAGES, STREETS, SYLLABLES, TAGS, TOWNS, WOMEN,
};
use crate::Outcome;
use crate::patients::id_at;

/// Of how many in a thousand the CPF is known.
const WITH_CPF: usize = 800;
/// Of how many the e-mail address is known.
const WITH_EMAIL: usize = 550;
/// Of how many it is known where exactly they live.
const WITH_PLACE: usize = 700;
/// The last registrations are of this day; who was born later is nobody.
const UNTIL: NaiveDate = match NaiveDate::from_ymd_opt(2026, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MAX,
};
/// Over how many days they were registered.
const REGISTERING: i64 = 5 * 365;
/// Shares no factor with ten to the ninth: of the people below that number no two have the same CPF.
const SPREAD: u64 = 618_033_989;

/// The titles above the lines of [`Person::csv`].
pub const HEADER: &str = "código,nome,data de nascimento,sexo,nome da mãe,cpf,telefone,e-mail,logradouro,número,bairro,cidade,uf,convênio,carteirinha\n";

/// A person who does not exist.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Which.
    pub number: u64,
    /// Legal name.
    pub name: String,
    /// Given and first family name: what people search by.
    pub short_name: String,
    /// The last family name, without its particle.
    pub family: String,
    /// Date of birth.
    pub born: NaiveDate,
    /// The mother's name.
    pub mother: String,
    /// Digits alone; of some.
    pub cpf: Option<String>,
    /// In international form.
    pub phone: String,
    /// Of some.
    pub email: Option<String>,
    woman: bool,
    home: Home,
    plan: &'static str,
    tag: &'static str,
    stage: &'static str,
}

#[derive(Debug, Clone, PartialEq)]
struct Home {
    street: &'static str,
    number: usize,
    neighbourhood: &'static str,
    city: &'static str,
    region: &'static str,
    place: Option<(f64, f64)>,
}

impl Person {
    /// The person of this number.
    pub fn of(number: u64) -> Self {
        let random = &mut Random::new(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x0005_a105);
        let woman = random.below(1000) < 510;
        let given = often(random, if woman { WOMEN } else { MEN });
        let second = if random.below(1000) < 350 { often(random, if woman { WOMEN } else { MEN }) } else { "" };
        let (of_mother, of_father) = (family(random), family(random));
        let particle = random.pick(&["", "", "", "da ", "de ", "dos "]).copied().unwrap_or_default();
        let last = format!("{particle}{of_father}");
        let words = [given, second, &of_mother, &last].into_iter().filter(|word| !word.is_empty());
        Self {
            number,
            name: words.collect::<Vec<_>>().join(" "),
            short_name: format!("{given} {of_father}"),
            family: of_father,
            born: born(random),
            mother: format!("{} {of_mother}", often(random, WOMEN)),
            cpf: Some(cpf(number)).filter(|cpf| random.below(1000) < WITH_CPF && Cpf::parse(cpf).is_ok()),
            phone: phone(number),
            email: (random.below(1000) < WITH_EMAIL).then(|| format!("{}.{number}@example.com", word(given))),
            woman,
            home: Home::of(random),
            plan: often(random, PLANS),
            tag: often(random, TAGS),
            stage: often(random, STAGES),
        }
    }

    /// The body that registers the person.
    pub fn json(&self) -> Value {
        let mut contacts = vec![json!({ "kind": "phone", "value": self.phone, "primary": true })];
        contacts.extend(self.email.iter().map(|email| json!({ "kind": "email", "value": email, "primary": true })));
        let identifiers: Vec<Value> = self.cpf.iter().map(|cpf| json!({ "kind": "cpf", "value": cpf })).collect();
        let plans: Vec<Value> =
            self.card().map(|card| json!({ "operator": self.plan, "card_number": card })).into_iter().collect();
        let tags: Vec<&str> = Some(self.tag).filter(|tag| !tag.is_empty()).into_iter().collect();
        json!({
            "name": self.name, "birth_date": self.born, "sex": self.sex(), "mother_name": self.mother,
            "stage": self.stage, "identifiers": identifiers, "contacts": contacts, "addresses": [self.home.json()],
            "health_plans": plans, "tags": tags,
        })
    }

    /// The record, as one of `all` that were registered one after the other.
    pub fn record(&self, all: u64) -> Outcome<Patient> {
        let at = registered(self.number, all);
        let stage = Stage::parse(self.stage).ok_or("no such stage")?;
        let mut contacts = vec![Contact::parse(ContactKind::Phone, &self.phone, Country::parse("BR")?)?.into_primary()];
        if let Some(email) = &self.email {
            contacts.push(Contact::parse(ContactKind::Email, email, Country::parse("BR")?)?.into_primary());
        }
        let identifiers = self.cpf.iter().map(|cpf| Identifier::parse(IdentifierKind::Cpf, cpf));
        let tag = Some(self.tag).filter(|tag| !tag.is_empty()).map(Tag::parse).transpose()?;
        let details = PatientDetails {
            name: PersonName::parse(&self.name)?,
            social_name: None,
            birth_date: Some(BirthDate::try_new(self.born, UNTIL)?),
            sex: Sex::parse(self.sex()),
            gender: None,
            mother_name: Some(PersonName::parse(&self.mother)?),
            stage,
            identifiers: identifiers.collect::<Result<_, _>>()?,
            contacts: ContactList::try_new(contacts).map_err(|faults| told(&faults))?,
            addresses: vec![self.home.address()?],
            health_plans: self.plan()?.into_iter().collect(),
            tags: tag.into_iter().collect(),
            preferences: Preferences::default(),
            emergency_contacts: Vec::new(),
            notes: None,
            custom: CustomFields::default(),
        };
        let id = PatientId::from_uuid(id_at(at, &mut Random::new(self.number)));
        Ok(Patient::register(id, details, Reach::Company, at)?)
    }

    /// A line of a file to import, under [`HEADER`].
    pub fn csv(&self) -> String {
        let Home { street, number, neighbourhood, city, region, .. } = &self.home;
        let born = self.born.format("%d/%m/%Y");
        let (cpf, email) = (self.cpf.as_deref().unwrap_or_default(), self.email.as_deref().unwrap_or_default());
        let (plan, card) = (self.plan, self.card().unwrap_or_default());
        let (code, name, mother, sex, phone) = (self.number, &self.name, &self.mother, self.sex(), &self.phone);
        format!(
            "{code},{name},{born},{sex},{mother},{cpf},{phone},{email},{street},{number},{neighbourhood},{city},{region},{plan},{card}\n"
        )
    }

    fn sex(&self) -> &'static str {
        if self.woman { "female" } else { "male" }
    }

    fn card(&self) -> Option<String> {
        (!self.plan.is_empty()).then(|| format!("{:015}", self.number.wrapping_mul(SPREAD) % 1_000_000_000_000_000))
    }

    fn plan(&self) -> Outcome<Option<HealthPlan>> {
        let Some(card_number) = self.card() else { return Ok(None) };
        let operator = self.plan.to_owned();
        let parts = HealthPlanParts { operator, plan: None, card_number: Some(card_number), valid_until: None };
        HealthPlan::parse(parts).map(Some).map_err(|faults| told(&faults))
    }
}

impl Home {
    fn of(random: &mut Random) -> Self {
        let shares: Vec<u32> = TOWNS.iter().map(|(.., share)| *share).collect();
        let (city, region, latitude, longitude, _) =
            TOWNS.get(drawn(random, &shares)).copied().unwrap_or(("", "", 0.0, 0.0, 0));
        let street = often(random, STREETS);
        let (number, neighbourhood) = (1 + random.below(2_000), often(random, NEIGHBOURHOODS));
        // Within some eleven kilometres of the middle.
        let mut around = |middle: f64| middle + f64::from(u16::try_from(random.below(2_000)).unwrap_or(0)) / 1e4 - 0.1;
        let place = (around(latitude), around(longitude));
        let place = Some(place).filter(|_| random.below(1000) < WITH_PLACE);
        Self { street, number, neighbourhood, city, region, place }
    }

    fn json(&self) -> Value {
        let Self { street, number, neighbourhood, city, region, place } = self;
        let [latitude, longitude] = [place.map(|place| place.0), place.map(|place| place.1)];
        json!({
            "street": street, "number": number.to_string(), "neighbourhood": neighbourhood, "city": city,
            "region": region, "country": "BR", "latitude": latitude, "longitude": longitude,
        })
    }

    fn address(&self) -> Outcome<Address> {
        let parts = AddressParts {
            street: Some(self.street.to_owned()),
            number: Some(self.number.to_string()),
            neighbourhood: Some(self.neighbourhood.to_owned()),
            city: Some(self.city.to_owned()),
            region: Some(self.region.to_owned()),
            country: Some("BR".to_owned()),
            latitude: self.place.map(|place| place.0),
            longitude: self.place.map(|place| place.1),
            ..AddressParts::default()
        };
        Address::parse(parts).map_err(|faults| told(&faults))
    }
}

fn told(faults: &[Fault]) -> Box<dyn Error + Send + Sync> {
    format!("{faults:?}").into()
}

/// When the person of this number was registered, among `all`.
fn registered(number: u64, all: u64) -> DateTime<Utc> {
    let millis = u64::try_from(TimeDelta::days(REGISTERING).num_milliseconds()).unwrap_or(0);
    let after = i64::try_from(millis / all.max(1) * number).unwrap_or(0);
    let first = UNTIL.and_time(NaiveTime::MIN).and_utc() - TimeDelta::days(REGISTERING);
    first + TimeDelta::milliseconds(after)
}

/// A place in the list, by its share.
fn drawn(random: &mut Random, shares: &[u32]) -> usize {
    let sum: u32 = shares.iter().sum();
    let mut left = random.below(usize::try_from(sum).unwrap_or(0));
    for (place, share) in shares.iter().enumerate() {
        let share = usize::try_from(*share).unwrap_or(0);
        if left < share {
            return place;
        }
        left -= share;
    }
    0
}

fn often(random: &mut Random, table: &[Often]) -> &'static str {
    let shares: Vec<u32> = table.iter().map(|(_, share)| *share).collect();
    table.get(drawn(random, &shares)).map_or("", |(word, _)| word)
}

fn family(random: &mut Random) -> String {
    if random.below(1000) >= RARE {
        return often(random, FAMILIES).to_owned();
    }
    let name: String = (0..2 + random.below(3)).filter_map(|_| random.pick(SYLLABLES)).copied().collect();
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

fn born(random: &mut Random) -> NaiveDate {
    let years = drawn(random, DECADES) * 10 + random.below(10);
    let days = u64::try_from(years * 365 + years / 4 + random.below(365) + 1).unwrap_or(0);
    UNTIL.checked_sub_days(Days::new(days)).unwrap_or(UNTIL)
}

/// With right check digits; rarely one that is refused all the same, being one digit repeated.
fn cpf(number: u64) -> String {
    let base = number.wrapping_mul(SPREAD).wrapping_add(123_456_789) % 1_000_000_000;
    let mut digits: Vec<u32> = format!("{base:09}").chars().filter_map(|digit| digit.to_digit(10)).collect();
    for first_weight in [10, 11] {
        let sum: u32 = digits.iter().zip((2..=first_weight).rev()).map(|(digit, weight)| digit * weight).sum();
        digits.push(if sum % 11 < 2 { 0 } else { 11 - sum % 11 });
    }
    digits.iter().filter_map(|digit| char::from_digit(*digit, 10)).collect()
}

/// Of a tenth it is the number of the person before, as in families.
fn phone(number: u64) -> String {
    let owner = if number % 10 == 7 { number - 1 } else { number };
    format!("+55119{:08}", 10_000_000 + owner.wrapping_mul(7_654_321) % 90_000_000)
}

fn word(name: &str) -> String {
    normalize(name).replace(' ', "")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const MANY: u64 = 20_000;
    /// Records take longer to make than people.
    const SOME: u64 = 1_500;

    #[test]
    fn everybody_is_the_same_in_every_run_and_makes_an_acceptable_record() {
        for number in 0..SOME {
            let person = Person::of(number);
            assert_eq!(Person::of(number), person);
            let record = person.record(SOME).unwrap();
            assert!(record.created_at.date_naive() < UNTIL && person.born < UNTIL, "{person:?}");
            assert_eq!(record.details.identifiers.len(), usize::from(person.cpf.is_some()));
            assert_eq!(record.details.name.as_str(), person.name);
            assert!(record.search_text().contains(&normalize(&person.family)));
        }
    }

    #[test]
    fn no_two_people_have_one_id_or_cpf_and_a_tenth_share_a_telephone() {
        let people: Vec<Person> = (0..MANY).map(Person::of).collect();
        let once = |keys: Vec<String>| (keys.len(), keys.into_iter().collect::<HashSet<_>>().len());
        let (cpfs, different) = once(people.iter().filter_map(|person| person.cpf.clone()).collect());
        assert_eq!(cpfs, different);
        assert!((15_500..16_500).contains(&cpfs), "{cpfs}");
        let ids = (0..SOME).map(|number| Person::of(number).record(SOME).unwrap().id.to_string());
        let (ids, different) = once(ids.collect());
        assert_eq!(ids, different);
        let (_, phones) = once(people.iter().map(|person| person.phone.clone()).collect());
        assert_eq!(phones, 18_000);
    }

    #[test]
    fn what_is_common_is_common_and_what_is_rare_is_there() {
        let people: Vec<Person> = (0..MANY).map(Person::of).collect();
        let share =
            |is_so: &dyn Fn(&Person) -> bool| people.iter().filter(|person| is_so(person)).count() * 1000 / 20_000;
        assert!((80..180).contains(&share(&|person| person.family == "Silva")));
        assert!((480..540).contains(&share(&|person| person.woman)));
        assert!((420..480).contains(&share(&|person| !person.plan.is_empty())));
        assert!((300..380).contains(&share(&|person| person.home.city == "São Paulo")));
        assert!((100..140).contains(&share(&|person| !FAMILIES.iter().any(|(name, _)| *name == person.family))));
        let names: HashSet<&str> = people.iter().map(|person| person.name.as_str()).collect();
        assert!(names.len() > 19_000, "{}", names.len());
    }

    #[test]
    fn a_line_of_the_file_has_as_many_fields_as_its_header() {
        let fields = |line: &str| line.split(',').count();
        assert!((0..1_000).all(|number| fields(&Person::of(number).csv()) == fields(HEADER)));
    }
}
