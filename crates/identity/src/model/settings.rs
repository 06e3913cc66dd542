//! What a company decides for itself: hours, contact, language, reminders, and how its sessions are kept.

use std::collections::BTreeSet;

use chrono::Duration;
use kernel::ids::TenantId;
use kernel::{Facts, Fault, Patch};

use super::contact::{ContactPhone, LogoUrl};
use super::email::Email;
use super::place::{Locale, TimeZone};
use super::reminders::{Reminders, RemindersPatch};
use super::role::Role;
use super::working_hours::{HoursPatch, WorkingHours};

/// The shortest idle time that can be set: an access token lives as long.
pub const SHORTEST_IDLE: u32 = 15;
/// The longest idle time that can be set, which is a session's own life: 30 days.
pub const LONGEST_IDLE: u32 = 43_200;
/// The longest time in which a message reopens a closed conversation: 30 days.
pub const LONGEST_REOPENING: u32 = 720;
/// The longest time after a patient's message in which one may answer freely.
pub const LONGEST_REPLY: u32 = 24;

/// The settings of one company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanySettings {
    /// Whose they are.
    pub tenant: TenantId,
    /// When it is open, in its zone.
    pub working_hours: WorkingHours,
    /// The zone of its hours and reports, unless a clinic's counts.
    pub time_zone: TimeZone,
    /// The language of its messages, unless a clinic says otherwise.
    pub locale: Locale,
    /// The address that patients may write to.
    pub contact_email: Option<Email>,
    /// The number that patients may call.
    pub contact_phone: Option<ContactPhone>,
    /// Its logo.
    pub logo_url: Option<LogoUrl>,
    /// After how many minutes without a sign of life a session ends, [`SHORTEST_IDLE`] to [`LONGEST_IDLE`]; never before its
    /// time when there is none.
    pub session_idle_minutes: Option<u32>,
    /// Roles that sign in with a second factor only (I7).
    pub totp_required_roles: BTreeSet<Role>,
    /// The reminders of appointments.
    pub reminders: Reminders,
    /// How conversations open and close.
    pub conversation: ConversationSettings,
    /// Whether staff must say why they cancel an appointment.
    pub cancel_reason_required: bool,
    /// Counts changes from 1.
    pub version: i64,
}

/// How conversations open and close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConversationSettings {
    /// For how many hours after it was closed a patient's message reopens it, up to [`LONGEST_REOPENING`].
    pub reopen_hours: u32,
    /// For how many hours after a patient's last message one may answer freely, 1 to [`LONGEST_REPLY`].
    pub reply_hours: u32,
}

/// A change of the settings; what is not mentioned stays.
#[derive(Debug, Clone, Default)]
pub struct SettingsPatch {
    /// The hours, day by day.
    pub working_hours: HoursPatch,
    /// The zone.
    pub time_zone: Option<TimeZone>,
    /// The language.
    pub locale: Option<Locale>,
    /// The address.
    pub contact_email: Patch<Email>,
    /// The number.
    pub contact_phone: Patch<ContactPhone>,
    /// The logo.
    pub logo_url: Patch<LogoUrl>,
    /// The idle time.
    pub session_idle_minutes: Patch<u32>,
    /// The roles that need a second factor, all at once; cleared: none.
    pub totp_required_roles: Patch<BTreeSet<Role>>,
    /// The reminders.
    pub reminders: RemindersPatch,
    /// See [`ConversationSettings::reopen_hours`].
    pub reopen_hours: Option<u32>,
    /// See [`ConversationSettings::reply_hours`].
    pub reply_hours: Option<u32>,
    /// Whether a reason is needed.
    pub cancel_reason_required: Option<bool>,
}

impl Default for ConversationSettings {
    fn default() -> Self {
        Self { reopen_hours: 24, reply_hours: LONGEST_REPLY }
    }
}

impl CompanySettings {
    /// The settings that a company begins with.
    pub fn usual(tenant: TenantId, locale: Locale, time_zone: TimeZone) -> Self {
        Self {
            tenant,
            working_hours: WorkingHours::usual(),
            time_zone,
            locale,
            contact_email: None,
            contact_phone: None,
            logo_url: None,
            session_idle_minutes: None,
            totp_required_roles: BTreeSet::new(),
            reminders: Reminders::usual(),
            conversation: ConversationSettings::default(),
            cancel_reason_required: false,
            version: 1,
        }
    }

    /// For how long a session may be unused (I6); `None`: for its whole life.
    pub fn idle_time(&self) -> Option<Duration> {
        self.session_idle_minutes.map(|minutes| Duration::minutes(minutes.into()))
    }

    /// True when members of this role sign in with a second factor only (I7).
    pub fn requires_totp(&self, role: Role) -> bool {
        self.totp_required_roles.contains(&role)
    }

    /// The settings after a change, one version on; themselves where the change changes nothing. All faults at once.
    pub fn changed(&self, patch: SettingsPatch) -> Result<Self, Vec<Fault>> {
        let mut faults = patch.bounds();
        let present = self.clone();
        let working_hours = present.working_hours.changed(patch.working_hours);
        let working_hours = kept(working_hours, "/working_hours", &mut faults);
        let reminders = kept(present.reminders.changed(patch.reminders), "/reminders", &mut faults);
        let (Some(working_hours), Some(reminders), []) = (working_hours, reminders, faults.as_slice()) else {
            return Err(faults);
        };
        let conversation = ConversationSettings {
            reopen_hours: patch.reopen_hours.unwrap_or(present.conversation.reopen_hours),
            reply_hours: patch.reply_hours.unwrap_or(present.conversation.reply_hours),
        };
        let after = Self {
            working_hours,
            time_zone: patch.time_zone.unwrap_or(present.time_zone),
            locale: patch.locale.unwrap_or(present.locale),
            contact_email: patch.contact_email.applied_to(present.contact_email),
            contact_phone: patch.contact_phone.applied_to(present.contact_phone),
            logo_url: patch.logo_url.applied_to(present.logo_url),
            session_idle_minutes: patch.session_idle_minutes.applied_to(present.session_idle_minutes),
            totp_required_roles: patch.totp_required_roles.applied_or_default(present.totp_required_roles),
            reminders,
            conversation,
            cancel_reason_required: patch.cancel_reason_required.unwrap_or(present.cancel_reason_required),
            ..present
        };
        Ok(if after == *self { after } else { Self { version: self.version + 1, ..after } })
    }

    /// True when both guard accounts alike: the same idle time, and a second factor for the same roles.
    pub fn guards_as(&self, other: &Self) -> bool {
        self.session_idle_minutes == other.session_idle_minutes && self.totp_required_roles == other.totp_required_roles
    }

    /// The fields as the journal sees them.
    pub fn facts(&self) -> Facts {
        let roles: Vec<&str> = self.totp_required_roles.iter().map(|role| role.name()).collect();
        Facts::new()
            .open("working_hours", &self.working_hours)
            .open("time_zone", self.time_zone)
            .open("locale", self.locale)
            .personal("contact_email", &self.contact_email)
            .personal("contact_phone", &self.contact_phone)
            .open("logo_url", &self.logo_url)
            .open("session_idle_minutes", self.session_idle_minutes)
            .open("totp_required_roles", roles)
            .open("reminders", &self.reminders)
            .open("reopen_hours", self.conversation.reopen_hours)
            .open("reply_hours", self.conversation.reply_hours)
            .open("cancel_reason_required", self.cancel_reason_required)
    }
}

impl SettingsPatch {
    fn bounds(&self) -> Vec<Fault> {
        let idle = matches!(&self.session_idle_minutes, Patch::Set(minutes) if !(SHORTEST_IDLE..=LONGEST_IDLE).contains(minutes));
        let reopen = self.reopen_hours.is_some_and(|hours| hours > LONGEST_REOPENING);
        let reply = self.reply_hours.is_some_and(|hours| !(1..=LONGEST_REPLY).contains(&hours));
        let found = [
            ("/session_idle_minutes", idle),
            ("/conversation/reopen_hours", reopen),
            ("/conversation/reply_hours", reply),
        ];
        found.into_iter().filter(|(_, is_bad)| *is_bad).map(|(at, _)| Fault::at(at, "out_of_range")).collect()
    }
}

fn kept<T>(read: Result<T, Vec<Fault>>, under: &str, faults: &mut Vec<Fault>) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(found) => {
            faults.extend(found.into_iter().map(|fault| Fault::at(format!("{under}{}", fault.pointer), fault.code)));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Change;
    use kernel::ids::SettingsId;
    use uuid::Uuid;

    use super::super::reminders::{ReminderChannel, ReminderRule};
    use super::super::working_hours::{DayHours, Days};
    use super::*;

    fn settings() -> CompanySettings {
        let zone = TimeZone::parse("America/Sao_Paulo").unwrap();
        CompanySettings::usual(TenantId::from_uuid(Uuid::from_u128(1)), Locale::PtBr, zone)
    }

    #[test]
    fn a_change_that_changes_nothing_is_no_version() {
        assert_eq!(settings().changed(SettingsPatch::default()), Ok(settings()));
        let same = SettingsPatch { locale: Some(Locale::PtBr), logo_url: Patch::Clear, ..SettingsPatch::default() };
        assert_eq!(settings().changed(same), Ok(settings()));
    }

    #[test]
    fn i6_the_idle_time_is_a_setting_within_bounds() {
        let idle = |minutes| SettingsPatch { session_idle_minutes: minutes, ..SettingsPatch::default() };
        let set = settings().changed(idle(Patch::Set(30))).unwrap();
        assert_eq!((set.session_idle_minutes, set.version), (Some(30), 2));
        assert_eq!(set.changed(idle(Patch::Clear)).unwrap().session_idle_minutes, None);
        for minutes in [0, SHORTEST_IDLE - 1, LONGEST_IDLE + 1] {
            let faults = settings().changed(idle(Patch::Set(minutes))).unwrap_err();
            assert_eq!(faults, [Fault::at("/session_idle_minutes", "out_of_range")], "{minutes}");
        }
    }

    #[test]
    fn i7_a_second_factor_is_required_of_chosen_roles() {
        let patch = SettingsPatch {
            totp_required_roles: Patch::Set(BTreeSet::from([Role::Admin, Role::Doctor])),
            ..SettingsPatch::default()
        };
        let set = settings().changed(patch).unwrap();
        assert!(set.requires_totp(Role::Doctor) && !set.requires_totp(Role::Nurse));
        assert!(!settings().requires_totp(Role::Admin));
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let late = DayHours::parse("24:00", "06:00").unwrap();
        let rule = ReminderRule { minutes_before: 1, channel: ReminderChannel::Sms };
        let patch = SettingsPatch {
            working_hours: Days { monday: Patch::Set(vec![late]), ..Days::default() },
            reminders: RemindersPatch { rules: Patch::Set(vec![rule]), quiet_hours: Patch::Keep },
            reply_hours: Some(25),
            reopen_hours: Some(721),
            ..SettingsPatch::default()
        };
        let faults = settings().changed(patch).unwrap_err();
        let at: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        let expected = [
            "/conversation/reopen_hours",
            "/conversation/reply_hours",
            "/working_hours/monday/0/start",
            "/reminders/rules/0/minutes_before",
        ];
        assert_eq!(at, expected);
    }

    #[test]
    fn i11_the_journal_sees_what_changed() {
        let before = settings();
        let patch = SettingsPatch { cancel_reason_required: Some(true), ..SettingsPatch::default() };
        let after = before.changed(patch).unwrap();
        let id = SettingsId::from_uuid(Uuid::from_u128(1));
        let change = Change::updated(id, after.version, &before.facts(), &after.facts());
        assert_eq!(change.before, Facts::new().open("cancel_reason_required", false));
        assert_eq!(change.after, Facts::new().open("cancel_reason_required", true));
    }
}
