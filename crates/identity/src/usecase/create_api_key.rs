//! A new API key (I9).

use chrono::{DateTime, Utc};
use kernel::{
    Actor, Change, Committed, Fault, FromStore, Grants, Kind, Permit, Refusal, Reply, StoreError, commit, unit_of_work,
};
use thiserror::Error;

use crate::Identity;
use crate::model::api_key::{ApiKey, KeyScope, KeyText, ScopeFlaw};
use crate::model::name::PlaceName;
use crate::model::role::Role;
use crate::model::session::Secret;
use crate::permission;

/// The key that is wanted.
#[derive(Debug)]
pub struct CreateApiKey {
    /// What it is for.
    pub name: PlaceName,
    /// The role whose permissions it gets, or else the permissions by name.
    pub role: Option<Role>,
    /// See `role`; one of the two.
    pub permissions: Option<Vec<String>>,
    /// When it ceases to work; `None` means never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key that was just made, with the text that is shown this once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// The key.
    pub key: ApiKey,
    /// Its text.
    pub text: KeyText,
}

/// Why no key was made.
#[derive(Debug, Error)]
pub enum CreateApiKeyError {
    /// Role and permissions both, or neither.
    #[error("either a role or permissions")]
    RoleOrPermissions,
    /// No permission at all.
    #[error("no permission was chosen")]
    NoPermission,
    /// Permissions that the key cannot have, each with its place.
    #[error("permissions that the key cannot have")]
    Permissions(Vec<(usize, ScopeFlaw)>),
    /// It would be over before it begins.
    #[error("the expiry is in the past")]
    Past,
    /// Only a member makes keys.
    #[error("only a member makes keys")]
    NoMember,
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for CreateApiKeyError {
    fn kind(&self) -> Kind {
        match self {
            Self::RoleOrPermissions | Self::NoPermission | Self::Permissions(_) | Self::Past => Kind::Invalid,
            Self::NoMember => Kind::Forbidden,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::RoleOrPermissions | Self::NoPermission | Self::Permissions(_) | Self::Past => "invalid",
            Self::NoMember => "session_only",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::RoleOrPermissions => vec![Fault::at("/role", "identity.role_or_permissions")],
            Self::NoPermission => vec![Fault::at("/permissions", "required")],
            Self::Permissions(flaws) => {
                flaws.iter().map(|(n, flaw)| Fault::at(format!("/permissions/{n}"), flaw.code())).collect()
            }
            Self::Past => vec![Fault::at("/expires_at", "out_of_range")],
            Self::NoMember | Self::Store(_) => Vec::new(),
        }
    }
}

impl FromStore for CreateApiKeyError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Makes a key for whoever holds the permit, whose grants bound it now and later. Its text is in the answer and nowhere else.
pub async fn create_api_key(
    env: &Identity,
    permit: &Permit<permission::ApiKeysManage>,
    maker: &Grants,
    ask: CreateApiKey,
    reply: Reply<NewApiKey>,
) -> Result<Committed<NewApiKey>, CreateApiKeyError> {
    let now = env.clock.now();
    let Actor::Member { membership: made_by, .. } = permit.actor() else { return Err(CreateApiKeyError::NoMember) };
    let CreateApiKey { name, role, permissions, expires_at } = ask;
    if expires_at.is_some_and(|expires| expires <= now) {
        return Err(CreateApiKeyError::Past);
    }
    let scope = scope(role, permissions.as_deref(), maker)?;
    let secret = Secret::new(*env.random.secret());
    let text = KeyText::of(&secret);
    let key = ApiKey {
        id: env.ids.next(),
        tenant: permit.scope().tenant(),
        name,
        prefix: text.prefix(),
        hash: secret.hash(),
        scope,
        made_by,
        created_at: now,
        expires_at,
        last_used_at: None,
        revoked_at: None,
        version: 1,
    };
    let made = NewApiKey { key, text };
    Ok(unit_of_work(async || add(env, permit, &made, reply).await).await?)
}

async fn add(
    env: &Identity,
    permit: &Permit<permission::ApiKeysManage>,
    made: &NewApiKey,
    reply: Reply<NewApiKey>,
) -> Result<Committed<NewApiKey>, StoreError> {
    let key = &made.key;
    let tx = env.db.begin(permit.scope()).await?;
    tx.api_key_add(key).await?;
    let change = Change::created(key.id, key.version, key.facts());
    commit(tx, permit.journal(key.id, key.created_at).changed(change), made.clone(), reply).await
}

fn scope(role: Option<Role>, permissions: Option<&[String]>, maker: &Grants) -> Result<KeyScope, CreateApiKeyError> {
    match (role, permissions) {
        (Some(role), None) => Ok(KeyScope::of_role(role)),
        (None, Some([])) => Err(CreateApiKeyError::NoPermission),
        (None, Some(names)) => KeyScope::choose(names, maker).map_err(CreateApiKeyError::Permissions),
        _ => Err(CreateApiKeyError::RoleOrPermissions),
    }
}
