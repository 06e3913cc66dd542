//! Permission as a value: a [`Permit`] is the only way to a scope and to a journal.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::idempotency::Claim;
use crate::ids::{AccountId, ApiKeyId, Id, MembershipId, SessionId, TenantId};
use crate::journal::{Entity, Journal};
use crate::tenancy::{Reach, TenantScope};

/// An action that the policy table knows, as a zero-sized type.
pub trait Permission: Send + Sync + 'static {
    /// `area:verb`, as in the policy table, the journal and `x-permission`.
    const NAME: &'static str;
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in member of the company.
    Member {
        /// The membership that acts.
        membership: MembershipId,
        /// The account behind it.
        account: AccountId,
        /// The session it acts in.
        session: SessionId,
    },
    /// A program with an API key of the company.
    ApiKey(ApiKeyId),
    /// Salus itself, for the stated reason.
    System(&'static str),
}

/// Whose credentials a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A signed-in member of the company.
    Member {
        /// The membership that calls.
        membership: MembershipId,
        /// The account behind it.
        account: AccountId,
        /// The session of the token.
        session: SessionId,
    },
    /// A program with an API key: no person, and no session.
    ApiKey {
        /// The key.
        key: ApiKeyId,
        /// The membership that made it, without which it may nothing.
        made_by: MembershipId,
    },
}

/// What a caller must do before its permissions count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Enrol a second factor, which the company requires of its role.
    SecondFactor,
}

/// Where a request came from, for the audit.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The request's id.
    pub request_id: Option<uuid::Uuid>,
    /// The caller's address.
    pub ip: Option<IpAddr>,
    /// The caller's `User-Agent`, at most 200 characters.
    pub user_agent: Option<String>,
}

/// The permissions of one membership, each with its reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants(BTreeMap<&'static str, Reach>);

impl Grants {
    /// The grants of a membership.
    pub fn new(grants: impl IntoIterator<Item = (&'static str, Reach)>) -> Self {
        Self(grants.into_iter().collect())
    }

    /// How far the permission of this name reaches, if it is granted.
    pub fn reach(&self, permission: &str) -> Option<Reach> {
        self.0.get(permission).copied()
    }

    /// All granted permissions by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Reach)> {
        self.0.iter().map(|(name, reach)| (*name, *reach))
    }
}

/// A known caller: what authentication found out, shared by the requests of one token.
#[derive(Debug, PartialEq, Eq)]
pub struct Principal {
    /// The company of the credentials.
    pub tenant: TenantId,
    /// Who holds them.
    pub holder: Holder,
    /// The role's name; `api_key` for a key of chosen permissions.
    pub role: &'static str,
    /// The company's country, ISO 3166-1 alpha-2: telephone numbers are read by its rules.
    pub country: String,
    /// What it may do.
    pub grants: Grants,
    /// While there is one, only actions on the caller's own account are open.
    pub hold: Option<Hold>,
}

impl Holder {
    /// What limits and idempotency keys are counted by: the membership, or the API key.
    pub fn uuid(self) -> uuid::Uuid {
        match self {
            Self::Member { membership, .. } => membership.uuid(),
            Self::ApiKey { key, .. } => key.uuid(),
        }
    }
}

impl Principal {
    /// The membership that calls; an API key is none.
    pub fn membership(&self) -> Option<MembershipId> {
        match self.holder {
            Holder::Member { membership, .. } => Some(membership),
            Holder::ApiKey { .. } => None,
        }
    }

    /// The membership whose role decides what the caller may: its own, or that of the API key's maker.
    pub fn answerable(&self) -> MembershipId {
        match self.holder {
            Holder::Member { membership, .. } => membership,
            Holder::ApiKey { made_by, .. } => made_by,
        }
    }

    /// The session of the request; an API key has none.
    pub fn session(&self) -> Option<SessionId> {
        match self.holder {
            Holder::Member { session, .. } => Some(session),
            Holder::ApiKey { .. } => None,
        }
    }

    /// The API key that calls.
    pub fn api_key(&self) -> Option<ApiKeyId> {
        match self.holder {
            Holder::Member { .. } => None,
            Holder::ApiKey { key, .. } => Some(key),
        }
    }
}

impl From<Holder> for Actor {
    fn from(holder: Holder) -> Self {
        match holder {
            Holder::Member { membership, account, session } => Self::Member { membership, account, session },
            Holder::ApiKey { key, .. } => Self::ApiKey(key),
        }
    }
}

/// One authenticated request.
#[derive(Debug, Clone)]
pub struct Session {
    principal: Arc<Principal>,
    origin: Origin,
}

impl Session {
    /// The session of a request whose credentials were verified.
    pub fn new(principal: Arc<Principal>, origin: Origin) -> Self {
        Self { principal, origin }
    }

    /// Who calls.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Where from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The permit for an action, or nothing when the caller was not granted it or is held.
    pub fn permit<P: Permission>(&self) -> Option<Permit<P>> {
        let reach = self.principal.grants.reach(P::NAME)?;
        self.principal.hold.is_none().then(|| self.permit_with(reach))
    }

    /// The permit for an action on the caller's own account and session, which needs no grant; nothing for an API key,
    /// which has neither.
    pub fn own_permit<P: OwnAction>(&self) -> Option<Permit<P>> {
        matches!(self.principal.holder, Holder::Member { .. }).then(|| self.permit_with(Reach::Nothing))
    }

    fn permit_with<P: Permission>(&self, reach: Reach) -> Permit<P> {
        let Principal { tenant, holder, .. } = *self.principal;
        Permit {
            scope: TenantScope::new(tenant, reach, None),
            actor: holder.into(),
            origin: self.origin.clone(),
            permission: PhantomData,
        }
    }
}

/// An action on nothing but the caller's own account, allowed to everyone who is signed in.
pub trait OwnAction: Permission {}

/// The proof that a caller may do `P`. It cannot be made by hand:
///
/// * [`Session::permit`] asks the grants of a signed-in caller,
/// * [`Permit::system`] is for jobs and public routes; a test counts its call sites.
pub struct Permit<P> {
    scope: TenantScope,
    actor: Actor,
    origin: Origin,
    permission: PhantomData<fn() -> P>,
}

impl<P: Permission> Permit<P> {
    /// A permit of Salus itself over one whole company.
    pub fn system(tenant: TenantId, reason: &'static str, origin: Origin) -> Self {
        Self {
            scope: TenantScope::new(tenant, Reach::Company, None),
            actor: Actor::System(reason),
            origin,
            permission: PhantomData,
        }
    }

    /// What a transaction of this permit opens with.
    pub fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// Who acts.
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// Where the request came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The same permit, for a request that carries an idempotency key.
    #[must_use]
    pub fn claiming(self, claim: Option<Claim>) -> Self {
        Self { scope: TenantScope::new(self.scope.tenant(), self.scope.reach(), claim), ..self }
    }

    /// Begins the journal entry of this act on `entity`.
    pub fn journal<I: Id>(&self, entity: I, at: DateTime<Utc>) -> Journal {
        Journal::new(self.scope.clone(), P::NAME, self.actor, self.origin.clone(), Entity::of(entity), at)
    }
}

impl<P: Permission> Clone for Permit<P> {
    fn clone(&self) -> Self {
        Self { scope: self.scope.clone(), actor: self.actor, origin: self.origin.clone(), permission: PhantomData }
    }
}

impl<P: Permission> fmt::Debug for Permit<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("permission", &P::NAME).field("scope", &self.scope).finish_non_exhaustive()
    }
}
