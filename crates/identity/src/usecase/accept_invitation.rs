//! Accepting an invitation: a new account with its first membership, or a further membership of an account (I10).

use chrono::{DateTime, Utc};
use kernel::ids::AccountId;
use kernel::{
    Change, Committed, Fault, FromStore, Kind, Origin, Permission as _, Permit, Refusal, Reply, StoreError, commit,
    unit_of_work,
};
use thiserror::Error;

use crate::Identity;
use crate::model::account::Account;
use crate::model::email::Email;
use crate::model::invitation::{Invitation, InvitationStatus};
use crate::model::membership::{Membership, Profile};
use crate::model::name::DisplayName;
use crate::model::password::Password;
use crate::model::place::Locale;
use crate::model::policy;
use crate::model::preferences::Preferences;
use crate::model::session::Secret;
use crate::permission;
use crate::ports::{ACCOUNT_EMAIL_UNIQUE, AcrossTx, AcrossView, FOREIGN_KEY, HashingFailed, MEMBERSHIP_ACCOUNT_UNIQUE};

/// Who accepts what.
#[derive(Debug)]
pub struct AcceptInvitation {
    /// The secret of the link.
    pub secret: Secret,
    /// The name of a new account, and of the membership.
    pub name: Option<DisplayName>,
    /// The password of a new account; an account that is there keeps its own.
    pub password: Option<Password>,
    /// The account that is signed in, if any is.
    pub caller: Option<AccountId>,
}

/// Why nobody joined.
#[derive(Debug, Error)]
pub enum AcceptInvitationError {
    /// Unknown, accepted or taken back before, or too late; or whoever invited may not any more, or a clinic that it names is
    /// gone.
    #[error("the invitation is not valid any more")]
    Invalid,
    /// The address has an account: its owner accepts, signed in.
    #[error("the address has an account")]
    SignInFirst,
    /// A new account needs a name and a password.
    #[error("a new account needs a name and a password")]
    Missing(Vec<Fault>),
    /// The account is a member of the company.
    #[error("already a member")]
    AlreadyMember,
    /// No password could be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// The store's answer.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for AcceptInvitationError {
    fn from(error: StoreError) -> Self {
        match error {
            // Somebody signed up with the address meanwhile.
            StoreError::Constraint(ACCOUNT_EMAIL_UNIQUE) => Self::SignInFirst,
            StoreError::Constraint(MEMBERSHIP_ACCOUNT_UNIQUE) => Self::AlreadyMember,
            other => Self::Store(other),
        }
    }
}

impl Refusal for AcceptInvitationError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid | Self::Missing(_) => Kind::Invalid,
            Self::SignInFirst => Kind::Unauthenticated,
            Self::AlreadyMember => Kind::Conflict,
            Self::Hashing(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid => "identity.link_invalid",
            Self::SignInFirst => "sign_in_first",
            Self::Missing(_) => "invalid",
            Self::AlreadyMember => "identity.already_member",
            Self::Hashing(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Missing(faults) => faults.clone(),
            _ => Vec::new(),
        }
    }
}

impl FromStore for AcceptInvitationError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Who joins.
enum Joiner {
    /// Somebody new, whose account is made with the membership.
    New(Account),
    /// The signed-in owner of the address, and the name wanted in this company.
    Known(Account, Option<DisplayName>),
}

/// Makes the membership that was offered. That the link came back proves the address; it never opens the account of it.
pub async fn accept_invitation(
    env: &Identity,
    origin: &Origin,
    ask: AcceptInvitation,
    reply: Reply<Profile>,
) -> Result<Committed<Profile>, AcceptInvitationError> {
    let now = env.clock.now();
    let view = env.db.view_across_tenants("accept an invitation").await?;
    let invitation = pending(&*view, &ask.secret, now).await?;
    let known = view.account_by_email(&invitation.offer.email).await?;
    let locale = view.company_settings(invitation.tenant).await?.locale;
    drop(view);
    let hash = invitation.hash;
    let joiner = match known {
        Some(account) if ask.caller == Some(account.id) => Joiner::Known(account, ask.name),
        Some(_) => return Err(AcceptInvitationError::SignInFirst),
        None => Joiner::New(new_account(env, &invitation, (ask.name, ask.password), locale).await?),
    };
    unit_of_work(async || join(env, origin, (&hash, &joiner), reply).await).await
}

/// The invitation of a secret, while it can be accepted and whoever made it may still invite.
async fn pending(
    view: &dyn AcrossView,
    secret: &Secret,
    now: DateTime<Utc>,
) -> Result<Invitation, AcceptInvitationError> {
    let found = view.invitation_by_hash(&secret.hash()).await?;
    let invitation = found.filter(|found| found.status(now) == InvitationStatus::Pending);
    let invitation = invitation.ok_or(AcceptInvitationError::Invalid)?;
    let inviter = view.member(invitation.tenant, invitation.invited_by).await?;
    by_who_may(inviter.as_ref().map(|inviter| &inviter.membership))?;
    Ok(invitation)
}

/// Whoever invited must be able to do so still.
fn by_who_may(inviter: Option<&Membership>) -> Result<(), AcceptInvitationError> {
    let may = |inviter: &Membership| {
        inviter.is_active() && policy::extent(inviter.role, permission::UsersManage::NAME).is_some()
    };
    if inviter.is_some_and(may) { Ok(()) } else { Err(AcceptInvitationError::Invalid) }
}

/// The password is hashed before the transaction begins. The account's id is the invitation's, so that whoever erases the
/// account erases what the journal knows of the invitation too.
async fn new_account(
    env: &Identity,
    invitation: &Invitation,
    (name, password): (Option<DisplayName>, Option<Password>),
    locale: Locale,
) -> Result<Account, AcceptInvitationError> {
    let absent = [("/name", name.is_none()), ("/password", password.is_none())];
    let (Some(name), Some(password)) = (name, password) else {
        let faults = absent.into_iter().filter(|(_, absent)| *absent).map(|(at, _)| Fault::at(at, "required"));
        return Err(AcceptInvitationError::Missing(faults.collect()));
    };
    let now = env.clock.now();
    Ok(Account {
        id: AccountId::from_uuid(invitation.id.uuid()),
        email: invitation.offer.email.clone(),
        name,
        password: Some(env.passwords.hash(password).await?),
        email_verified_at: Some(now),
        locale,
        preferences: Preferences::default(),
        created_at: now,
        version: 1,
    })
}

async fn join(
    env: &Identity,
    origin: &Origin,
    (hash, joiner): (&[u8; 32], &Joiner),
    reply: Reply<Profile>,
) -> Result<Committed<Profile>, AcceptInvitationError> {
    let now = env.clock.now();
    let tx = env.db.begin_across_tenants("accept an invitation").await?;
    let invitation = tx.invitation_by_hash_locked(hash).await?.ok_or(AcceptInvitationError::Invalid)?;
    if invitation.status(now) != InvitationStatus::Pending {
        return Err(AcceptInvitationError::Invalid);
    }
    by_who_may(tx.inviter_locked(&invitation).await?.as_ref())?;
    let before = invitation.facts();
    let (account, name, told) = settle(&*tx, joiner, &invitation.offer.email, now).await?;
    let accepted = invitation.accepted((env.ids.next(), account), name, now);
    let (invitation, membership) = accepted.ok_or(AcceptInvitationError::Invalid)?;
    add(&*tx, &membership).await?;
    tx.invitation_accepted(&invitation).await?;
    let permit =
        Permit::<permission::AcceptInvitation>::system(invitation.tenant, "accept an invitation", origin.clone());
    let journal = permit
        .journal(membership.id, now)
        .changed(Change::created(membership.id, membership.version, membership.facts()))
        .changed(Change::updated(invitation.id, invitation.version, &before, &invitation.facts()));
    let journal = told.into_iter().fold(journal, kernel::Journal::changed);
    let profile = tx.profile(membership.tenant, membership.id).await?;
    let profile = profile.ok_or_else(|| StoreError::broken("a membership that was just added"))?;
    Ok(commit(tx, journal, profile, reply).await?)
}

/// Adds the membership; what the invitation offered may have gone meanwhile.
async fn add(tx: &dyn AcrossTx, membership: &Membership) -> Result<(), AcceptInvitationError> {
    match tx.membership_add(membership).await {
        Err(StoreError::Constraint(FOREIGN_KEY)) => Err(AcceptInvitationError::Invalid),
        done => Ok(done?),
    }
}

/// Adds or verifies the account, whose address must be the invited one; the change of it, if there is one.
async fn settle(
    tx: &dyn AcrossTx,
    joiner: &Joiner,
    invited: &Email,
    now: DateTime<Utc>,
) -> Result<(AccountId, DisplayName, Option<Change>), AcceptInvitationError> {
    match joiner {
        Joiner::New(account) => {
            tx.account_add(account).await?;
            let change = Change::created(account.id, account.version, account.facts());
            Ok((account.id, account.name.clone(), Some(change)))
        }
        Joiner::Known(account, name) => {
            let account = tx.account_locked(account.id).await?.ok_or(AcceptInvitationError::Invalid)?;
            if account.email != *invited {
                return Err(AcceptInvitationError::SignInFirst);
            }
            let before = account.facts();
            let name = name.clone().unwrap_or_else(|| account.name.clone());
            if account.email_verified_at.is_some() {
                return Ok((account.id, name, None));
            }
            let verified = account.verified(now);
            tx.account_verified(&verified).await?;
            let change = Change::updated(verified.id, verified.version, &before, &verified.facts());
            Ok((verified.id, name, Some(change)))
        }
    }
}
