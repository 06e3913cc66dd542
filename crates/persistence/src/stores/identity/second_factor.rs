//! Second factors and their recovery codes.

use async_trait::async_trait;
use identity::model::second_factor::Totp;
use identity::ports::second_factor::{SecondFactorReader, SecondFactorStore};
use kernel::StoreError;
use kernel::ids::AccountId;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, Select};

use crate::rows::identity::{recovery_code, totp};
use crate::session::SeaTx;

impl SeaTx {
    fn totp_of(&self, account: AccountId) -> Select<totp::Entity> {
        self.select::<totp::Entity>().filter(totp::Column::AccountId.eq(account.uuid()))
    }
}

#[async_trait]
impl SecondFactorReader for SeaTx {
    async fn totp_of_account(&self, account: AccountId) -> Result<Option<Totp>, StoreError> {
        Ok(self.one(self.totp_of(account)).await?.map(Into::into))
    }
}

#[async_trait]
impl SecondFactorStore for SeaTx {
    async fn totp_locked(&self, account: AccountId) -> Result<Option<Totp>, StoreError> {
        Ok(self.one(self.totp_of(account).lock_exclusive()).await?.map(Into::into))
    }

    async fn totp_add(&self, totp: &Totp) -> Result<(), StoreError> {
        self.insert(totp::Model::from(totp)).await
    }

    async fn totp_update(&self, totp: &Totp) -> Result<(), StoreError> {
        let row = totp::Model::from(totp).into_active_model().reset_all();
        let update = self.update_where::<totp::Entity>().set(row).filter(totp::Column::Id.eq(totp.id.uuid()));
        self.exec(update).await.map(drop)
    }

    async fn totp_remove(&self, account: AccountId) -> Result<(), StoreError> {
        let codes = self.delete_where::<recovery_code::Entity>();
        self.exec(codes.filter(recovery_code::Column::AccountId.eq(account.uuid()))).await?;
        let delete = self.delete_where::<totp::Entity>();
        self.exec(delete.filter(totp::Column::AccountId.eq(account.uuid()))).await.map(drop)
    }

    async fn recovery_codes_add(&self, account: AccountId, hashes: &[[u8; 32]]) -> Result<(), StoreError> {
        let rows = hashes.iter().map(|hash| recovery_code::Model { account_id: account.uuid(), hash: hash.to_vec() });
        self.insert_all(rows.collect::<Vec<_>>()).await
    }

    async fn recovery_code_spent(&self, account: AccountId, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let delete = self
            .delete_where::<recovery_code::Entity>()
            .filter(recovery_code::Column::AccountId.eq(account.uuid()))
            .filter(recovery_code::Column::Hash.eq(hash.to_vec()));
        self.exec(delete).await.map(|spent| spent == 1)
    }
}
