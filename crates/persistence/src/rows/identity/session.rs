//! Sessions.

use chrono::{DateTime, Utc};
use identity::model::session::{DeviceSession, Ending};
use kernel::ids::{AccountId, MembershipId, SessionId, TenantId};
use kernel::{Hold, StoreError};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use crate::reach::{Reachable, Reaching, whole_company};

/// A row of `session`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub membership_id: Uuid,
    pub account_id: Uuid,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub hold: Option<String>,
    pub factor_proved_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub ending: Option<String>,
    pub version: i64,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// People of the company, for those who reach all of it.
impl Reachable for Entity {
    fn tenant() -> Option<Column> {
        Some(Column::TenantId)
    }

    fn reach(reaching: &Reaching) -> Condition {
        whole_company(reaching)
    }
}

impl From<&DeviceSession> for Model {
    fn from(session: &DeviceSession) -> Self {
        Self {
            tenant_id: session.tenant.uuid(),
            id: session.id.uuid(),
            membership_id: session.membership.uuid(),
            account_id: session.account.uuid(),
            ip: session.ip.map(|ip| ip.to_string()),
            user_agent: session.user_agent.clone(),
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            hold: session.hold.map(|hold| held(hold).to_owned()),
            factor_proved_at: session.factor_proved_at,
            ended_at: session.ended.map(|(at, _)| at),
            ending: session.ended.map(|(_, ending)| ending.name().to_owned()),
            version: session.version,
        }
    }
}

const fn held(hold: Hold) -> &'static str {
    match hold {
        Hold::SecondFactor => "second_factor",
    }
}

fn hold(name: &str) -> Result<Hold, StoreError> {
    [Hold::SecondFactor]
        .into_iter()
        .find(|hold| held(*hold) == name)
        .ok_or_else(|| StoreError::broken("a hold that is none"))
}

impl TryFrom<Model> for DeviceSession {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let ended = match (row.ended_at, row.ending.as_deref()) {
            (Some(at), Some(ending)) => {
                Some((at, Ending::parse(ending).ok_or_else(|| StoreError::broken("an ending that is none"))?))
            }
            _ => None,
        };
        Ok(Self {
            id: SessionId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            membership: MembershipId::from_uuid(row.membership_id),
            account: AccountId::from_uuid(row.account_id),
            ip: row.ip.map(|ip| ip.parse()).transpose().map_err(StoreError::broken)?,
            user_agent: row.user_agent,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
            hold: row.hold.as_deref().map(hold).transpose()?,
            factor_proved_at: row.factor_proved_at,
            ended,
            version: row.version,
        })
    }
}
