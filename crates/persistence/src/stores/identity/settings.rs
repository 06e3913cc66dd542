//! The settings of companies.

use async_trait::async_trait;
use identity::model::place::{Locale, TimeZone};
use identity::model::settings::CompanySettings;
use identity::ports::{SettingsReader, SettingsStore};
use kernel::StoreError;
use kernel::ids::TenantId;
use sea_orm::{ActiveModelTrait, ColumnTrait, FromQueryResult, IntoActiveModel, QueryFilter};

use crate::errors::store;
use crate::rows::identity::company_settings;
use crate::session::SeaTx;

/// One statement, because it stands in every sign-in and renewal. A company that never changed its settings has the zone of its
/// oldest clinic.
const SETTINGS: &str = "\
    SELECT s.*, c.locale, (SELECT o.time_zone FROM clinic o WHERE o.tenant_id = c.tenant_id ORDER BY o.id LIMIT 1) AS oldest \
    FROM company c LEFT JOIN company_settings s ON s.tenant_id = c.tenant_id \
    WHERE c.tenant_id = $1";

#[async_trait]
impl SettingsReader for SeaTx {
    async fn company_settings(&self, tenant: TenantId) -> Result<CompanySettings, StoreError> {
        let rows = self.rows(SETTINGS, [tenant.uuid().into()]).await?;
        let row = rows.first().ok_or_else(|| StoreError::broken("settings of no company"))?;
        let locale: String = row.try_get("", "locale").map_err(store)?;
        let locale = Locale::parse(&locale).map_err(StoreError::broken)?;
        // A row that cannot be read is an error: the usual settings would ask for less than the company does.
        if row.try_get::<Option<i64>>("", "version").map_err(store)?.is_some() {
            let found = company_settings::Model::from_query_result(row, "").map_err(store)?;
            return found.in_language(locale);
        }
        let zone: Option<String> = row.try_get("", "oldest").map_err(store)?;
        let zone = TimeZone::parse(zone.as_deref().unwrap_or("UTC")).map_err(StoreError::broken)?;
        Ok(CompanySettings::usual(tenant, locale, zone))
    }
}

#[async_trait]
impl SettingsStore for SeaTx {
    async fn settings_save(&self, settings: &CompanySettings) -> Result<(), StoreError> {
        let row = company_settings::Model::of(settings, self.now())?;
        let update = self
            .update_where::<company_settings::Entity>()
            .set(row.clone().into_active_model().reset_all())
            .filter(company_settings::Column::TenantId.eq(settings.tenant.uuid()))
            .filter(company_settings::Column::Version.eq(settings.version - 1));
        // The first change finds no row; where another one has made it meanwhile, the key refuses this one.
        let is_saved = self.exec(update).await? == 1 || (settings.version == 2 && self.insert_if_free(row).await?);
        if is_saved { Ok(()) } else { Err(StoreError::Contended) }
    }
}
