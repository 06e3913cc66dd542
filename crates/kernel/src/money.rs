//! Money: whole minor units and a currency, never a float.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An ISO 4217 currency code, three upper-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

/// A text that is no currency code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a currency is three upper-case letters of ISO 4217")]
pub struct InvalidCurrency;

impl Currency {
    /// Brazilian real.
    pub const BRL: Self = Self(*b"BRL");
    /// Euro.
    pub const EUR: Self = Self(*b"EUR");

    /// Reads a code such as `BRL`.
    pub fn parse(text: &str) -> Result<Self, InvalidCurrency> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|l| l.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(InvalidCurrency),
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// An amount in minor units (cents, centavos) of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; negative for what is owed back.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
}

impl Money {
    /// An amount of minor units.
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_minor_units_and_a_code() {
        let price = Money::new(12_990, Currency::BRL);
        assert_eq!(serde_json::to_string(&price).unwrap(), r#"{"amount":12990,"currency":"BRL"}"#);
        assert!(Currency::parse("brl").is_err());
        assert!(Currency::parse("REAL").is_err());
    }
}
