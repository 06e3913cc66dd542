//! Putting a member out of use, and in use again.

use chrono::{DateTime, Utc};
use kernel::ids::MembershipId;
use kernel::{Change, Committed, Permit, Reply, StoreError, commit, unchanged, unit_of_work};

use super::change_member::{Locked, found};
use super::change_refused::{ChangeRefused, by_a_person, fresh};
use super::ended_sessions::end;
use crate::Identity;
use crate::model::member::Member;
use crate::model::session::Ending;
use crate::permission;
use crate::ports::IdentityTx;

/// Who is put out of use, or in use again.
#[derive(Debug, Clone, Copy)]
pub struct SetMemberStatus {
    /// Whom.
    pub member: MembershipId,
    /// The version the caller has seen; none stands for whichever is there.
    pub seen_version: Option<i64>,
    /// What becomes of it.
    pub standing: Standing,
}

/// What becomes of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It can be signed in with.
    Active,
    /// It cannot, and its sessions end.
    Inactive,
}

/// Puts a member out of use or in use again; a second time has no effect. Either way it begins without sessions. It applies at
/// once in this process, and everywhere within the callers' time (I6). People alone do it (I9).
pub async fn set_member_status(
    env: &Identity,
    permit: &Permit<permission::UsersManage>,
    ask: SetMemberStatus,
    reply: Reply<Member>,
) -> Result<Committed<Member>, ChangeRefused> {
    by_a_person(permit)?;
    let done = unit_of_work(async || change(env, permit, ask, reply).await).await?;
    env.callers.forget_membership(ask.member);
    Ok(done)
}

async fn change(
    env: &Identity,
    permit: &Permit<permission::UsersManage>,
    ask: SetMemberStatus,
    reply: Reply<Member>,
) -> Result<Committed<Member>, ChangeRefused> {
    let now = env.clock.now();
    let found = found(env, permit, ask.member).await?;
    let tx = env.db.begin(permit.scope()).await?;
    let Locked { before, admins } = Locked::of(&*tx, ask.member).await?;
    fresh(ask.seen_version, before.version)?;
    let after = match ask.standing {
        Standing::Active => before.activated(),
        Standing::Inactive => before.deactivated(),
    };
    if after == before {
        return Ok(unchanged(tx, Member { membership: after, ..found }, reply).await?);
    }
    before.leaves_an_admin(&after, &admins)?;
    tx.membership_update(&after).await?;
    let change = Change::updated(after.id, after.version, &before.facts(), &after.facts());
    let ended = end_sessions(&*tx, ask.member, now).await?;
    let journal = permit.journal(after.id, now).changed(change);
    let journal = ended.into_iter().fold(journal, kernel::Journal::changed);
    Ok(commit(tx, journal, Member { membership: after, ..found }, reply).await?)
}

/// Also when a member comes back: a sign-in that ran beside the deactivation may have left a session behind.
async fn end_sessions(tx: &dyn IdentityTx, id: MembershipId, now: DateTime<Utc>) -> Result<Vec<Change>, StoreError> {
    let mut changes = Vec::new();
    for session in tx.sessions_of_membership_locked(id).await? {
        let (_, change) = end(tx, session, Ending::Deactivated, now).await?;
        changes.push(change);
    }
    Ok(changes)
}
