//! Invitations.

use async_trait::async_trait;
use identity::model::email::Email;
use identity::model::invitation::{Invitation, InvitationStatus};
use identity::model::membership::Membership;
use identity::ports::{InvitationReader, InvitationStore, PresentedInvitationReader, PresentedInvitationStore};
use kernel::ids::InvitationId;
use kernel::{Page, PageAsk, Start, StoreError, Total};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::places::the_one;
use crate::rows::identity::invitation::{self, Column, Entity};
use crate::rows::identity::membership;
use crate::session::SeaTx;

#[async_trait]
impl InvitationReader for SeaTx {
    async fn invitations_page(
        &self,
        statuses: &[InvitationStatus],
        ask: &PageAsk<InvitationId>,
    ) -> Result<Page<Invitation>, StoreError> {
        let wanted = match statuses {
            [] => self.select::<Entity>(),
            some => self.select::<Entity>().filter(self.standing(some)),
        };
        let total = match ask.total {
            Total::Count => Some(self.count(wanted.clone()).await?),
            Total::Skip => None,
        };
        let select = wanted.order_by_asc(Column::Id).limit(u64::from(ask.limit) + 1);
        let select = match &ask.start {
            Start::First => select,
            Start::After(id) => select.filter(Column::Id.gt(id.uuid())),
            Start::Offset(rows) => select.offset(*rows),
        };
        let rows = self.all(select).await?.into_iter().map(Invitation::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_surplus(rows, ask.limit, total, |invitation| invitation.id))
    }
}

#[async_trait]
impl InvitationStore for SeaTx {
    async fn invitation_add(&self, invitation: &Invitation) -> Result<(), StoreError> {
        self.insert(invitation::Model::try_from(invitation)?).await
    }

    async fn invitation_locked(&self, id: InvitationId) -> Result<Option<Invitation>, StoreError> {
        let select = self.select::<Entity>().filter(Column::Id.eq(id.uuid()));
        self.locked_invitation(select).await
    }

    async fn invitation_open_locked(&self, email: &Email) -> Result<Option<Invitation>, StoreError> {
        let select = self
            .select::<Entity>()
            .filter(Column::Email.eq(email.as_str()))
            .filter(Column::AcceptedAt.is_null())
            .filter(Column::RevokedAt.is_null());
        self.locked_invitation(select).await
    }

    async fn invitation_ended(&self, invitation: &Invitation) -> Result<(), StoreError> {
        self.save_invitation(invitation).await
    }
}

#[async_trait]
impl PresentedInvitationReader for SeaTx {
    async fn invitation_by_hash(&self, hash: &[u8; 32]) -> Result<Option<Invitation>, StoreError> {
        let select = self.select::<Entity>().filter(Column::Hash.eq(hash.to_vec()));
        self.one(select).await?.map(TryInto::try_into).transpose()
    }
}

#[async_trait]
impl PresentedInvitationStore for SeaTx {
    async fn invitation_by_hash_locked(&self, hash: &[u8; 32]) -> Result<Option<Invitation>, StoreError> {
        self.locked_invitation(self.select::<Entity>().filter(Column::Hash.eq(hash.to_vec()))).await
    }

    async fn inviter_locked(&self, invitation: &Invitation) -> Result<Option<Membership>, StoreError> {
        let select = self
            .select::<membership::Entity>()
            .filter(membership::Column::TenantId.eq(invitation.tenant.uuid()))
            .filter(membership::Column::Id.eq(invitation.invited_by.uuid()))
            .lock_exclusive();
        let Some(row) = self.one(select).await? else { return Ok(None) };
        let clinics = self.clinics_of(invitation.tenant, invitation.invited_by).await?;
        row.with_clinics(clinics).map(Some)
    }

    async fn invitation_accepted(&self, invitation: &Invitation) -> Result<(), StoreError> {
        self.save_invitation(invitation).await
    }
}

impl SeaTx {
    async fn locked_invitation(&self, select: Select<Entity>) -> Result<Option<Invitation>, StoreError> {
        self.one(select.lock_exclusive()).await?.map(TryInto::try_into).transpose()
    }

    async fn save_invitation(&self, invitation: &Invitation) -> Result<(), StoreError> {
        let update = self
            .update_where::<Entity>()
            .set(invitation::Model::try_from(invitation)?.into_active_model().reset_all())
            .filter(Column::TenantId.eq(invitation.tenant.uuid()))
            .filter(Column::Id.eq(invitation.id.uuid()))
            .filter(Column::Version.eq(invitation.version - 1));
        the_one(self.exec(update).await?)
    }

    /// Invitations of any of these statuses now.
    fn standing(&self, statuses: &[InvitationStatus]) -> Condition {
        let open = || Condition::all().add(Column::AcceptedAt.is_null()).add(Column::RevokedAt.is_null());
        let of = |status: &InvitationStatus| match status {
            InvitationStatus::Accepted => Condition::all().add(Column::AcceptedAt.is_not_null()),
            InvitationStatus::Revoked => Condition::all().add(Column::RevokedAt.is_not_null()),
            InvitationStatus::Pending => open().add(Column::ExpiresAt.gt(self.now())),
            InvitationStatus::Expired => open().add(Column::ExpiresAt.lte(self.now())),
        };
        statuses.iter().fold(Condition::any(), |any, status| any.add(of(status)))
    }
}
