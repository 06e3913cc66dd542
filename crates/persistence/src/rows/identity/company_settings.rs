//! The settings of companies.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use identity::model::contact::{ContactPhone, LogoUrl};
use identity::model::email::Email;
use identity::model::place::{Locale, TimeZone};
use identity::model::settings::{CompanySettings, ConversationSettings};
use kernel::StoreError;
use kernel::ids::TenantId;
use sea_orm::entity::prelude::*;

use super::membership::role;
use crate::reach::Unrestricted;

/// A row of `company_settings`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "company_settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    pub time_zone: String,
    pub contact_email: Option<String>,
    pub contact_phone: Option<String>,
    pub logo_url: Option<String>,
    pub working_hours: Json,
    pub session_idle_minutes: Option<i32>,
    pub totp_required_roles: Json,
    pub reminders: Json,
    pub reopen_hours: i32,
    pub reply_hours: i32,
    pub cancel_reason_required: bool,
    pub updated_at: DateTime<Utc>,
    pub version: i64,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unrestricted for Entity {
    fn tenant_column() -> Option<Column> {
        Some(Column::TenantId)
    }
}

impl Model {
    /// The row of these settings; the language stands with the company.
    pub fn of(settings: &CompanySettings, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let roles: Vec<&str> = settings.totp_required_roles.iter().map(|role| role.name()).collect();
        let idle = settings.session_idle_minutes.map(i32::try_from).transpose();
        Ok(Self {
            tenant_id: settings.tenant.uuid(),
            time_zone: settings.time_zone.as_str().to_owned(),
            contact_email: settings.contact_email.as_ref().map(|email| email.as_str().to_owned()),
            contact_phone: settings.contact_phone.as_ref().map(|phone| phone.as_str().to_owned()),
            logo_url: settings.logo_url.as_ref().map(|url| url.as_str().to_owned()),
            working_hours: serde_json::to_value(&settings.working_hours).map_err(StoreError::broken)?,
            session_idle_minutes: idle.map_err(StoreError::broken)?,
            totp_required_roles: serde_json::to_value(roles).map_err(StoreError::broken)?,
            reminders: serde_json::to_value(&settings.reminders).map_err(StoreError::broken)?,
            reopen_hours: settings.conversation.reopen_hours.try_into().map_err(StoreError::broken)?,
            reply_hours: settings.conversation.reply_hours.try_into().map_err(StoreError::broken)?,
            cancel_reason_required: settings.cancel_reason_required,
            updated_at: now,
            version: settings.version,
        })
    }

    /// The settings, in the company's language.
    pub fn in_language(self, locale: Locale) -> Result<CompanySettings, StoreError> {
        let roles: Vec<String> = serde_json::from_value(self.totp_required_roles).map_err(StoreError::broken)?;
        let idle = self.session_idle_minutes.map(u32::try_from).transpose();
        Ok(CompanySettings {
            tenant: TenantId::from_uuid(self.tenant_id),
            working_hours: serde_json::from_value(self.working_hours).map_err(StoreError::broken)?,
            time_zone: TimeZone::parse(&self.time_zone).map_err(StoreError::broken)?,
            locale,
            contact_email: self.contact_email.map(Email::from_stored),
            contact_phone: self
                .contact_phone
                .as_deref()
                .map(ContactPhone::parse)
                .transpose()
                .map_err(StoreError::broken)?,
            logo_url: self.logo_url.as_deref().map(LogoUrl::parse).transpose().map_err(StoreError::broken)?,
            session_idle_minutes: idle.map_err(StoreError::broken)?,
            totp_required_roles: roles.iter().map(|name| role(name)).collect::<Result<BTreeSet<_>, _>>()?,
            reminders: serde_json::from_value(self.reminders).map_err(StoreError::broken)?,
            conversation: ConversationSettings {
                reopen_hours: self.reopen_hours.try_into().map_err(StoreError::broken)?,
                reply_hours: self.reply_hours.try_into().map_err(StoreError::broken)?,
            },
            cancel_reason_required: self.cancel_reason_required,
            version: self.version,
        })
    }
}
