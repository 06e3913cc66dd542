//! Ending sessions: one, or those of an account in all of its companies at once.

use chrono::{DateTime, Utc};
use kernel::ids::{AccountId, SessionId, TenantId};
use kernel::{Change, Journal, Origin, Permit, StoreError};

use crate::Identity;
use crate::model::session::{DeviceSession, Ending};
use crate::permission;
use crate::ports::{AcrossTx, SessionStore};

/// Ends a session in the transaction; the session as it is now, and what the journal says of it.
pub(super) async fn end(
    tx: &(impl SessionStore + ?Sized),
    session: DeviceSession,
    ending: Ending,
    now: DateTime<Utc>,
) -> Result<(DeviceSession, Change), StoreError> {
    let before = session.facts();
    let ended = session.ended(ending, now);
    tx.session_update(&ended).await?;
    let change = Change::updated(ended.id, ended.version, &before, &ended.facts());
    Ok((ended, change))
}

/// The sessions that a transaction has ended, with what their journals say of it.
pub(super) struct EndedSessions(Vec<(DeviceSession, Change)>);

impl EndedSessions {
    /// Ends all sessions of an account but one.
    pub(super) async fn of(
        tx: &dyn AcrossTx,
        account: AccountId,
        kept: Option<SessionId>,
        ending: Ending,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let sessions = tx.sessions_of_account_locked(account, now).await?;
        let mut ended = Vec::new();
        for session in sessions.into_iter().filter(|session| Some(session.id) != kept) {
            ended.push(end(tx, session, ending, now).await?);
        }
        Ok(Self(ended))
    }

    /// The journal entry with the sessions of its company.
    pub(super) fn told(&self, journal: Journal, tenant: TenantId) -> Journal {
        self.within(tenant).fold(journal, |journal, (_, change)| journal.changed(change.clone()))
    }

    /// An entry in the journal of each further company, because one journal says nothing of another company's sessions.
    pub(super) async fn tell_other_companies(
        &self,
        tx: &dyn AcrossTx,
        (here, why): (TenantId, &'static str),
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut told = vec![here];
        for (session, _) in &self.0 {
            if told.contains(&session.tenant) {
                continue;
            }
            told.push(session.tenant);
            let permit = Permit::<permission::EndSessions>::system(session.tenant, why, origin.clone());
            tx.append(&self.told(permit.journal(session.membership, now), session.tenant)).await?;
        }
        Ok(())
    }

    /// Makes this process refuse their access tokens at once.
    pub(super) fn forget(&self, env: &Identity) {
        self.0.iter().for_each(|(session, _)| env.callers.forget_session(session.id));
    }

    fn within(&self, tenant: TenantId) -> impl Iterator<Item = &(DeviceSession, Change)> {
        self.0.iter().filter(move |(session, _)| session.tenant == tenant)
    }
}
