//! API keys.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use identity::model::api_key::ApiKey;
use identity::model::place::Country;
use identity::model::policy::Bindings;
use identity::ports::{ApiKeyReader, ApiKeyStore, KeyUseStore, PresentedKey, PresentedKeyReader};
use kernel::ids::{ApiKeyId, PatientId, PractitionerId, TenantId};
use kernel::{Page, PageAsk, Start, StoreError, Total};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder, QueryResult,
    QuerySelect,
};
use uuid::Uuid;

use crate::errors::store;
use crate::rows::identity::{api_key, membership};
use crate::session::SeaTx;

#[async_trait]
impl ApiKeyReader for SeaTx {
    async fn api_keys_page(&self, ask: &PageAsk<ApiKeyId>) -> Result<Page<ApiKey>, StoreError> {
        let total = match ask.total {
            Total::Count => Some(self.count(self.select::<api_key::Entity>()).await?),
            Total::Skip => None,
        };
        let select = self.select::<api_key::Entity>().order_by_asc(api_key::Column::Id).limit(u64::from(ask.limit) + 1);
        let select = match &ask.start {
            Start::First => select,
            Start::After(id) => select.filter(api_key::Column::Id.gt(id.uuid())),
            Start::Offset(rows) => select.offset(*rows),
        };
        let rows = self.all(select).await?.into_iter().map(ApiKey::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_surplus(rows, ask.limit, total, |key| key.id))
    }
}

#[async_trait]
impl ApiKeyStore for SeaTx {
    async fn api_key_add(&self, key: &ApiKey) -> Result<(), StoreError> {
        self.insert(api_key::Model::try_from(key)?).await
    }

    async fn api_key_locked(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        let select = self.select::<api_key::Entity>().filter(api_key::Column::Id.eq(id.uuid())).lock_exclusive();
        self.one(select).await?.map(TryInto::try_into).transpose()
    }

    async fn api_key_update(&self, key: &ApiKey) -> Result<(), StoreError> {
        let row = api_key::Model::try_from(key)?.into_active_model().reset_all();
        let update = self
            .update_where::<api_key::Entity>()
            .set(row)
            .filter(api_key::Column::Id.eq(key.id.uuid()))
            .filter(api_key::Column::Version.eq(key.version - 1));
        match self.exec(update).await? {
            0 => Err(StoreError::Contended),
            _ => Ok(()),
        }
    }
}

/// One statement, because it stands before the request whenever its caller is not remembered. A key leads to its tenant, as a
/// verified token does, so it is the one thing looked up without one.
const PRESENTED: &str = "\
    SELECT k.*, m.role AS maker_role, m.status, m.practitioner_id, m.patient_id, c.country \
    FROM api_key k \
    JOIN membership m ON m.tenant_id = k.tenant_id AND m.id = k.made_by \
    JOIN company c ON c.tenant_id = k.tenant_id \
    WHERE k.hash = $1";

#[async_trait]
impl PresentedKeyReader for SeaTx {
    async fn presented_key(&self, hash: &[u8; 32]) -> Result<Option<PresentedKey>, StoreError> {
        let rows = self.rows(PRESENTED, [hash.to_vec().into()]).await?;
        rows.first().map(|row| Found::read(row).map_err(store)?.presented()).transpose()
    }
}

#[async_trait]
impl KeyUseStore for SeaTx {
    async fn api_key_used(&self, tenant: TenantId, id: ApiKeyId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "UPDATE api_key SET last_used_at = $3 WHERE tenant_id = $1 AND id = $2 \
                   AND (last_used_at IS NULL OR last_used_at < $3)";
        self.run(sql, [tenant.uuid().into(), id.uuid().into(), now.into()]).await.map(drop)
    }
}

struct Found {
    key: api_key::Model,
    role: String,
    status: String,
    practitioner: Option<Uuid>,
    patient: Option<Uuid>,
    country: String,
}

impl Found {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        Ok(Self {
            key: api_key::Model::from_query_result(row, "")?,
            role: row.try_get("", "maker_role")?,
            status: row.try_get("", "status")?,
            practitioner: row.try_get("", "practitioner_id")?,
            patient: row.try_get("", "patient_id")?,
            country: row.try_get("", "country")?,
        })
    }

    fn presented(self) -> Result<PresentedKey, StoreError> {
        let key = ApiKey::try_from(self.key)?;
        Ok(PresentedKey {
            role: membership::role(&self.role)?,
            status: membership::status(&self.status)?,
            bindings: Bindings {
                membership: key.made_by,
                practitioner: self.practitioner.map(PractitionerId::from_uuid),
                patient: self.patient.map(PatientId::from_uuid),
            },
            country: Country::parse(&self.country).map_err(StoreError::broken)?,
            key,
        })
    }
}
