//! The settings of companies.

use async_trait::async_trait;
use identity::model::place::Locale;
use identity::model::settings::CompanySettings;
use identity::ports::{NewSettingsStore, SettingsReader, SettingsStore};
use kernel::StoreError;
use kernel::ids::TenantId;
use sea_orm::{ActiveModelTrait, ColumnTrait, FromQueryResult, IntoActiveModel, QueryFilter};

use super::places::the_one;
use crate::errors::store;
use crate::rows::identity::company_settings;
use crate::session::SeaTx;

/// One statement, because it stands in every sign-in and renewal.
const SETTINGS: &str = "\
    SELECT s.*, c.locale FROM company c JOIN company_settings s ON s.tenant_id = c.tenant_id WHERE c.tenant_id = $1";

#[async_trait]
impl SettingsReader for SeaTx {
    async fn company_settings(&self, tenant: TenantId) -> Result<CompanySettings, StoreError> {
        let rows = self.rows(SETTINGS, [tenant.uuid().into()]).await?;
        let row = rows.first().ok_or_else(|| StoreError::broken("settings of no company"))?;
        let locale: String = row.try_get("", "locale").map_err(store)?;
        let locale = Locale::parse(&locale).map_err(StoreError::broken)?;
        company_settings::Model::from_query_result(row, "").map_err(store)?.in_language(locale)
    }
}

#[async_trait]
impl NewSettingsStore for SeaTx {
    async fn settings_add(&self, settings: &CompanySettings) -> Result<(), StoreError> {
        self.insert(company_settings::Model::of(settings, self.now())?).await
    }
}

#[async_trait]
impl SettingsStore for SeaTx {
    async fn settings_save(&self, settings: &CompanySettings) -> Result<(), StoreError> {
        let row = company_settings::Model::of(settings, self.now())?;
        let update = self
            .update_where::<company_settings::Entity>()
            .set(row.into_active_model().reset_all())
            .filter(company_settings::Column::TenantId.eq(settings.tenant.uuid()))
            .filter(company_settings::Column::Version.eq(settings.version - 1));
        the_one(self.exec(update).await?)
    }
}
