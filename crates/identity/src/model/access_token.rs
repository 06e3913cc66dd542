//! Access tokens: signed statements of who calls, valid for 15 minutes (RFC 7519, RFC 8037).

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, Header, Validation};
use kernel::ids::{AccountId, MembershipId, SessionId, TenantId};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::role::Role;
use super::signing_key::KeySet;

/// How long an access token is valid.
pub const ACCESS_LIFE: Duration = Duration::minutes(15);
/// By how much the clocks of two nodes may differ.
pub const LEEWAY: Duration = Duration::seconds(30);

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it: this installation's address.
    pub iss: String,
    /// Whom it is for.
    pub aud: String,
    /// The account.
    pub sub: AccountId,
    /// The company.
    pub cid: TenantId,
    /// The membership.
    pub mid: MembershipId,
    /// The role when it was issued; what counts is the membership's at the time of the request.
    pub role: String,
    /// The session.
    pub sid: SessionId,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it ceases to be valid, likewise.
    pub exp: i64,
    /// Its own id.
    pub jti: Uuid,
}

/// Whom a token speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The account.
    pub account: AccountId,
    /// The company.
    pub tenant: TenantId,
    /// The membership.
    pub membership: MembershipId,
    /// Its role.
    pub role: Role,
    /// The session.
    pub session: SessionId,
}

/// Who issues tokens, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The installation's public address.
    pub iss: String,
    /// The API's name.
    pub aud: String,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadToken {
    /// Not a token that this installation could have issued.
    #[error("not a valid token")]
    Invalid,
    /// It names a key that is not known here; it may have been made a moment ago by another node.
    #[error("signed with an unknown key")]
    UnknownKey,
    /// It was valid once.
    #[error("the token has expired")]
    Expired,
}

/// No key to sign with, or one that does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no access token can be signed")]
pub struct CannotSign;

impl Issuer {
    /// What a token issued now says.
    pub fn claims(&self, bearer: &Bearer, jti: Uuid, now: DateTime<Utc>) -> Claims {
        Claims {
            iss: self.iss.clone(),
            aud: self.aud.clone(),
            sub: bearer.account,
            cid: bearer.tenant,
            mid: bearer.membership,
            role: bearer.role.name().to_owned(),
            sid: bearer.session,
            iat: now.timestamp(),
            exp: (now + ACCESS_LIFE).timestamp(),
            jti,
        }
    }

    /// Signs claims with the key that signs when they are issued.
    pub fn sign(&self, claims: &Claims, keys: &KeySet) -> Result<String, CannotSign> {
        let issued = DateTime::from_timestamp(claims.iat, 0).ok_or(CannotSign)?;
        let key = keys.signer(issued).ok_or(CannotSign)?;
        let header = Header { kid: Some(key.kid().to_owned()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, key.encoding()).ok().ok_or(CannotSign)
    }

    /// Reads a token: signed by a live key with `EdDSA` and nothing else, issued here for us, neither expired nor of the
    /// future by more than [`LEEWAY`], and for no longer than [`ACCESS_LIFE`].
    pub fn read(&self, token: &str, keys: &KeySet, now: DateTime<Utc>) -> Result<Claims, BadToken> {
        let header = jsonwebtoken::decode_header(token).ok().ok_or(BadToken::Invalid)?;
        if header.alg != Algorithm::EdDSA {
            return Err(BadToken::Invalid);
        }
        let key = keys.by_kid(header.kid.as_deref().ok_or(BadToken::Invalid)?).ok_or(BadToken::UnknownKey)?;
        let data = jsonwebtoken::decode::<Claims>(token, key.decoding(), &self.validation());
        let claims = data.ok().ok_or(BadToken::Invalid)?.claims;
        if now.timestamp() >= claims.exp.saturating_add(LEEWAY.num_seconds()) {
            return Err(BadToken::Expired);
        }
        let is_early = claims.iat > now.timestamp() + LEEWAY.num_seconds();
        if is_early || claims.exp.saturating_sub(claims.iat) > ACCESS_LIFE.num_seconds() {
            return Err(BadToken::Invalid);
        }
        Ok(claims)
    }

    fn validation(&self) -> Validation {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.iss]);
        validation.set_audience(&[&self.aud]);
        validation.validate_exp = false; // the clock of the port decides, above
        validation
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::EncodingKey;
    use kernel::seal::Keyring;
    use proptest::prelude::*;

    use super::super::signing_key::tests::stored;
    use super::*;

    fn issuer() -> Issuer {
        Issuer { iss: "https://clinic.example".to_owned(), aud: "salus".to_owned() }
    }

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::days(20_000)
    }

    fn keys(number: u8) -> KeySet {
        let (keyring, _) = Keyring::generate();
        KeySet::open(vec![stored(number, &keyring, 0)], &keyring).unwrap()
    }

    fn bearer() -> Bearer {
        Bearer {
            account: AccountId::from_uuid(Uuid::from_u128(1)),
            tenant: TenantId::from_uuid(Uuid::from_u128(2)),
            membership: MembershipId::from_uuid(Uuid::from_u128(3)),
            role: Role::Doctor,
            session: SessionId::from_uuid(Uuid::from_u128(4)),
        }
    }

    fn claims() -> Claims {
        issuer().claims(&bearer(), Uuid::from_u128(5), now())
    }

    fn header_of(token: &str) -> serde_json::Value {
        let header = token.split('.').next().unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
    }

    fn forged(header: &serde_json::Value, claims: &Claims, signature: &str) -> String {
        let part = |value: String| URL_SAFE_NO_PAD.encode(value);
        format!("{}.{}.{signature}", part(header.to_string()), part(serde_json::to_string(claims).unwrap()))
    }

    #[test]
    fn i3_a_token_says_who_calls_for_fifteen_minutes() {
        let keys = keys(1);
        let token = issuer().sign(&claims(), &keys).unwrap();
        assert_eq!(issuer().read(&token, &keys, now()), Ok(claims()));
        assert_eq!(header_of(&token)["alg"], "EdDSA");
        assert_eq!(header_of(&token)["kid"], keys.signer(now()).unwrap().kid());
        assert_eq!(claims().exp - claims().iat, 900);
        assert!(issuer().read(&token, &keys, now() + ACCESS_LIFE + Duration::seconds(29)).is_ok());
        assert_eq!(issuer().read(&token, &keys, now() + ACCESS_LIFE + LEEWAY), Err(BadToken::Expired));
        assert_eq!(issuer().read(&token, &keys, now() - Duration::seconds(31)), Err(BadToken::Invalid));
    }

    #[test]
    fn i3_a_token_for_others_or_from_others_is_refused() {
        let keys = keys(1);
        let token = issuer().sign(&claims(), &keys).unwrap();
        let elsewhere = Issuer { aud: "other".to_owned(), ..issuer() };
        assert_eq!(elsewhere.read(&token, &keys, now()), Err(BadToken::Invalid));
        let elsewhere = Issuer { iss: "https://other.example".to_owned(), ..issuer() };
        assert_eq!(elsewhere.read(&token, &keys, now()), Err(BadToken::Invalid));
    }

    #[test]
    fn i3_a_token_for_longer_than_any_that_is_issued_is_refused() {
        let keys = keys(1);
        let long = Claims { exp: claims().exp + 1, ..claims() };
        assert_eq!(issuer().read(&issuer().sign(&long, &keys).unwrap(), &keys, now()), Err(BadToken::Invalid));
    }

    #[test]
    fn i3_only_the_configured_algorithm_is_accepted() {
        let keys = keys(1);
        let kid = keys.signer(now()).unwrap().kid();
        for alg in ["none", "None", "HS256", "RS256"] {
            let token = forged(&serde_json::json!({"alg": alg, "kid": kid, "typ": "JWT"}), &claims(), "");
            assert_eq!(issuer().read(&token, &keys, now()), Err(BadToken::Invalid), "{alg}");
        }
        let public = URL_SAFE_NO_PAD.decode(&keys.public()[0].x).unwrap();
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
        let confused = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(&public)).unwrap();
        assert_eq!(issuer().read(&confused, &keys, now()), Err(BadToken::Invalid));
    }

    #[test]
    fn i3_another_key_is_unknown_or_does_not_fit() {
        let (ours, theirs) = (keys(1), keys(2));
        let token = issuer().sign(&claims(), &theirs).unwrap();
        assert_eq!(issuer().read(&token, &ours, now()), Err(BadToken::UnknownKey));
        let header =
            Header { kid: Some(ours.signer(now()).unwrap().kid().to_owned()), ..Header::new(Algorithm::EdDSA) };
        let token = jsonwebtoken::encode(&header, &claims(), theirs.signer(now()).unwrap().encoding()).unwrap();
        assert_eq!(issuer().read(&token, &ours, now()), Err(BadToken::Invalid));
    }

    proptest! {
        #[test]
        fn i3_a_token_with_any_bit_changed_is_refused(at in 0..600_usize, bit in 0..7_u8) {
            let keys = keys(1);
            let token = issuer().sign(&claims(), &keys).unwrap();
            let mut bytes = token.clone().into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let other = String::from_utf8(bytes).unwrap();
            // The last character of a part carries unused bits; only strict decoding refuses those, which it does.
            prop_assert!(issuer().read(&other, &keys, now()).is_err());
        }

        #[test]
        fn garbage_is_no_token(text in "[A-Za-z0-9._-]{0,80}") {
            prop_assert!(issuer().read(&text, &keys(1), now()).is_err());
        }
    }
}
