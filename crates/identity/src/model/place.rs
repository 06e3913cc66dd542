//! Where a company is: country, time zone, language.

use chrono_tz::Tz;
use serde::{Serialize, Serializer};
use thiserror::Error;

/// ISO 3166-1 alpha-2, as assigned in 2025.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV \
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM \
    FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM \
    JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR \
    MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS \
    RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ \
    UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// A country by its ISO 3166-1 alpha-2 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country(&'static str);

/// A time zone of the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeZone(Tz);

/// A language that Salus speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Locale {
    /// Brazilian Portuguese.
    PtBr,
    /// French.
    Fr,
    /// English.
    En,
}

/// The text names nothing that Salus knows of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnknownPlace {
    /// No country.
    #[error("unknown country code")]
    Country,
    /// No time zone.
    #[error("unknown time zone")]
    TimeZone,
    /// No language of ours.
    #[error("unknown locale")]
    Locale,
}

impl UnknownPlace {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Country => "identity.unknown_country",
            Self::TimeZone => "unknown_time_zone",
            Self::Locale => "identity.unknown_locale",
        }
    }
}

impl Country {
    /// Brazil.
    pub const BRAZIL: Self = Self("BR");
    /// France.
    pub const FRANCE: Self = Self("FR");

    /// Reads a two-letter code in either case.
    pub fn parse(raw: &str) -> Result<Self, UnknownPlace> {
        let code = raw.trim().to_ascii_uppercase();
        COUNTRIES.split_whitespace().find(|known| **known == code).map(Self).ok_or(UnknownPlace::Country)
    }

    /// The two capital letters.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The zone of the country's capital or largest city where Salus is at home, else UTC.
    pub fn usual_time_zone(self) -> TimeZone {
        TimeZone(match self.0 {
            "BR" => Tz::America__Sao_Paulo,
            "FR" => Tz::Europe__Paris,
            "PT" => Tz::Europe__Lisbon,
            _ => Tz::UTC,
        })
    }

    /// The country's language where Salus speaks it, else English.
    pub const fn usual_locale(self) -> Locale {
        match self.0.as_bytes() {
            b"BR" | b"PT" => Locale::PtBr,
            b"FR" => Locale::Fr,
            _ => Locale::En,
        }
    }
}

impl TimeZone {
    /// Reads an IANA name such as `America/Sao_Paulo`, exactly as the database spells it.
    pub fn parse(raw: &str) -> Result<Self, UnknownPlace> {
        match raw.parse() {
            Ok(zone) => Ok(Self(zone)),
            Err(_) => Err(UnknownPlace::TimeZone),
        }
    }

    /// The zone's rules.
    pub const fn rules(self) -> Tz {
        self.0
    }

    /// The IANA name.
    pub fn as_str(self) -> &'static str {
        self.0.name()
    }
}

impl Locale {
    /// Reads a language tag by its language: `pt`, `fr-FR` and `en-GB` are understood.
    pub fn parse(raw: &str) -> Result<Self, UnknownPlace> {
        let language = raw.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let plain = raw.len() <= 35 && raw.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        match language.as_str() {
            "pt" if plain => Ok(Self::PtBr),
            "fr" if plain => Ok(Self::Fr),
            "en" if plain => Ok(Self::En),
            _ => Err(UnknownPlace::Locale),
        }
    }

    /// The tag: `pt-BR`, `fr` or `en`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PtBr => "pt-BR",
            Self::Fr => "fr",
            Self::En => "en",
        }
    }
}

macro_rules! serialized_as_str {
    ($($name:ident),+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

serialized_as_str!(Country, TimeZone, Locale);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_read_in_either_case() {
        assert_eq!(Country::parse(" br "), Ok(Country::BRAZIL));
        for raw in ["", "BRA", "ZZ", "B", "55"] {
            assert_eq!(Country::parse(raw), Err(UnknownPlace::Country), "{raw}");
        }
        assert_eq!(COUNTRIES.split_whitespace().count(), 249);
    }

    #[test]
    fn a_country_brings_its_zone_and_language() {
        assert_eq!(Country::BRAZIL.usual_time_zone().as_str(), "America/Sao_Paulo");
        assert_eq!(Country::FRANCE.usual_time_zone().as_str(), "Europe/Paris");
        assert_eq!(Country::parse("JP").unwrap().usual_time_zone().as_str(), "UTC");
        assert_eq!(Country::FRANCE.usual_locale(), Locale::Fr);
    }

    #[test]
    fn zones_are_those_of_the_iana_database() {
        assert_eq!(TimeZone::parse("America/Manaus").unwrap().as_str(), "America/Manaus");
        for raw in ["", "Brasilia", "America/Atlantis", "-03:00"] {
            assert_eq!(TimeZone::parse(raw), Err(UnknownPlace::TimeZone), "{raw}");
        }
    }

    #[test]
    fn locales_are_read_by_language() {
        assert_eq!(Locale::parse("pt"), Ok(Locale::PtBr));
        assert_eq!(Locale::parse("fr-FR"), Ok(Locale::Fr));
        assert_eq!(Locale::parse("EN-gb"), Ok(Locale::En));
        for raw in ["", "de", "fr_FR", "pt; drop"] {
            assert_eq!(Locale::parse(raw), Err(UnknownPlace::Locale), "{raw}");
        }
    }
}
