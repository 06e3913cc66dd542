//! Sessions, their refresh tokens, and proofs of addresses.

use async_trait::async_trait;
use identity::model::email_proof::EmailProof;
use identity::model::session::{DeviceSession, RefreshToken};
use identity::ports::{EmailProofStore, RefreshTokenStore, SessionStore};
use kernel::StoreError;
use kernel::ids::{SessionId, TenantId};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect};

use crate::rows::identity::{refresh_token, session, signed_token};
use crate::session::SeaTx;

#[async_trait]
impl SessionStore for SeaTx {
    async fn session_add(&self, session: &DeviceSession) -> Result<(), StoreError> {
        self.insert(session::Model::from(session)).await
    }

    /// Whatever the caller's reach: it is the caller's own session, and is not answered with.
    async fn session_locked(&self, tenant: TenantId, id: SessionId) -> Result<Option<DeviceSession>, StoreError> {
        let select = self
            .select_unreached::<session::Entity>()
            .filter(session::Column::TenantId.eq(tenant.uuid()))
            .filter(session::Column::Id.eq(id.uuid()))
            .lock_exclusive();
        self.one(select).await?.map(TryInto::try_into).transpose()
    }

    async fn session_update(&self, session: &DeviceSession) -> Result<(), StoreError> {
        let row = session::Model::from(session).into_active_model().reset_all();
        let update = self
            .update_where::<session::Entity>()
            .set(row)
            .filter(session::Column::TenantId.eq(session.tenant.uuid()))
            .filter(session::Column::Id.eq(session.id.uuid()))
            .filter(session::Column::Version.eq(session.version - 1));
        match self.exec(update).await? {
            0 => Err(StoreError::Contended),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl RefreshTokenStore for SeaTx {
    async fn refresh_token_add(&self, token: &RefreshToken) -> Result<(), StoreError> {
        self.insert(refresh_token::Model::from(token)).await
    }

    async fn refresh_token_locked(&self, hash: &[u8; 32]) -> Result<Option<RefreshToken>, StoreError> {
        let select = self
            .select::<refresh_token::Entity>()
            .filter(refresh_token::Column::Hash.eq(hash.to_vec()))
            .lock_exclusive();
        self.one(select).await?.map(TryInto::try_into).transpose()
    }

    async fn refresh_token_spent(&self, token: &RefreshToken) -> Result<(), StoreError> {
        let spent = self
            .update_where::<refresh_token::Entity>()
            .set(refresh_token::Model::from(token).into_active_model().reset_all())
            .filter(refresh_token::Column::TenantId.eq(token.tenant.uuid()))
            .filter(refresh_token::Column::Id.eq(token.id.uuid()));
        self.exec(spent).await.map(drop)
    }
}

#[async_trait]
impl EmailProofStore for SeaTx {
    async fn email_proof_add(&self, proof: &EmailProof) -> Result<(), StoreError> {
        self.insert(signed_token::Model::from(proof)).await
    }

    async fn email_proof_locked(&self, hash: &[u8; 32]) -> Result<Option<EmailProof>, StoreError> {
        let select = self
            .select::<signed_token::Entity>()
            .filter(signed_token::Column::Hash.eq(hash.to_vec()))
            .filter(signed_token::Column::Purpose.eq(signed_token::VERIFY_EMAIL))
            .lock_exclusive();
        self.one(select).await?.map(TryInto::try_into).transpose()
    }

    async fn email_proof_used(&self, proof: &EmailProof) -> Result<(), StoreError> {
        let update = self
            .update_where::<signed_token::Entity>()
            .set(signed_token::Model::from(proof).into_active_model().reset_all())
            .filter(signed_token::Column::TenantId.eq(proof.tenant.uuid()))
            .filter(signed_token::Column::Id.eq(proof.id.uuid()));
        self.exec(update).await.map(drop)
    }
}
