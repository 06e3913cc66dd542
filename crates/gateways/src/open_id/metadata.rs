//! What a provider says of itself, and what its tokens say beyond the standard.

use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use identity::model::oidc::Provider;
use openidconnect::core::CoreProviderMetadata;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::http::{Http, HttpFailed};

/// How long a discovery document is believed.
const BELIEVED: Duration = Duration::hours(1);
/// What stands for the directory of the person in the issuer of Microsoft's common document.
const ANY_DIRECTORY: &str = "{tenantid}";

/// The discovery document of one provider, read when it is first needed.
#[derive(Default)]
pub(super) struct Known(RwLock<Option<(CoreProviderMetadata, DateTime<Utc>)>>);

/// Why a provider is not known.
#[derive(Debug, Error)]
pub(super) enum Unknown {
    #[error(transparent)]
    Http(#[from] HttpFailed),
    #[error("the discovery document cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("the discovery document is of another issuer")]
    OtherIssuer,
}

/// What a token says beyond the standard; only for tokens that were verified.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    /// Microsoft: the directory of the person.
    pub(super) tid: Option<String>,
    /// Microsoft: whether the address is of a domain that the directory owns.
    xms_edov: Option<Value>,
}

impl Known {
    /// The document of this issuer.
    pub(super) async fn read(
        &self,
        http: &Http,
        issuer: &str,
        now: DateTime<Utc>,
    ) -> Result<CoreProviderMetadata, Unknown> {
        if let Some(known) = self.fresh(now) {
            return Ok(known);
        }
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata: CoreProviderMetadata = serde_json::from_slice(&http.get(&address).await?)?;
        if !is_of(issuer, metadata.issuer().as_str()) {
            return Err(Unknown::OtherIssuer);
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some((metadata.clone(), now));
        Ok(metadata)
    }

    fn fresh(&self, now: DateTime<Utc>) -> Option<CoreProviderMetadata> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(_, read)| now < *read + BELIEVED).map(|(metadata, _)| metadata.clone())
    }
}

impl Said {
    /// True when the provider vouches for the address of its token. Microsoft lets a company write any address into its
    /// directory, whatever `email_verified` says of it, and vouches by `xms_edov` alone; the others do not know that claim.
    pub(super) fn vouches(&self, provider: Provider, email_verified: Option<bool>) -> bool {
        match provider {
            Provider::Microsoft => self.is_domain_owner(),
            Provider::Google | Provider::Apple => email_verified == Some(true),
        }
    }

    fn is_domain_owner(&self) -> bool {
        match &self.xms_edov {
            Some(Value::Bool(owns)) => *owns,
            Some(Value::Number(owns)) => owns.as_i64() == Some(1),
            Some(Value::String(owns)) => owns == "1" || owns.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }
}

/// The payload of a token.
pub(super) fn said(token: &str) -> Option<Said> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// True when the document found under `asked` may name itself `named`: it is the same, or Microsoft's document for the people of
/// any directory.
fn is_of(asked: &str, named: &str) -> bool {
    let same = asked.trim_end_matches('/') == named.trim_end_matches('/');
    let common = ["/common/", "/organizations/"].iter().any(|word| asked.replacen(word, "/{tenantid}/", 1) == named);
    same || common
}

/// True when a token of `issuer` may say that it is of `claimed`: it is the same, or that of the person's directory.
pub(super) fn issuer_fits(issuer: &str, claimed: &str, directory: Option<&str>) -> bool {
    let is_plain = |id: &&str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    match directory.filter(|_| issuer.contains(ANY_DIRECTORY)) {
        Some(directory) if is_plain(&directory) => issuer.replacen(ANY_DIRECTORY, directory, 1) == claimed,
        _ => issuer == claimed && !issuer.contains(ANY_DIRECTORY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMON: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";

    #[test]
    fn i8_a_document_is_of_the_issuer_it_lies_under() {
        assert!(is_of("https://accounts.google.com", "https://accounts.google.com"));
        assert!(is_of("http://127.0.0.1:3000/", "http://127.0.0.1:3000"));
        assert!(is_of("https://login.microsoftonline.com/common/v2.0", COMMON));
        assert!(!is_of("https://accounts.google.com", "https://accounts.evil.example"));
        assert!(!is_of("https://login.microsoftonline.com/consumers/v2.0", COMMON));
        assert!(!is_of("https://accounts.google.com", COMMON));
    }

    #[test]
    fn i8_a_token_of_any_directory_names_its_own() {
        let issuer = |id: &str| format!("https://login.microsoftonline.com/{id}/v2.0");
        assert!(issuer_fits(COMMON, &issuer("9188040d-6c67"), Some("9188040d-6c67")));
        assert!(!issuer_fits(COMMON, &issuer("9188040d-6c67"), Some("other")));
        assert!(!issuer_fits(COMMON, &issuer("9188040d-6c67"), None));
        assert!(!issuer_fits(COMMON, COMMON, None));
        assert!(!issuer_fits(COMMON, &issuer("a/../b"), Some("a/../b")));
        assert!(issuer_fits("https://appleid.apple.com", "https://appleid.apple.com", None));
        assert!(issuer_fits("https://appleid.apple.com", "https://appleid.apple.com", Some("any")));
        assert!(!issuer_fits("https://appleid.apple.com", "https://appleid.apple.com.evil.example", None));
    }

    #[test]
    fn i8_whose_word_counts_for_an_address_depends_on_the_provider() {
        let said = |text: &str| serde_json::from_str::<Said>(text).unwrap();
        let (owner, nobody) = (said(r#"{"xms_edov":true}"#), said("{}"));
        for (provider, by_standard, by_edov) in
            [(Provider::Google, true, false), (Provider::Apple, true, false), (Provider::Microsoft, false, true)]
        {
            assert_eq!(nobody.vouches(provider, Some(true)), by_standard, "{provider:?}");
            assert_eq!(owner.vouches(provider, Some(false)), by_edov, "{provider:?}");
            assert_eq!(owner.vouches(provider, None), by_edov, "{provider:?}");
            assert!(!nobody.vouches(provider, Some(false)) && !nobody.vouches(provider, None), "{provider:?}");
        }
    }

    #[test]
    fn i8_microsoft_vouches_for_an_address_only_by_its_own_claim() {
        let owner = |text: &str| serde_json::from_str::<Said>(text).unwrap().is_domain_owner();
        for text in [r#"{"xms_edov":true}"#, r#"{"xms_edov":1}"#, r#"{"xms_edov":"1"}"#, r#"{"xms_edov":"True"}"#] {
            assert!(owner(text), "{text}");
        }
        for text in ["{}", r#"{"xms_edov":false}"#, r#"{"xms_edov":0}"#, r#"{"xms_edov":"no"}"#, r#"{"xms_edov":null}"#]
        {
            assert!(!owner(text), "{text}");
        }
    }
}
