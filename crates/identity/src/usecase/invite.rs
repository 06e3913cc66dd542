//! Inviting somebody to the company (I1, I10).

use kernel::ids::AccountId;
use kernel::{
    Actor, Change, Committed, Facts, Fault, FromStore, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit,
    unit_of_work,
};
use thiserror::Error;

use super::change_member::unknown_references;
use super::send_mail::mail_job;
use crate::Identity;
use crate::model::invitation::{Invitation, Offer};
use crate::model::mail::{Notice, Occasion};
use crate::model::member::{Member, distinct};
use crate::model::place::Locale;
use crate::model::session::Secret;
use crate::permission;
use crate::ports::INVITATION_OPEN_ONCE;

/// Why nobody was invited.
#[derive(Debug, Error)]
pub enum InviteError {
    /// Only a person invites: the invitation says who it is from.
    #[error("only a member invites")]
    NoMember,
    /// Whoever invites has not proved an address yet (I1).
    #[error("the inviter's address is not verified")]
    EmailNotVerified,
    /// The address is a member's.
    #[error("already a member")]
    AlreadyMember,
    /// A clinic, practitioner or patient is not the company's.
    #[error("unknown reference")]
    Unknown(Vec<Fault>),
    /// The store's answer.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for InviteError {
    fn from(error: StoreError) -> Self {
        match error {
            // Two invitations of one address side by side: the later one takes the earlier one's place.
            StoreError::Constraint(INVITATION_OPEN_ONCE) => Self::Store(StoreError::Contended),
            other => Self::Store(other),
        }
    }
}

impl Refusal for InviteError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoMember | Self::EmailNotVerified => Kind::Forbidden,
            Self::AlreadyMember => Kind::Conflict,
            Self::Unknown(_) => Kind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoMember => "session_only",
            Self::EmailNotVerified => "identity.email_not_verified",
            Self::AlreadyMember => "identity.already_member",
            Self::Unknown(_) => "unknown_reference",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Unknown(faults) => faults.clone(),
            _ => Vec::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for InviteError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Offers a place to an address; the link leaves by mail alone. An invitation of the same address that is still open is taken
/// back.
pub async fn invite(
    env: &Identity,
    permit: &Permit<permission::UsersManage>,
    offer: Offer,
    reply: Reply<Invitation>,
) -> Result<Committed<Invitation>, InviteError> {
    let offer = Offer { clinics: distinct(offer.clinics), ..offer };
    let asked = asked(env, permit, &offer).await?;
    unit_of_work(async || send(env, permit, (&offer, &asked), reply).await).await
}

/// What is known before an invitation is made.
struct Asked {
    inviter: Member,
    /// The account that the address has; what the journal keeps of the address is about it.
    invited: Option<AccountId>,
    /// The language of the company.
    locale: Locale,
}

async fn asked(env: &Identity, permit: &Permit<permission::UsersManage>, offer: &Offer) -> Result<Asked, InviteError> {
    let Actor::Member { membership, .. } = permit.actor() else { return Err(InviteError::NoMember) };
    let tenant = permit.scope().tenant();
    let view = env.db.view_across_tenants("invite").await?;
    let inviter = view.member(tenant, membership).await?.ok_or(InviteError::NoMember)?;
    if inviter.email_verified_at.is_none() {
        return Err(InviteError::EmailNotVerified);
    }
    if view.member_by_email(tenant, &offer.email).await?.is_some() {
        return Err(InviteError::AlreadyMember);
    }
    let known = view.account_by_email(&offer.email).await?.map(|account| account.id);
    Ok(Asked { inviter, invited: known, locale: view.company_settings(tenant).await?.locale })
}

async fn send(
    env: &Identity,
    permit: &Permit<permission::UsersManage>,
    (offer, asked): (&Offer, &Asked),
    reply: Reply<Invitation>,
) -> Result<Committed<Invitation>, InviteError> {
    let now = env.clock.now();
    let secret = Secret::new(*env.random.secret());
    let (inviter, ids) = (&asked.inviter.membership, (env.ids.next(), permit.scope().tenant()));
    let invitation = Invitation::new(ids, offer.clone(), inviter.id, &secret, now);
    let tx = env.db.begin(permit.scope()).await?;
    let faults = unknown_references(&*tx, (&offer.clinics, offer.practitioner, offer.patient)).await?;
    if !faults.is_empty() {
        return Err(InviteError::Unknown(faults));
    }
    let mut journal = permit.journal(invitation.id, now);
    if let Some(open) = tx.invitation_open_locked(&offer.email).await? {
        let before = open.facts();
        if let Ok(revoked) = open.revoked(now) {
            tx.invitation_ended(&revoked).await?;
            journal = journal.changed(Change::updated(revoked.id, revoked.version, &before, &revoked.facts()));
        }
    }
    tx.invitation_add(&invitation).await?;
    let occasion = Occasion::Invitation { company: tx.company().await?.name, inviter: inviter.display_name.clone() };
    let notice = Notice { to: offer.email.clone(), locale: asked.locale, occasion, secret };
    let facts = asked.invited.into_iter().fold(invitation.facts(), Facts::about);
    let journal =
        journal.changed(Change::created(invitation.id, invitation.version, facts)).job(mail_job(&notice, now));
    Ok(commit(tx, journal, invitation, reply).await?)
}
