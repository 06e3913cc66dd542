//! What a browser's page sends back to show that it is ours: a MAC of the session's id (I5).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::ids::{SessionId, TenantId};
use kernel::seal::{CannotOpen, Keyring};

use super::redacted::redacted_debug;

const PURPOSE: &str = "csrf token";

/// The token of one session; it says nothing without the session's cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct CsrfToken(String);

redacted_debug!(CsrfToken);

impl CsrfToken {
    /// The session's token, under the newest master key.
    pub fn of(keyring: &Keyring, tenant: TenantId, session: SessionId) -> Result<Self, CannotOpen> {
        let mac = keyring.mac(tenant.uuid(), PURPOSE, session.uuid().as_bytes())?;
        Ok(Self(URL_SAFE_NO_PAD.encode(mac)))
    }

    /// True when the text is the session's token, under any known master key.
    pub fn fits(text: &str, keyring: &Keyring, tenant: TenantId, session: SessionId) -> bool {
        let mac = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        keyring.is_mac(tenant.uuid(), PURPOSE, session.uuid().as_bytes(), &mac)
    }

    /// 43 characters of base64url, for the session's holder.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn session(number: u128) -> SessionId {
        SessionId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn i5_a_token_fits_its_own_session_alone() {
        let (keys, _) = Keyring::generate();
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        let token = CsrfToken::of(&keys, tenant, session(2)).unwrap();
        assert_eq!(token.expose().len(), 43);
        assert!(CsrfToken::fits(token.expose(), &keys, tenant, session(2)));
        assert!(!CsrfToken::fits(token.expose(), &keys, tenant, session(3)));
        assert!(!CsrfToken::fits(token.expose(), &Keyring::generate().0, tenant, session(2)));
        for text in ["", "x", "%%%", token.expose().get(..42).unwrap()] {
            assert!(!CsrfToken::fits(text, &keys, tenant, session(2)), "{text}");
        }
    }
}
