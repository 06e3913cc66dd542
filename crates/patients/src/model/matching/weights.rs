//! The published weights: what each finding on two records says for one person, as log2(m/u) in tenths of a bit.
//!
//! `m` is how often the finding is made on two records of one person, `u` how often on records of two persons, where that
//! field is known of both. They are estimates for clinics in Brazil and France, fixed so that a score can be explained and
//! means the same everywhere; a finding that is not made weighs nothing.

/// What the comparison of one field found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Finding {
    /// Given names are equal or known spellings of one name.
    GivenNameEqual,
    /// Given names differ by little, as typing errors and the names of twins do.
    GivenNameClose,
    /// A second given name of one is the first of the other.
    GivenNamePartly,
    /// One given name is the other's initial.
    GivenNameInitial,
    /// Given names differ.
    GivenNameDifferent,
    /// Family names are equal or spellings of one name.
    FamilyNameEqual,
    /// Family names differ by little.
    FamilyNameClose,
    /// One of several family names is common to both.
    FamilyNamePartly,
    /// Family names differ.
    FamilyNameDifferent,
    /// One is a son or grandson by name (Filho, Júnior, Neto) and the other is not.
    GenerationDifferent,
    /// Born on one day.
    BirthDateEqual,
    /// Day and month are the other way round.
    BirthDateSwapped,
    /// One digit differs, or two neighbours are the other way round.
    BirthDateDigit,
    /// Two of day, month and year are equal.
    BirthDateNear,
    /// Born on different days.
    BirthDateDifferent,
    /// Of one sex.
    SexEqual,
    /// Female and male.
    SexDifferent,
    /// Mothers' names are equal or spellings of one name.
    MotherNameEqual,
    /// Mothers' names differ by little.
    MotherNameClose,
    /// Mothers' given names are equal and their family names are not.
    MotherNamePartly,
    /// Mothers' names differ.
    MotherNameDifferent,
    /// The same CPF.
    CpfEqual,
    /// Two valid CPFs.
    CpfDifferent,
    /// The same CNS; a person may have several.
    CnsEqual,
    /// The same INS.
    InsEqual,
    /// Two valid INS.
    InsDifferent,
    /// The same passport.
    PassportEqual,
    /// Two passports, as after a renewal.
    PassportDifferent,
    /// Another identifier is the same.
    OtherIdentifierEqual,
    /// Another identifier differs by one character, or by two neighbours the other way round.
    OtherIdentifierClose,
    /// Other identifiers differ; they may be of different kinds.
    OtherIdentifierDifferent,
    /// A telephone number is common to both.
    PhoneEqual,
    /// No telephone number is common.
    PhoneDifferent,
    /// An e-mail address is common to both.
    EmailEqual,
    /// No e-mail address is common.
    EmailDifferent,
    /// Street and number are equal or nearly so.
    AddressEqual,
    /// The street is, the number is not.
    StreetEqual,
    /// Another street.
    AddressDifferent,
    /// Postal codes are equal.
    PostalCodeEqual,
    /// Postal codes differ by one character, or by two neighbours the other way round.
    PostalCodeClose,
    /// Postal codes differ.
    PostalCodeDifferent,
    /// The neighbourhood is equal or nearly so.
    NeighbourhoodEqual,
    /// The city is equal or nearly so.
    CityEqual,
    /// Another city.
    CityDifferent,
}

/// One line of the published table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    /// The finding.
    pub finding: Finding,
    /// The word on the wire and in the database.
    pub word: &'static str,
    /// How often it is made on two records of one person.
    pub m: f64,
    /// How often it is made on records of two persons.
    pub u: f64,
    /// log2(m/u) in tenths of a bit.
    pub tenths: i32,
}

const fn weight(finding: Finding, word: &'static str, m: f64, u: f64, tenths: i32) -> Weight {
    Weight { finding, word, m, u, tenths }
}

/// All weights, in the order of [`Finding`].
#[rustfmt::skip]
pub const WEIGHTS: [Weight; 44] = [
    weight(Finding::GivenNameEqual,           "given_name_equal",           0.86,  0.01,        64),
    weight(Finding::GivenNameClose,           "given_name_close",           0.08,  0.004,       43),
    weight(Finding::GivenNamePartly,          "given_name_partly",          0.02,  0.003,       27),
    weight(Finding::GivenNameInitial,         "given_name_initial",         0.02,  0.005,       20),
    weight(Finding::GivenNameDifferent,       "given_name_different",       0.04,  0.97,       -46),
    weight(Finding::FamilyNameEqual,          "family_name_equal",          0.80,  0.01,        63),
    weight(Finding::FamilyNameClose,          "family_name_close",          0.08,  0.003,       47),
    weight(Finding::FamilyNamePartly,         "family_name_partly",         0.06,  0.01,        26),
    weight(Finding::FamilyNameDifferent,      "family_name_different",      0.05,  0.97,       -43),
    weight(Finding::GenerationDifferent,      "generation_different",       0.02,  0.1,        -23),
    weight(Finding::BirthDateEqual,           "birth_date_equal",           0.92,  0.000_03,   149),
    weight(Finding::BirthDateSwapped,         "birth_date_swapped",         0.01,  0.000_03,    84),
    weight(Finding::BirthDateDigit,           "birth_date_digit",           0.03,  0.000_4,     62),
    weight(Finding::BirthDateNear,            "birth_date_near",            0.015, 0.004,       19),
    weight(Finding::BirthDateDifferent,       "birth_date_different",       0.025, 0.995,      -53),
    weight(Finding::SexEqual,                 "sex_equal",                  0.98,  0.5,         10),
    weight(Finding::SexDifferent,             "sex_different",              0.02,  0.5,        -46),
    weight(Finding::MotherNameEqual,          "mother_name_equal",          0.80,  0.000_8,    100),
    weight(Finding::MotherNameClose,          "mother_name_close",          0.08,  0.000_6,     71),
    weight(Finding::MotherNamePartly,         "mother_name_partly",         0.07,  0.008,       31),
    weight(Finding::MotherNameDifferent,      "mother_name_different",      0.05,  0.99,       -43),
    weight(Finding::CpfEqual,                 "cpf_equal",                  0.95,  0.000_000_5, 209),
    weight(Finding::CpfDifferent,             "cpf_different",              0.001, 1.0,       -100),
    weight(Finding::CnsEqual,                 "cns_equal",                  0.70,  0.000_000_5, 204),
    weight(Finding::InsEqual,                 "ins_equal",                  0.95,  0.000_000_5, 209),
    weight(Finding::InsDifferent,             "ins_different",              0.001, 1.0,       -100),
    weight(Finding::PassportEqual,            "passport_equal",             0.70,  0.000_001,  194),
    weight(Finding::PassportDifferent,        "passport_different",         0.30,  1.0,        -17),
    weight(Finding::OtherIdentifierEqual,     "other_identifier_equal",     0.85,  0.000_1,    131),
    weight(Finding::OtherIdentifierClose,     "other_identifier_close",     0.05,  0.000_5,     66),
    weight(Finding::OtherIdentifierDifferent, "other_identifier_different", 0.40,  1.0,        -13),
    weight(Finding::PhoneEqual,               "phone_equal",                0.60,  0.000_5,    102),
    weight(Finding::PhoneDifferent,           "phone_different",            0.40,  1.0,        -13),
    weight(Finding::EmailEqual,               "email_equal",                0.60,  0.000_2,    116),
    weight(Finding::EmailDifferent,           "email_different",            0.40,  1.0,        -13),
    weight(Finding::AddressEqual,             "address_equal",              0.55,  0.000_5,    101),
    weight(Finding::StreetEqual,              "street_equal",               0.15,  0.005,       49),
    weight(Finding::AddressDifferent,         "address_different",          0.30,  0.99,       -17),
    weight(Finding::PostalCodeEqual,          "postal_code_equal",          0.65,  0.02,        50),
    weight(Finding::PostalCodeClose,          "postal_code_close",          0.10,  0.01,        33),
    weight(Finding::PostalCodeDifferent,      "postal_code_different",      0.25,  0.97,       -20),
    weight(Finding::NeighbourhoodEqual,       "neighbourhood_equal",        0.70,  0.06,        35),
    weight(Finding::CityEqual,                "city_equal",                 0.90,  0.4,         12),
    weight(Finding::CityDifferent,            "city_different",             0.10,  0.6,        -26),
];

impl Finding {
    fn line(self) -> Option<&'static Weight> {
        WEIGHTS.iter().find(|weight| weight.finding == self)
    }

    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        self.line().map_or("", |weight| weight.word)
    }

    /// The finding of a word; `None` for an unknown one.
    pub fn parse(word: &str) -> Option<Self> {
        WEIGHTS.iter().find(|weight| weight.word == word).map(|weight| weight.finding)
    }

    /// What it says for one person, in bits.
    pub fn bits(self) -> f64 {
        f64::from(self.tenths()) / 10.0
    }

    /// What it says for one person, in tenths of a bit; negative against.
    pub fn tenths(self) -> i32 {
        self.line().map_or(0, |weight| weight.tenths)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn pt6_each_weight_is_the_logarithm_that_it_is_published_as() {
        for Weight { word, m, u, tenths, .. } in WEIGHTS {
            assert!((10.0 * (m / u).log2() - f64::from(tenths)).abs() <= 0.5, "{word}");
        }
    }

    #[test]
    fn pt6_every_finding_has_a_word_of_its_own_and_is_read_back() {
        let words: BTreeSet<&str> = WEIGHTS.iter().map(|weight| weight.word).collect();
        assert_eq!(words.len(), WEIGHTS.len());
        assert!(WEIGHTS.iter().all(|weight| Finding::parse(weight.finding.as_str()) == Some(weight.finding)));
        assert!(WEIGHTS.is_sorted_by_key(|weight| weight.finding));
        assert_eq!(Finding::parse("shoe_size_equal"), None);
    }
}
