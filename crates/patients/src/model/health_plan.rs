//! Health plans.

use chrono::NaiveDate;
use kernel::Fault;
use serde::{Deserialize, Serialize};

use super::redacted::redacted_debug;
use super::text::{TextError, line, optional_line};

/// The most health plans of one patient.
pub const MOST_HEALTH_PLANS: usize = 10;

/// The parts of a health plan.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthPlanParts {
    /// Who insures, 1 to 200 characters.
    pub operator: String,
    /// Name of the product, at most 200 characters.
    pub plan: Option<String>,
    /// Number on the card as written, at most 50 characters.
    pub card_number: Option<String>,
    /// Last day on which the card is valid.
    pub valid_until: Option<NaiveDate>,
}

/// A health plan whose parts are sound; stored as JSON. An expired one is kept: it still names the operator.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HealthPlan(HealthPlanParts);

redacted_debug!(HealthPlanParts, HealthPlan);

impl HealthPlan {
    /// Checks all parts and folds their white space; blank optional parts are absent. Faults point into the plan.
    pub fn parse(parts: HealthPlanParts) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut fault = |pointer: &str, error: TextError| faults.push(Fault::at(pointer, error.code()));
        let operator = line(&parts.operator, 200).unwrap_or_else(|error| {
            fault("/operator", error);
            String::new()
        });
        let mut optional = |part: Option<String>, longest, pointer| {
            optional_line(part.as_deref(), longest).unwrap_or_else(|error| {
                fault(pointer, error);
                None
            })
        };
        let plan = optional(parts.plan, 200, "/plan");
        let card_number = optional(parts.card_number, 50, "/card_number");
        let read = HealthPlanParts { operator, plan, card_number, valid_until: parts.valid_until };
        if faults.is_empty() { Ok(Self(read)) } else { Err(faults) }
    }

    /// The parts.
    pub fn parts(&self) -> &HealthPlanParts {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_operator_is_needed() {
        let plan = HealthPlan::parse(HealthPlanParts {
            operator: " Unimed  Vitória ".to_owned(),
            plan: Some(" ".to_owned()),
            ..HealthPlanParts::default()
        })
        .unwrap();
        assert_eq!((plan.parts().operator.as_str(), plan.parts().plan.as_deref()), ("Unimed Vitória", None));
        assert_eq!(format!("{plan:?}"), "HealthPlan(..)");
    }

    #[test]
    fn all_bad_parts_are_pointed_at_together() {
        let faults = HealthPlan::parse(HealthPlanParts {
            operator: " ".to_owned(),
            plan: Some("a".repeat(201)),
            card_number: Some("1\0".to_owned()),
            valid_until: None,
        })
        .unwrap_err();
        let expected = [
            Fault::at("/operator", "required"),
            Fault::at("/plan", "too_long"),
            Fault::at("/card_number", "control_character"),
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn the_stored_form_reads_back() {
        let plan = HealthPlan::parse(HealthPlanParts {
            operator: "Unimed".to_owned(),
            valid_until: NaiveDate::from_ymd_opt(2027, 1, 31),
            ..HealthPlanParts::default()
        })
        .unwrap();
        let json = serde_json::to_value(&plan).unwrap();
        assert_eq!(json["valid_until"], "2027-01-31");
        assert_eq!(serde_json::from_value::<HealthPlan>(json).unwrap(), plan);
    }
}
