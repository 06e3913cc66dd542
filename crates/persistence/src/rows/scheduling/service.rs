//! A service.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kernel::ids::ServiceId;
use kernel::text::normalize;
use kernel::{Currency, Money, StoreError};
use scheduling::model::service::{Modality, ResourceKind, Service, ServiceAsk, ServiceTerms};
use scheduling::model::words::Label;
use sea_orm::entity::prelude::*;

use super::{from_json, to_json, unreadable};
use crate::reach::Unrestricted;

/// A row of `service`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub sort_text: String,
    pub duration_minutes: i32,
    pub price_amount: Option<i64>,
    pub price_currency: Option<String>,
    pub buffer_before_minutes: i32,
    pub buffer_after_minutes: i32,
    pub slot_interval_minutes: i32,
    pub modality: String,
    pub capacity: i32,
    pub minimum_notice_minutes: i32,
    pub horizon_days: i32,
    pub requires_approval: bool,
    pub cancellation_window_minutes: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub required_resource_kinds: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub required_professions: Json,
    pub active: bool,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
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
    /// The row of a service that was last changed `at`.
    pub fn of(service: &Service, tenant: Uuid, at: DateTime<Utc>) -> Result<Self, StoreError> {
        let terms = service.terms();
        let number = |value: u32| i32::try_from(value).map_err(StoreError::broken);
        let price = terms.price();
        let professions: Vec<&str> = terms.required_professions().iter().map(Label::as_str).collect();
        Ok(Self {
            tenant_id: tenant,
            id: service.id().uuid(),
            name: terms.name().as_str().to_owned(),
            sort_text: normalize(terms.name().as_str()),
            duration_minutes: number(terms.duration().get())?,
            price_amount: price.map(|price| price.amount),
            price_currency: price.map(|price| price.currency.as_str().to_owned()),
            buffer_before_minutes: number(terms.buffer_before().get())?,
            buffer_after_minutes: number(terms.buffer_after().get())?,
            slot_interval_minutes: number(terms.slot_interval().get())?,
            modality: terms.modality().as_str().to_owned(),
            capacity: number(terms.capacity())?,
            minimum_notice_minutes: number(terms.minimum_notice().get())?,
            horizon_days: number(terms.horizon_days())?,
            requires_approval: terms.requires_approval(),
            cancellation_window_minutes: number(terms.cancellation_window().get())?,
            required_resource_kinds: to_json(terms.required_resource_kinds())?,
            required_professions: to_json(&professions)?,
            active: terms.active(),
            version: service.version(),
            created_at: at,
            updated_at: at,
        })
    }
}

impl TryFrom<Model> for Service {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let price = match (row.price_amount, &row.price_currency) {
            (Some(amount), Some(currency)) => {
                Some(Money::new(amount, Currency::parse(currency).ok().ok_or_else(unreadable)?))
            }
            _ => None,
        };
        let kinds: Vec<String> = from_json(row.required_resource_kinds)?;
        let kinds: Option<BTreeSet<ResourceKind>> = kinds.iter().map(|kind| ResourceKind::parse(kind)).collect();
        let professions: Vec<String> = from_json(row.required_professions)?;
        let professions: Option<BTreeSet<Label>> = professions.iter().map(|text| Label::parse(text).ok()).collect();
        let number = |value: i32| Some(i64::from(value));
        let terms = ServiceTerms::parse(ServiceAsk {
            name: row.name,
            duration_minutes: i64::from(row.duration_minutes),
            price,
            buffer_before_minutes: number(row.buffer_before_minutes),
            buffer_after_minutes: number(row.buffer_after_minutes),
            slot_interval_minutes: number(row.slot_interval_minutes),
            modality: Some(Modality::parse(&row.modality).ok_or_else(unreadable)?),
            capacity: number(row.capacity),
            minimum_notice_minutes: number(row.minimum_notice_minutes),
            horizon_days: number(row.horizon_days),
            requires_approval: Some(row.requires_approval),
            cancellation_window_minutes: number(row.cancellation_window_minutes),
            required_resource_kinds: kinds.ok_or_else(unreadable)?,
            required_professions: professions.ok_or_else(unreadable)?,
            active: Some(row.active),
        });
        Ok(Self::new(ServiceId::from_uuid(row.id), terms.ok().ok_or_else(unreadable)?, row.version))
    }
}
