//! The states of an appointment and the ways between them (B11).

use thiserror::Error;

use super::coded::coded;

coded! {
    /// Where an appointment stands (B11).
    AppointmentStatus {
        /// Waits for approval (B6).
        Requested = "requested",
        /// In the agenda.
        Booked = "booked",
        /// The patient said that they will come.
        Confirmed = "confirmed",
        /// The patient is there.
        CheckedIn = "checked_in",
        /// It is going on.
        InProgress = "in_progress",
        /// It took place.
        Completed = "completed",
        /// It will not take place.
        Cancelled = "cancelled",
        /// Cancelled by the patient after the cancellation window closed (B9).
        LateCancelled = "late_cancelled",
        /// The patient did not come (B10).
        NoShow = "no_show",
        /// Should never have been there.
        EnteredInError = "entered_in_error",
    }
}

coded! {
    /// The operations that change a status (B11).
    Step {
        /// The clinic accepts a request.
        Approve = "approve",
        /// The patient will come.
        Confirm = "confirm",
        /// The patient is there.
        CheckIn = "check_in",
        /// It begins.
        Start = "start",
        /// It is done.
        Complete = "complete",
        /// It is called off.
        Cancel = "cancel",
        /// The patient did not come.
        NoShow = "no_show",
        /// A mistake is put right, with a reason.
        Correct = "correct",
    }
}

/// A way that does not exist (B11).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("an appointment that is {from} cannot become {to}")]
pub struct TransitionRefused {
    /// Where it stands.
    pub from: AppointmentStatus,
    /// Where it was asked to go.
    pub to: AppointmentStatus,
    /// Where it may go.
    pub allowed: Vec<AppointmentStatus>,
}

use AppointmentStatus::{
    Booked, Cancelled, CheckedIn, Completed, Confirmed, EnteredInError, InProgress, LateCancelled, NoShow, Requested,
};

/// Every way there is, but that anything may be corrected to `entered_in_error` (B11).
pub const TRANSITIONS: &[(AppointmentStatus, Step, AppointmentStatus)] = &[
    (Requested, Step::Approve, Booked),
    (Requested, Step::Cancel, Cancelled),
    (Requested, Step::Cancel, LateCancelled),
    (Booked, Step::Confirm, Confirmed),
    (Booked, Step::CheckIn, CheckedIn),
    (Booked, Step::Cancel, Cancelled),
    (Booked, Step::Cancel, LateCancelled),
    (Booked, Step::NoShow, NoShow),
    (Confirmed, Step::CheckIn, CheckedIn),
    (Confirmed, Step::Cancel, Cancelled),
    (Confirmed, Step::Cancel, LateCancelled),
    (Confirmed, Step::NoShow, NoShow),
    (CheckedIn, Step::Start, InProgress),
    (CheckedIn, Step::Complete, Completed),
    (CheckedIn, Step::Cancel, Cancelled),
    (InProgress, Step::Complete, Completed),
    (NoShow, Step::Correct, Booked),
];

/// The words of the systems that Salus replaces, taken on input and import only (B11).
const SEED_NAMES: [(&str, AppointmentStatus); 5] = [
    ("pendente", Requested),
    ("confirmado", Confirmed),
    ("cancelado", Cancelled),
    ("concluido", Completed),
    ("falta", NoShow),
];

impl AppointmentStatus {
    /// Reads a code, or one of the seeds' names for it (B11).
    pub fn read(text: &str) -> Option<Self> {
        let seed = || SEED_NAMES.iter().find(|(name, _)| *name == text).map(|(_, status)| *status);
        Self::parse(text).or_else(seed)
    }

    /// Where it may go without a correction, each once.
    pub fn allowed_from(self) -> Vec<Self> {
        let ways = TRANSITIONS.iter().filter(|(from, step, _)| *from == self && *step != Step::Correct);
        ways.map(|(_, _, to)| *to).collect()
    }

    /// Whether this step leads there from here.
    pub fn may(self, step: Step, to: Self) -> bool {
        let erased = step == Step::Correct && to == EnteredInError && self != EnteredInError;
        erased || TRANSITIONS.contains(&(self, step, to))
    }

    /// Takes the step, or tells where else it may go.
    pub fn go(self, step: Step, to: Self) -> Result<Self, TransitionRefused> {
        if self.may(step, to) {
            Ok(to)
        } else {
            Err(TransitionRefused { from: self, to, allowed: self.allowed_from() })
        }
    }

    /// Whether its time is taken in the agenda (B1, B6, B8).
    pub const fn is_active(self) -> bool {
        matches!(self, Requested | Booked | Confirmed | CheckedIn | InProgress | Completed)
    }

    /// Whether it was called off, by whomever and whenever.
    pub const fn is_cancelled(self) -> bool {
        matches!(self, Cancelled | LateCancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b11_the_ways_are_those_of_the_page() {
        let page = [
            (Requested, vec![Booked, Cancelled, LateCancelled]),
            (Booked, vec![Confirmed, CheckedIn, Cancelled, LateCancelled, NoShow]),
            (Confirmed, vec![CheckedIn, Cancelled, LateCancelled, NoShow]),
            (CheckedIn, vec![InProgress, Completed, Cancelled]),
            (InProgress, vec![Completed]),
            (Completed, vec![]),
            (Cancelled, vec![]),
            (LateCancelled, vec![]),
            (NoShow, vec![]),
            (EnteredInError, vec![]),
        ];
        for (from, allowed) in page {
            assert_eq!(from.allowed_from(), allowed, "{from}");
        }
    }

    #[test]
    fn b11_any_other_edge_is_refused_with_the_allowed_set() {
        let refused = CheckedIn.go(Step::Cancel, LateCancelled).unwrap_err();
        assert_eq!(refused.allowed, vec![InProgress, Completed, Cancelled]);
        assert_eq!(Completed.go(Step::Confirm, Confirmed).unwrap_err().allowed, vec![]);
        assert_eq!(Booked.go(Step::Confirm, Confirmed), Ok(Confirmed));
    }

    #[test]
    fn b11_only_a_correction_erases_or_undoes_a_no_show() {
        for from in AppointmentStatus::ALL {
            let erased = from.go(Step::Correct, EnteredInError);
            assert_eq!(erased.is_ok(), *from != EnteredInError);
            let plain = Step::ALL.iter().filter(|step| **step != Step::Correct);
            assert!(plain.clone().all(|step| from.go(*step, EnteredInError).is_err()));
        }
        assert_eq!(NoShow.go(Step::Correct, Booked), Ok(Booked));
        assert!(NoShow.go(Step::Approve, Booked).is_err() && Cancelled.go(Step::Correct, Booked).is_err());
    }

    #[test]
    fn b11_every_status_can_be_reached_by_its_own_step_only() {
        for (from, step, to) in TRANSITIONS {
            let steps: Vec<Step> = Step::ALL.iter().copied().filter(|other| from.may(*other, *to)).collect();
            assert_eq!(steps, vec![*step], "{from} to {to}");
        }
    }

    #[test]
    fn b11_seed_names_are_read_on_input() {
        let seeds = ["pendente", "confirmado", "cancelado", "concluido", "falta"].map(AppointmentStatus::read);
        assert_eq!(seeds, [Requested, Confirmed, Cancelled, Completed, NoShow].map(Some));
        assert_eq!(AppointmentStatus::read("booked"), Some(Booked));
        assert_eq!(AppointmentStatus::read("Booked"), None);
    }

    #[test]
    fn b8_what_is_called_off_frees_its_time() {
        let free: Vec<&str> =
            AppointmentStatus::ALL.iter().filter(|status| !status.is_active()).map(|status| status.as_str()).collect();
        assert_eq!(free, ["cancelled", "late_cancelled", "no_show", "entered_in_error"]);
    }
}
