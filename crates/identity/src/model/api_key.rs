//! API keys: what a program calls with (I9).

use chrono::{DateTime, Duration, Utc};
use kernel::ids::{ApiKeyId, MembershipId, TenantId};
use kernel::{Facts, Grants, Reach};

use super::name::PlaceName;
use super::policy::{self, Bindings, PERMISSIONS};
use super::role::Role;
use super::session::Secret;

/// What every key begins with, so that one is known when it lies where it should not.
pub const MARK: &str = "salus_";
/// How exactly it is known when a key was used last: not every request writes.
pub const USE_PRECISION: Duration = Duration::minutes(5);
/// What no key may: whoever finds one could make himself another that outlives it.
pub const KEPT_FOR_PEOPLE: &str = "api_keys:manage";

/// How many characters of the secret stay visible: 48 of its 256 bits.
const SHOWN: usize = 8;

/// A key's text, for whoever made it alone: `salus_` and 43 characters of base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(String);

super::redacted::redacted_debug!(KeyText);

/// What a key may do, before it is bound to what its maker may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyScope {
    /// What a role may in the whole company.
    Role(Role),
    /// These permissions, in the policy's order.
    Permissions(Vec<&'static str>),
}

/// A key; only the hash of its secret is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The company.
    pub tenant: TenantId,
    /// What it is called, by what it is for.
    pub name: PlaceName,
    /// The beginning of its text, by which it is recognized.
    pub prefix: String,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// What it may do.
    pub scope: KeyScope,
    /// The member who made it; it never may more than this member may.
    pub made_by: MembershipId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ceases to work; `None` means never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was used last, to [`USE_PRECISION`].
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Counts changes from 1.
    pub version: i64,
}

/// Why a key cannot have a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeFlaw {
    /// The policy knows no such permission.
    Unknown,
    /// No key may have it.
    KeptForPeople,
    /// The maker does not have it for the whole company.
    BeyondMaker,
}

impl KeyText {
    /// The text of a secret.
    pub fn of(secret: &Secret) -> Self {
        Self(format!("{MARK}{}", secret.expose()))
    }

    /// The text, for its holder alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The part that stays visible.
    pub fn prefix(&self) -> String {
        self.0.chars().take(MARK.len() + SHOWN).collect()
    }

    /// The secret in a presented text; `None` for what is no key.
    pub fn read(text: &str) -> Option<Secret> {
        Secret::parse(text.strip_prefix(MARK)?)
    }
}

impl ScopeFlaw {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "identity.unknown_permission",
            Self::KeptForPeople => "identity.permission_kept_for_people",
            Self::BeyondMaker => "identity.beyond_maker",
        }
    }
}

impl KeyScope {
    /// The scope of a role; a role may be given whole even where the maker's own reaches less far, which binds it anyway.
    pub const fn of_role(role: Role) -> Self {
        Self::Role(role)
    }

    /// The scope of permissions by name, each of which the maker must have for the whole company; else every flaw with the
    /// place of its name.
    pub fn choose(names: &[String], maker: &Grants) -> Result<Self, Vec<(usize, ScopeFlaw)>> {
        let checked = names.iter().enumerate().map(|(n, name)| permitted(name, maker).map_err(|flaw| (n, flaw)));
        let (good, bad): (Vec<_>, Vec<_>) = checked.partition(Result::is_ok);
        let flaws: Vec<_> = bad.into_iter().filter_map(Result::err).collect();
        if !flaws.is_empty() {
            return Err(flaws);
        }
        let chosen: Vec<_> = good.into_iter().filter_map(Result::ok).collect();
        Ok(Self::Permissions(PERMISSIONS.iter().copied().filter(|name| chosen.contains(name)).collect()))
    }

    /// The role's name, or `api_key` for chosen permissions.
    pub const fn role_name(&self) -> &'static str {
        match self {
            Self::Role(role) => role.name(),
            Self::Permissions(_) => "api_key",
        }
    }

    /// What a key of this scope may do while its maker may this much. A key is no person: it has no agenda, no patients in its
    /// care and no record of its own, so a permission that reaches no further than that is none.
    pub fn grants(&self, maker: &Grants) -> Grants {
        let whole = |name: &&'static str| maker.reach(name) == Some(Reach::Company) && *name != KEPT_FOR_PEOPLE;
        let named: Vec<&'static str> = match self {
            Self::Role(role) => policy::permissions_of(*role)
                .filter(|(_, extent)| *extent == policy::Extent::Company)
                .map(|(name, _)| name)
                .collect(),
            Self::Permissions(names) => names.clone(),
        };
        Grants::new(named.into_iter().filter(whole).map(|name| (name, Reach::Company)))
    }
}

fn permitted(name: &str, maker: &Grants) -> Result<&'static str, ScopeFlaw> {
    let known = PERMISSIONS.iter().copied().find(|known| *known == name).ok_or(ScopeFlaw::Unknown)?;
    match maker.reach(known) {
        _ if known == KEPT_FOR_PEOPLE => Err(ScopeFlaw::KeptForPeople),
        Some(Reach::Company) => Ok(known),
        _ => Err(ScopeFlaw::BeyondMaker),
    }
}

impl ApiKey {
    /// True while it may be used.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires| now < expires)
    }

    /// What it may do while its maker has this role and these bindings.
    pub fn grants(&self, role: Role, bindings: &Bindings) -> Grants {
        self.scope.grants(&policy::grants(role, bindings))
    }

    /// True when a use at `now` is worth writing down.
    pub fn use_is_news(&self, now: DateTime<Utc>) -> bool {
        self.last_used_at.is_none_or(|last| now >= last + USE_PRECISION)
    }

    /// The key revoked; the first revocation stays.
    #[must_use]
    pub fn revoked(self, now: DateTime<Utc>) -> Self {
        match self.revoked_at {
            Some(_) => self,
            None => Self { revoked_at: Some(now), version: self.version + 1, ..self },
        }
    }

    /// The fields as the journal sees them; never the hash.
    pub fn facts(&self) -> Facts {
        let (role, permissions) = match &self.scope {
            KeyScope::Role(role) => (Some(role.name()), None),
            KeyScope::Permissions(names) => (None, Some(names)),
        };
        Facts::new()
            .open("name", &self.name)
            .open("prefix", &self.prefix)
            .open("role", role)
            .open("permissions", permissions)
            .open("made_by", self.made_by)
            .open("expires_at", self.expires_at)
            .open("revoked_at", self.revoked_at)
    }
}

#[cfg(test)]
mod tests {
    use kernel::ids::PractitionerId;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn bindings() -> Bindings {
        let practitioner = Some(PractitionerId::from_uuid(Uuid::from_u128(2)));
        Bindings { membership: MembershipId::from_uuid(Uuid::from_u128(1)), practitioner, patient: None }
    }

    fn maker(role: Role) -> Grants {
        policy::grants(role, &bindings())
    }

    fn key(scope: KeyScope) -> ApiKey {
        let text = KeyText::of(&Secret::new([7; 32]));
        ApiKey {
            id: ApiKeyId::from_uuid(Uuid::from_u128(1)),
            tenant: TenantId::from_uuid(Uuid::from_u128(2)),
            name: PlaceName::parse("n8n").unwrap(),
            prefix: text.prefix(),
            hash: Secret::new([7; 32]).hash(),
            scope,
            made_by: bindings().membership,
            created_at: DateTime::UNIX_EPOCH,
            expires_at: Some(DateTime::UNIX_EPOCH + Duration::days(1)),
            last_used_at: None,
            revoked_at: None,
            version: 1,
        }
    }

    #[test]
    fn i9_a_key_is_256_bits_of_which_eight_characters_stay_visible() {
        let secret = Secret::new([7; 32]);
        let text = KeyText::of(&secret);
        assert_eq!(text.expose().len(), MARK.len() + 43);
        assert_eq!(text.prefix().len(), MARK.len() + SHOWN);
        assert!(text.expose().starts_with(&text.prefix()));
        assert_eq!(KeyText::read(text.expose()), Some(secret));
        assert!(!format!("{text:?}").contains(text.expose().get(..20).unwrap()));
        for other in ["salus_", "salus_abc", text.expose().get(6..).unwrap(), "eyJ.a.b", &format!("{}A", text.expose())]
        {
            assert_eq!(KeyText::read(other), None, "{other}");
        }
    }

    #[test]
    fn i9_a_key_of_a_role_reaches_what_the_role_reaches_company_wide() {
        let grants = key(KeyScope::of_role(Role::Receptionist)).grants(Role::Admin, &bindings());
        assert_eq!(grants.reach("patients:read"), Some(Reach::Company));
        assert_eq!(grants.reach("users:manage"), None);
        let grants = key(KeyScope::of_role(Role::Hairdresser)).grants(Role::Admin, &bindings());
        assert_eq!(grants.reach("patients:read"), None, "a key has no agenda");
        assert_eq!(grants.reach("services:read"), Some(Reach::Company));
    }

    #[test]
    fn i9_a_key_makes_no_keys() {
        let grants = key(KeyScope::of_role(Role::Admin)).grants(Role::Admin, &bindings());
        assert_eq!(grants.reach(KEPT_FOR_PEOPLE), None);
        assert_eq!(grants.reach("users:manage"), Some(Reach::Company));
        let chosen = KeyScope::choose(&[KEPT_FOR_PEOPLE.to_owned()], &maker(Role::Admin));
        assert_eq!(chosen, Err(vec![(0, ScopeFlaw::KeptForPeople)]));
    }

    #[test]
    fn i9_chosen_permissions_are_known_and_the_makers() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let chosen =
            KeyScope::choose(&names(&["patients:write", "patients:read", "patients:read"]), &maker(Role::Admin));
        assert_eq!(chosen, Ok(KeyScope::Permissions(vec!["patients:read", "patients:write"])));
        let asked = names(&["patients:read", "patients:fly", "users:manage", "availability:write"]);
        let flaws = KeyScope::choose(&asked, &maker(Role::Doctor)).unwrap_err();
        assert_eq!(flaws, [(1, ScopeFlaw::Unknown), (2, ScopeFlaw::BeyondMaker), (3, ScopeFlaw::BeyondMaker)]);
    }

    #[test]
    fn i9_a_key_ends_by_expiry_or_revocation() {
        let day = DateTime::UNIX_EPOCH + Duration::days(1);
        let live = key(KeyScope::of_role(Role::Analyst));
        assert!(live.is_live(day - Duration::seconds(1)) && !live.is_live(day));
        let forever = ApiKey { expires_at: None, ..live.clone() };
        assert!(forever.is_live(day + Duration::days(10_000)));
        let revoked = live.revoked(DateTime::UNIX_EPOCH);
        assert!(!revoked.is_live(DateTime::UNIX_EPOCH));
        assert_eq!(revoked.version, 2);
        assert_eq!(revoked.clone().revoked(day), revoked);
    }

    #[test]
    fn i9_a_use_is_written_once_in_five_minutes() {
        let now = DateTime::UNIX_EPOCH + Duration::hours(1);
        let unused = key(KeyScope::of_role(Role::Analyst));
        assert!(unused.use_is_news(now));
        let used = ApiKey { last_used_at: Some(now), ..unused };
        assert!(!used.use_is_news(now + Duration::seconds(299)));
        assert!(used.use_is_news(now + Duration::minutes(5)));
    }

    proptest! {
        #[test]
        fn i9_no_key_may_more_than_its_maker(maker_role in 0..16_usize, key_role in 0..16_usize, chosen in proptest::collection::vec(0..40_usize, 0..6)) {
            let maker = maker(Role::ALL[maker_role]);
            let names: Vec<&'static str> = chosen.iter().filter_map(|n| PERMISSIONS.get(*n).copied()).collect();
            for scope in [KeyScope::of_role(Role::ALL[key_role]), KeyScope::Permissions(names)] {
                for (name, reach) in scope.grants(&maker).iter() {
                    prop_assert_eq!(maker.reach(name), Some(reach));
                }
            }
        }
    }
}
