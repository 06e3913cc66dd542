//! The patients of the demo company, as the registration form would hold them.

use chrono::NaiveDate;

use super::dice::Dice;
use super::{identifiers, names};

/// Which of the two clinics someone goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Town {
    SaoPaulo,
    Paris,
}

/// A patient to be.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) town: Town,
    pub(super) name: String,
    pub(super) mother: String,
    pub(super) woman: bool,
    pub(super) born: NaiveDate,
    pub(super) identifiers: Vec<(&'static str, String)>,
    pub(super) phone: String,
    pub(super) email: Option<String>,
    pub(super) home: Home,
    pub(super) plan: Option<(&'static str, &'static str, String)>,
    pub(super) tag: Option<&'static str>,
}

/// Where a person lives.
#[derive(Clone)]
pub(super) struct Home {
    pub(super) street: &'static str,
    pub(super) number: String,
    pub(super) neighbourhood: Option<&'static str>,
    pub(super) city: &'static str,
    pub(super) region: Option<&'static str>,
    pub(super) postal_code: String,
    pub(super) country: &'static str,
}

/// So many people, two thirds of them in São Paulo; the `number`th is the same in every demo company.
pub(super) fn people(count: u32) -> Vec<Person> {
    (0..count).map(person).collect()
}

fn person(number: u32) -> Person {
    let mut dice = Dice::new(0xA0_404A ^ (u64::from(number) << 20));
    let town = if number % 3 == 2 { Town::Paris } else { Town::SaoPaulo };
    let woman = dice.percent(54);
    let year = dice.between(1936, 2023);
    let (month, day) = (dice.between(1, 12), dice.between(1, 28));
    let family = dice.pick(town.families());
    let name = format!("{} {family}", full_first(&mut dice, town, woman));
    let mother = format!("{} {family}", dice.pick(town.women()));
    let email = dice.percent(70).then(|| mail_address(&name, number));
    Person {
        town,
        mother,
        woman,
        born: i32::try_from(year).ok().and_then(|y| NaiveDate::from_ymd_opt(y, month, day)).unwrap_or_default(),
        identifiers: town.identifiers(&mut dice, woman, year, month),
        phone: town.phone(number),
        email,
        home: town.home(&mut dice),
        plan: dice.percent(40).then(|| plan(&mut dice)),
        tag: dice.percent(30).then(|| dice.pick(names::TAGS)),
        name,
    }
}

/// First name, and for Brazilians the family name of the mother's side.
fn full_first(dice: &mut Dice, town: Town, woman: bool) -> String {
    let first = dice.pick(if woman { town.women() } else { town.men() });
    match town {
        Town::SaoPaulo => format!("{first} {}", dice.pick(names::FAMILIES_BR)),
        Town::Paris => first.to_owned(),
    }
}

fn plan(dice: &mut Dice) -> (&'static str, &'static str, String) {
    let (operator, plan) = dice.pick(names::PLANS);
    (operator, plan, format!("{:04}{:06}", dice.below(10_000), dice.below(1_000_000)))
}

fn mail_address(name: &str, number: u32) -> String {
    let words = kernel::text::normalize(name);
    let last = words.rsplit(' ').next().unwrap_or("paciente");
    format!("{}.{last}{number}@example.com", words.split(' ').next().unwrap_or("paciente"))
}

impl Town {
    fn women(self) -> &'static [&'static str] {
        match self {
            Self::SaoPaulo => names::WOMEN_BR,
            Self::Paris => names::WOMEN_FR,
        }
    }

    fn men(self) -> &'static [&'static str] {
        match self {
            Self::SaoPaulo => names::MEN_BR,
            Self::Paris => names::MEN_FR,
        }
    }

    fn families(self) -> &'static [&'static str] {
        match self {
            Self::SaoPaulo => names::FAMILIES_BR,
            Self::Paris => names::FAMILIES_FR,
        }
    }

    /// Numbers that nobody has: a range of São Paulo's mobiles that is not given out, and the one that France keeps for
    /// works of fiction (ARCEP, decision 2012-0855).
    fn phone(self, number: u32) -> String {
        match self {
            Self::SaoPaulo => format!("+551190000{:04}", number % 10_000),
            Self::Paris => format!("+33639980{:03}", number % 1_000),
        }
    }

    fn identifiers(self, dice: &mut Dice, woman: bool, year: u32, month: u32) -> Vec<(&'static str, String)> {
        match self {
            Self::SaoPaulo => {
                let mut all = vec![("cpf", identifiers::cpf(dice))];
                if dice.percent(60) {
                    all.push(("cns", identifiers::cns(dice)));
                }
                all
            }
            Self::Paris => vec![("ins", identifiers::nir(dice, if woman { 2 } else { 1 }, year, month))],
        }
    }

    fn home(self, dice: &mut Dice) -> Home {
        let number = dice.between(1, 1_800).to_string();
        match self {
            Self::SaoPaulo => {
                let (neighbourhood, prefix) = dice.pick(names::NEIGHBOURHOODS);
                Home {
                    street: dice.pick(names::STREETS_BR),
                    number,
                    neighbourhood: Some(neighbourhood),
                    city: "São Paulo",
                    region: Some("SP"),
                    postal_code: format!("{prefix:05}-{:03}", dice.below(1_000)),
                    country: "BR",
                }
            }
            Self::Paris => Home {
                street: dice.pick(names::STREETS_FR),
                number: dice.between(1, 120).to_string(),
                neighbourhood: None,
                city: "Paris",
                region: None,
                postal_code: format!("750{:02}", dice.between(1, 20)),
                country: "FR",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_same_people_come_out_every_time() {
        let (first, second) = (people(300), people(310));
        for (one, other) in first.iter().zip(&second) {
            assert_eq!((&one.name, one.born, &one.identifiers), (&other.name, other.born, &other.identifiers));
        }
    }

    #[test]
    fn three_hundred_people_differ_in_what_must_differ() {
        let all = people(300);
        let identifiers: BTreeSet<_> = all.iter().flat_map(|person| &person.identifiers).collect();
        assert_eq!(identifiers.len(), all.iter().map(|person| person.identifiers.len()).sum::<usize>());
        assert_eq!(all.iter().map(|person| &person.phone).collect::<BTreeSet<_>>().len(), 300);
        assert_eq!(all.iter().filter(|person| person.town == Town::Paris).count(), 100);
        assert!(all.iter().map(|person| &person.name).collect::<BTreeSet<_>>().len() > 280);
    }
}
