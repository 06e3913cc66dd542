//! Sign-ins at OpenID providers.

use async_trait::async_trait;
use identity::model::oidc::{Flow, Grant, Link, Person};
use identity::ports::{OidcReader, OidcStore};
use kernel::StoreError;
use kernel::ids::AccountId;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect};

use crate::rows::identity::{oidc_flow, oidc_grant, oidc_link};
use crate::session::SeaTx;

#[async_trait]
impl OidcReader for SeaTx {
    async fn oidc_grant(&self, hash: &[u8; 32]) -> Result<Option<Grant>, StoreError> {
        let select = self.select::<oidc_grant::Entity>().filter(oidc_grant::Column::Hash.eq(hash.to_vec()));
        self.one(select).await?.map(TryInto::try_into).transpose()
    }

    async fn oidc_account(&self, person: &Person) -> Result<Option<AccountId>, StoreError> {
        let select = self
            .select::<oidc_link::Entity>()
            .filter(oidc_link::Column::Issuer.eq(person.issuer.as_str()))
            .filter(oidc_link::Column::Subject.eq(person.subject.as_str()));
        Ok(self.one(select).await?.map(|link| AccountId::from_uuid(link.account_id)))
    }
}

#[async_trait]
impl OidcStore for SeaTx {
    async fn oidc_flow_add(&self, flow: &Flow) -> Result<(), StoreError> {
        self.insert(oidc_flow::Model::from(flow)).await
    }

    /// Locked first: of two callbacks at once one finds it.
    async fn oidc_flow_take(&self, state_hash: &[u8; 32]) -> Result<Option<Flow>, StoreError> {
        let by_state = oidc_flow::Column::StateHash.eq(state_hash.to_vec());
        let select = self.select::<oidc_flow::Entity>().filter(by_state.clone()).lock_exclusive();
        let Some(row) = self.one(select).await? else { return Ok(None) };
        self.exec(self.delete_where::<oidc_flow::Entity>().filter(by_state)).await?;
        row.try_into().map(Some)
    }

    async fn oidc_grant_add(&self, grant: &Grant) -> Result<(), StoreError> {
        self.insert(oidc_grant::Model::from(grant)).await
    }

    async fn oidc_grant_asked(&self, before: &[u8; 32], grant: &Grant) -> Result<bool, StoreError> {
        let update = self
            .update_where::<oidc_grant::Entity>()
            .set(oidc_grant::Model::from(grant).into_active_model().reset_all())
            .filter(oidc_grant::Column::Id.eq(grant.id.uuid()))
            .filter(oidc_grant::Column::Hash.eq(before.to_vec()));
        Ok(self.exec(update).await? == 1)
    }

    async fn oidc_grant_take(&self, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let delete = self.delete_where::<oidc_grant::Entity>();
        Ok(self.exec(delete.filter(oidc_grant::Column::Hash.eq(hash.to_vec()))).await? == 1)
    }

    /// In one statement each, so that guesses side by side are counted one by one.
    async fn oidc_grant_wrong(&self, hash: &[u8; 32], most: i32) -> Result<(), StoreError> {
        let count = "UPDATE oidc_grant SET wrong_answers = wrong_answers + 1 WHERE hash = $1";
        self.run(count, [hash.to_vec().into()]).await?;
        let end = "DELETE FROM oidc_grant WHERE hash = $1 AND wrong_answers >= $2";
        self.run(end, [hash.to_vec().into(), most.into()]).await.map(drop)
    }

    async fn oidc_link_add(&self, link: &Link) -> Result<(), StoreError> {
        self.insert(oidc_link::Model::from(link)).await
    }
}
