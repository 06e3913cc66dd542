//! The settings of a company on the wire.

use std::collections::BTreeSet;

use identity::model::contact::{ContactPhone, LogoUrl};
use identity::model::email::Email;
use identity::model::place::{Locale, TimeZone};
use identity::model::reminders::{LONGEST_BEFORE, MOST_RULES, ReminderChannel, ReminderRule, RemindersPatch};
use identity::model::role::Role;
use identity::model::settings::{
    CompanySettings, LONGEST_IDLE, LONGEST_REOPENING, LONGEST_REPLY, SHORTEST_IDLE, SettingsPatch,
};
use identity::model::working_hours::{DayHours, Days, HoursPatch, MOST_WINDOWS, TimeOfDay};
use kernel::ids::TenantId;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::fault::{Faults, Place};
use crate::json::Json;
use crate::schema::{self, AnySchema};
use crate::wire::shapes::{AtMost, Given};
use crate::{Ask, FromJson, Patch, Wire};

/// A stretch of one day; an end that is not after the start lies on the next day
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DayHours)]
pub struct DayHoursWire {
    /// When it begins, `HH:MM`.
    start: String,
    /// When it ends, `HH:MM`, at most `24:00`.
    end: String,
}

/// When the company is open, in its zone; a day without windows is closed
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkingHours)]
pub struct WorkingHoursWire {
    /// Monday's windows.
    monday: Vec<DayHoursWire>,
    /// Tuesday's.
    tuesday: Vec<DayHoursWire>,
    /// Wednesday's.
    wednesday: Vec<DayHoursWire>,
    /// Thursday's.
    thursday: Vec<DayHoursWire>,
    /// Friday's.
    friday: Vec<DayHoursWire>,
    /// Saturday's.
    saturday: Vec<DayHoursWire>,
    /// Sunday's.
    sunday: Vec<DayHoursWire>,
}

/// A reminder before each appointment
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReminderRule)]
pub struct ReminderRuleWire {
    /// How many minutes before the start it goes.
    minutes_before: u32,
    /// `preferred` (as the patient prefers), `whatsapp`, `sms` or `email`.
    channel: String,
}

/// The reminders of appointments
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reminders)]
pub struct RemindersWire {
    /// The rules, the earliest first.
    rules: Vec<ReminderRuleWire>,
    /// When none goes, in the clinic's zone.
    quiet_hours: Option<DayHoursWire>,
}

/// How conversations open and close
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConversationSettings)]
pub struct ConversationSettingsWire {
    /// For how many hours after it was closed a patient's message reopens a conversation.
    reopen_hours: u32,
    /// For how many hours after a patient's last message one may answer freely.
    reply_hours: u32,
}

/// The settings of the company
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompanySettings)]
pub struct SettingsWire {
    /// Counted from 1.
    version: i64,
    /// When the company is open.
    working_hours: WorkingHoursWire,
    /// The IANA zone of its hours and reports, unless a clinic's counts.
    time_zone: String,
    /// The language of its messages, unless a clinic says otherwise.
    locale: String,
    /// The address that patients may write to.
    contact_email: Option<String>,
    /// The number that patients may call.
    contact_phone: Option<String>,
    /// Its logo.
    logo_url: Option<String>,
    /// After how many minutes without use a session ends; `null` when only its own time ends it.
    session_idle_minutes: Option<u32>,
    /// Roles that sign in with a second factor only.
    totp_required_roles: Vec<String>,
    /// The reminders of appointments.
    reminders: RemindersWire,
    /// How conversations open and close.
    conversation: ConversationSettingsWire,
    /// Whether staff must say why they cancel an appointment.
    cancel_reason_required: bool,
}

impl From<DayHours> for DayHoursWire {
    fn from(hours: DayHours) -> Self {
        Self { start: hours.start.to_string(), end: hours.end.to_string() }
    }
}

impl From<&Days<Vec<DayHours>>> for WorkingHoursWire {
    fn from(days: &Days<Vec<DayHours>>) -> Self {
        let windows = |day: &[DayHours]| day.iter().map(|window| (*window).into()).collect();
        Self {
            monday: windows(&days.monday),
            tuesday: windows(&days.tuesday),
            wednesday: windows(&days.wednesday),
            thursday: windows(&days.thursday),
            friday: windows(&days.friday),
            saturday: windows(&days.saturday),
            sunday: windows(&days.sunday),
        }
    }
}

impl From<&ReminderRule> for ReminderRuleWire {
    fn from(rule: &ReminderRule) -> Self {
        Self { minutes_before: rule.minutes_before, channel: rule.channel.as_str().to_owned() }
    }
}

impl From<&CompanySettings> for SettingsWire {
    fn from(settings: &CompanySettings) -> Self {
        Self {
            version: settings.version,
            working_hours: settings.working_hours.days().into(),
            time_zone: settings.time_zone.as_str().to_owned(),
            locale: settings.locale.as_str().to_owned(),
            contact_email: settings.contact_email.as_ref().map(|email| email.as_str().to_owned()),
            contact_phone: settings.contact_phone.as_ref().map(|phone| phone.as_str().to_owned()),
            logo_url: settings.logo_url.as_ref().map(|url| url.as_str().to_owned()),
            session_idle_minutes: settings.session_idle_minutes,
            totp_required_roles: settings.totp_required_roles.iter().map(|role| role.name().to_owned()).collect(),
            reminders: RemindersWire {
                rules: settings.reminders.rules().iter().map(Into::into).collect(),
                quiet_hours: settings.reminders.quiet_hours().map(Into::into),
            },
            conversation: ConversationSettingsWire {
                reopen_hours: settings.conversation.reopen_hours,
                reply_hours: settings.conversation.reply_hours,
            },
            cancel_reason_required: settings.cancel_reason_required,
        }
    }
}

impl Wire for SettingsWire {
    fn sample() -> Self {
        let zone = identity::model::place::Country::BRAZIL.usual_time_zone();
        let settings = CompanySettings::usual(TenantId::from_uuid(Uuid::nil()), Locale::PtBr, zone);
        Self { contact_email: Some("contato@aurora.example".to_owned()), ..Self::from(&settings) }
    }
}

/// A stretch of one day; an end that is not after the start lies on the next day
#[derive(Debug, FromJson)]
pub struct NewDayHours {
    /// When it begins.
    start: TimeOfDay,
    /// When it ends.
    end: TimeOfDay,
}

/// A day's windows; `null` closes it.
type Windows = Patch<AtMost<NewDayHours, MOST_WINDOWS>>;

/// Days whose windows change
#[derive(Debug, Default, FromJson)]
pub struct WorkingHoursChanges {
    /// Monday's windows.
    monday: Windows,
    /// Tuesday's.
    tuesday: Windows,
    /// Wednesday's.
    wednesday: Windows,
    /// Thursday's.
    thursday: Windows,
    /// Friday's.
    friday: Windows,
    /// Saturday's.
    saturday: Windows,
    /// Sunday's.
    sunday: Windows,
}

/// A reminder before each appointment
#[derive(Debug, FromJson)]
pub struct NewReminderRule {
    /// How many minutes before the start it goes.
    minutes_before: Bounded<5, LONGEST_BEFORE>,
    /// How.
    channel: ReminderChannel,
}

/// What changes of the reminders
#[derive(Debug, Default, FromJson)]
pub struct RemindersChanges {
    /// The rules, all at once; `null` is none.
    rules: Patch<AtMost<NewReminderRule, MOST_RULES>>,
    /// When none goes, in the clinic's zone; `null` when any time will do.
    quiet_hours: Patch<NewDayHours>,
}

/// What changes of how conversations open and close
#[derive(Debug, Default, FromJson)]
pub struct ConversationChanges {
    /// For how many hours after it was closed a patient's message reopens a conversation.
    reopen_hours: Given<Bounded<0, LONGEST_REOPENING>>,
    /// For how many hours after a patient's last message one may answer freely.
    reply_hours: Given<Bounded<1, LONGEST_REPLY>>,
}

/// What changes of the settings
#[derive(Debug, FromJson)]
pub struct SettingsChanges {
    /// Days whose hours change.
    #[json(default)]
    working_hours: WorkingHoursChanges,
    /// The IANA zone of its hours and reports.
    time_zone: Given<TimeZone>,
    /// The language of its messages: `pt-BR`, `fr` or `en`.
    locale: Given<Locale>,
    /// The address that patients may write to.
    contact_email: Patch<Email>,
    /// The number that patients may call: 5 to 15 digits, grouped at will.
    contact_phone: Patch<ContactPhone>,
    /// Its logo, by `https`.
    logo_url: Patch<LogoUrl>,
    /// After how many minutes without use a session ends; `null` for never before its time.
    session_idle_minutes: Patch<Bounded<SHORTEST_IDLE, LONGEST_IDLE>>,
    /// Roles that sign in with a second factor only, all at once; `null` is none.
    totp_required_roles: Patch<AtMost<Role, 16>>,
    /// What changes of the reminders.
    #[json(default)]
    reminders: RemindersChanges,
    /// What changes of how conversations open and close.
    #[json(default)]
    conversation: ConversationChanges,
    /// Whether staff must say why they cancel an appointment.
    cancel_reason_required: Given<bool>,
}

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounded<const LEAST: u32, const MOST: u32>(u32);

impl<const LEAST: u32, const MOST: u32> FromJson for Bounded<LEAST, MOST> {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        let value = u32::from_json(json, at, faults)?;
        if (LEAST..=MOST).contains(&value) { Some(Self(value)) } else { faults.refuse(at, "out_of_range") }
    }

    fn json_schema() -> AnySchema {
        schema::whole(i64::from(LEAST), i64::from(MOST))
    }
}

impl From<NewDayHours> for DayHours {
    fn from(hours: NewDayHours) -> Self {
        Self { start: hours.start, end: hours.end }
    }
}

impl From<WorkingHoursChanges> for HoursPatch {
    fn from(changes: WorkingHoursChanges) -> Self {
        let windows = |day: Windows| day.map(|windows| windows.0.into_iter().map(Into::into).collect());
        Self {
            monday: windows(changes.monday),
            tuesday: windows(changes.tuesday),
            wednesday: windows(changes.wednesday),
            thursday: windows(changes.thursday),
            friday: windows(changes.friday),
            saturday: windows(changes.saturday),
            sunday: windows(changes.sunday),
        }
    }
}

impl From<SettingsChanges> for SettingsPatch {
    fn from(changes: SettingsChanges) -> Self {
        let rule =
            |rule: NewReminderRule| ReminderRule { minutes_before: rule.minutes_before.0, channel: rule.channel };
        let ConversationChanges { reopen_hours, reply_hours } = changes.conversation;
        Self {
            working_hours: changes.working_hours.into(),
            time_zone: changes.time_zone.0,
            locale: changes.locale.0,
            contact_email: changes.contact_email,
            contact_phone: changes.contact_phone,
            logo_url: changes.logo_url,
            session_idle_minutes: changes.session_idle_minutes.map(|minutes| minutes.0),
            totp_required_roles: changes.totp_required_roles.map(|roles| BTreeSet::from_iter(roles.0)),
            reminders: RemindersPatch {
                rules: changes.reminders.rules.map(|rules| rules.0.into_iter().map(rule).collect()),
                quiet_hours: changes.reminders.quiet_hours.map(Into::into),
            },
            reopen_hours: reopen_hours.0.map(|hours| hours.0),
            reply_hours: reply_hours.0.map(|hours| hours.0),
            cancel_reason_required: changes.cancel_reason_required.0,
        }
    }
}

impl Ask for SettingsChanges {
    fn sample() -> Value {
        json!({
            "working_hours": { "saturday": [{ "start": "08:00", "end": "12:00" }] },
            "contact_phone": "+55 11 4002-8922",
            "logo_url": "https://aurora.example/logo.png",
            "session_idle_minutes": 60,
            "totp_required_roles": ["admin"],
            "reminders": { "quiet_hours": { "start": "21:00", "end": "08:00" } },
        })
    }
}
