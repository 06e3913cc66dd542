//! When and how patients are reminded of their appointments.

use kernel::{Fault, Patch};
use serde::{Deserialize, Serialize};

use super::working_hours::DayHours;

/// Rules that a company can have.
pub const MOST_RULES: usize = 10;
/// How long before an appointment a reminder may go: 30 days.
pub const LONGEST_BEFORE: u32 = 43_200;

/// How a reminder reaches a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReminderChannel {
    /// As the patient prefers.
    Preferred,
    /// By WhatsApp.
    Whatsapp,
    /// By text message.
    Sms,
    /// By e-mail.
    Email,
}

/// One reminder before each appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReminderRule {
    /// How many minutes before the start it goes, 5 to [`LONGEST_BEFORE`].
    pub minutes_before: u32,
    /// How.
    pub channel: ReminderChannel,
}

/// The reminders of a company: no two rules alike, the earliest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminders {
    rules: Vec<ReminderRule>,
    quiet_hours: Option<DayHours>,
}

/// A change of the reminders.
#[derive(Debug, Clone, Default)]
pub struct RemindersPatch {
    /// The rules, all at once; cleared: none.
    pub rules: Patch<Vec<ReminderRule>>,
    /// When none goes, in the clinic's zone; an end that is not after the start lies on the next day.
    pub quiet_hours: Patch<DayHours>,
}

impl ReminderChannel {
    /// All channels.
    pub const ALL: [Self; 4] = [Self::Preferred, Self::Whatsapp, Self::Sms, Self::Email];

    /// `preferred`, `whatsapp`, `sms` or `email`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preferred => "preferred",
            Self::Whatsapp => "whatsapp",
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    /// The channel of exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == name)
    }
}

impl Reminders {
    /// Two days and two hours before, as the patient prefers, not between 21 and 8.
    pub fn usual() -> Self {
        let rule = |minutes_before| ReminderRule { minutes_before, channel: ReminderChannel::Preferred };
        Self { rules: vec![rule(2_880), rule(120)], quiet_hours: DayHours::parse("21:00", "08:00").ok() }
    }

    /// The rules, the earliest first.
    pub fn rules(&self) -> &[ReminderRule] {
        &self.rules
    }

    /// When none goes, in the clinic's zone.
    pub const fn quiet_hours(&self) -> Option<DayHours> {
        self.quiet_hours
    }

    /// The reminders after a change; the faults point at `/rules/0/minutes_before` and the like.
    pub fn changed(self, patch: RemindersPatch) -> Result<Self, Vec<Fault>> {
        let mut rules = patch.rules.applied_or_default(self.rules);
        let faults = rule_faults(&rules);
        rules.sort_by_key(|rule| (std::cmp::Reverse(rule.minutes_before), rule.channel));
        let quiet_hours = patch.quiet_hours.applied_to(self.quiet_hours);
        if faults.is_empty() { Ok(Self { rules, quiet_hours }) } else { Err(faults) }
    }
}

fn rule_faults(rules: &[ReminderRule]) -> Vec<Fault> {
    if rules.len() > MOST_RULES {
        return vec![Fault::at("/rules", "too_many")];
    }
    let fault = |(index, rule): (usize, &ReminderRule)| {
        if !(5..=LONGEST_BEFORE).contains(&rule.minutes_before) {
            return Some(Fault::at(format!("/rules/{index}/minutes_before"), "out_of_range"));
        }
        let repeats = rules.iter().take(index).any(|earlier| earlier == rule);
        repeats.then(|| Fault::at(format!("/rules/{index}"), "duplicate"))
    };
    rules.iter().enumerate().filter_map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(minutes_before: u32) -> ReminderRule {
        ReminderRule { minutes_before, channel: ReminderChannel::Sms }
    }

    fn with(rules: Vec<ReminderRule>) -> Result<Reminders, Vec<Fault>> {
        Reminders::usual().changed(RemindersPatch { rules: Patch::Set(rules), quiet_hours: Patch::Keep })
    }

    #[test]
    fn r1_the_usual_reminders_go_two_days_and_two_hours_before() {
        let usual = Reminders::usual();
        assert_eq!(usual.rules().iter().map(|rule| rule.minutes_before).collect::<Vec<_>>(), [2_880, 120]);
        assert_eq!(usual.quiet_hours().map(|quiet| quiet.start.to_string()), Some("21:00".to_owned()));
    }

    #[test]
    fn r1_rules_are_bounded_distinct_and_in_order() {
        assert_eq!(with(vec![rule(60), rule(1_440)]).unwrap().rules(), [rule(1_440), rule(60)]);
        assert_eq!(with(Vec::new()).unwrap().rules(), []);
        let faults = with(vec![rule(4), rule(60), rule(60), rule(LONGEST_BEFORE + 1)]).unwrap_err();
        let at: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
        let expected = [
            ("/rules/0/minutes_before", "out_of_range"),
            ("/rules/2", "duplicate"),
            ("/rules/3/minutes_before", "out_of_range"),
        ];
        assert_eq!(at, expected);
        let many = (1..=11).map(|n| rule(n * 10)).collect();
        assert_eq!(with(many).unwrap_err(), [Fault::at("/rules", "too_many")]);
    }

    #[test]
    fn r1_quiet_hours_can_be_cleared() {
        let patch = RemindersPatch { rules: Patch::Clear, quiet_hours: Patch::Clear };
        let none = Reminders::usual().changed(patch).unwrap();
        assert_eq!((none.rules().len(), none.quiet_hours()), (0, None));
    }
}
