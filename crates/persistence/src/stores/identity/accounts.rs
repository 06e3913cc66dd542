//! What the owner of an account changes: profile, password, sessions.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use identity::model::account::Account;
use identity::model::membership::Membership;
use identity::model::password_reset::PasswordReset;
use identity::model::seen::SeenSession;
use identity::model::session::DeviceSession;
use identity::ports::accounts::{
    AccountSessionStore, AccountStore, PasswordResetReader, PasswordResetStore, SessionReader,
};
use kernel::ids::{AccountId, MembershipId, SessionId};
use kernel::{Page, PageAsk, Start, StoreError, Total};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select, UpdateMany, Value};

use crate::rows::identity::{account, membership, session, signed_token};
use crate::session::SeaTx;

#[async_trait]
impl AccountStore for SeaTx {
    async fn account_locked(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let select = self.select::<account::Entity>().filter(account::Column::Id.eq(id.uuid())).lock_exclusive();
        self.one(select).await?.map(TryInto::try_into).transpose()
    }

    async fn account_verified(&self, account: &Account) -> Result<(), StoreError> {
        let row = account::Model::from(account);
        let verified = Expr::value(row.email_verified_at);
        self.account_written(account, |update| update.col_expr(account::Column::EmailVerifiedAt, verified)).await
    }

    async fn account_changed(&self, account: &Account) -> Result<(), StoreError> {
        let row = account::Model::from(account);
        let set = |update: UpdateMany<account::Entity>| {
            update
                .col_expr(account::Column::Name, Expr::value(row.name))
                .col_expr(account::Column::Locale, Expr::value(row.locale))
                .col_expr(account::Column::Preferences, Expr::value(row.preferences))
        };
        self.account_written(account, set).await
    }

    async fn account_password_set(&self, account: &Account) -> Result<(), StoreError> {
        let row = account::Model::from(account);
        let set = |update: UpdateMany<account::Entity>| {
            update
                .col_expr(account::Column::PasswordHash, Expr::value(row.password_hash))
                .col_expr(account::Column::EmailVerifiedAt, Expr::value(row.email_verified_at))
        };
        self.account_written(account, set).await
    }

    async fn membership_renamed(&self, renamed: &Membership) -> Result<(), StoreError> {
        let update = self
            .update_where::<membership::Entity>()
            .col_expr(membership::Column::DisplayName, Expr::value(renamed.display_name.as_str()))
            .col_expr(membership::Column::Version, Expr::value(renamed.version))
            .filter(membership::Column::TenantId.eq(renamed.tenant.uuid()))
            .filter(membership::Column::Id.eq(renamed.id.uuid()))
            .filter(membership::Column::Version.eq(renamed.version - 1));
        touched(self.exec(update).await?)
    }
}

impl SeaTx {
    /// Writes the columns that `set` names, and the version, over the version before.
    async fn account_written(
        &self,
        account: &Account,
        set: impl FnOnce(UpdateMany<account::Entity>) -> UpdateMany<account::Entity>,
    ) -> Result<(), StoreError> {
        let update = set(self.update_where::<account::Entity>())
            .col_expr(account::Column::Version, Expr::value(account.version))
            .filter(account::Column::Id.eq(account.id.uuid()))
            .filter(account::Column::Version.eq(account.version - 1));
        touched(self.exec(update).await?)
    }

    fn reset_of(&self, hash: &[u8; 32]) -> Select<signed_token::Entity> {
        self.select::<signed_token::Entity>()
            .filter(signed_token::Column::Hash.eq(hash.to_vec()))
            .filter(signed_token::Column::Purpose.eq(signed_token::RESET_PASSWORD))
    }
}

fn touched(rows: u64) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::Contended) } else { Ok(()) }
}

#[async_trait]
impl PasswordResetReader for SeaTx {
    async fn password_reset(&self, hash: &[u8; 32]) -> Result<Option<PasswordReset>, StoreError> {
        self.one(self.reset_of(hash)).await?.map(TryInto::try_into).transpose()
    }
}

#[async_trait]
impl PasswordResetStore for SeaTx {
    async fn password_reset_add(&self, reset: &PasswordReset) -> Result<(), StoreError> {
        self.insert(signed_token::Model::from(reset)).await
    }

    async fn password_reset_locked(&self, hash: &[u8; 32]) -> Result<Option<PasswordReset>, StoreError> {
        self.one(self.reset_of(hash).lock_exclusive()).await?.map(TryInto::try_into).transpose()
    }

    async fn password_resets_spent(&self, account: AccountId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let update = self
            .update_where::<signed_token::Entity>()
            .col_expr(signed_token::Column::UsedAt, Expr::value(now))
            .filter(signed_token::Column::AccountId.eq(account.uuid()))
            .filter(signed_token::Column::Purpose.eq(signed_token::RESET_PASSWORD))
            .filter(signed_token::Column::UsedAt.is_null());
        self.exec(update).await.map(drop)
    }
}

#[async_trait]
impl SessionReader for SeaTx {
    /// Whatever the caller's reach: the sessions of a membership are asked for by nobody but its holder.
    async fn sessions_page(
        &self,
        membership: MembershipId,
        now: DateTime<Utc>,
        seen_after: Option<DateTime<Utc>>,
        ask: &PageAsk<SessionId>,
    ) -> Result<Page<DeviceSession>, StoreError> {
        let open = self
            .select_unreached::<session::Entity>()
            .filter(session::Column::MembershipId.eq(membership.uuid()))
            .filter(session::Column::EndedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(now));
        let open = match seen_after {
            Some(seen_after) => open.filter(session::Column::LastSeenAt.gt(seen_after)),
            None => open,
        };
        let total = match ask.total {
            Total::Count => Some(self.count(open.clone()).await?),
            Total::Skip => None,
        };
        let select = open.order_by_desc(session::Column::Id).limit(u64::from(ask.limit) + 1);
        let select = match &ask.start {
            Start::First => select,
            Start::After(id) => select.filter(session::Column::Id.lt(id.uuid())),
            Start::Offset(rows) => select.offset(*rows),
        };
        let rows = self.all(select).await?.into_iter().map(DeviceSession::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_surplus(rows, ask.limit, total, |session| session.id))
    }
}

/// How many sessions one statement writes.
const AT_ONCE: usize = 500;

#[async_trait]
impl AccountSessionStore for SeaTx {
    async fn sessions_of_account_locked(
        &self,
        account: AccountId,
        now: DateTime<Utc>,
    ) -> Result<Vec<DeviceSession>, StoreError> {
        let select = self
            .select::<session::Entity>()
            .filter(session::Column::AccountId.eq(account.uuid()))
            .filter(session::Column::EndedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(now))
            .order_by_asc(session::Column::Id)
            .lock_exclusive();
        self.all(select).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// Moments only ever move on: what another node has seen later stays.
    async fn sessions_seen(&self, seen: &[SeenSession]) -> Result<(), StoreError> {
        let mut seen = seen.to_vec();
        seen.sort_unstable_by_key(|seen| seen.session); // one order for all nodes, so that two of them never wait for each other
        for some in seen.chunks(AT_ONCE) {
            let mut values: Vec<Value> = Vec::new();
            let rows = some.iter().map(|SeenSession { tenant, session, at }| {
                values.extend([tenant.uuid().into(), session.uuid().into(), (*at).into()]);
                let last = values.len();
                format!("(${}, ${}, ${last})", last - 2, last - 1)
            });
            let rows = rows.collect::<Vec<_>>().join(", ");
            let sql = format!(
                "WITH seen (tenant_id, id, at) AS (VALUES {rows}) UPDATE session SET last_seen_at = seen.at FROM seen \
                 WHERE session.tenant_id = seen.tenant_id AND session.id = seen.id AND session.last_seen_at < seen.at"
            );
            self.run(&sql, values).await?;
        }
        Ok(())
    }
}
