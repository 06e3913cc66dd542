//! The OpenID providers: who we are at each.

use gateways::open_id::{Registration, usual_issuer};
use identity::model::oidc::Provider;
use zeroize::Zeroizing;

use super::source::{Noted, Reader};
use super::{parse, table};

/// The three variables of one provider.
struct Of {
    provider: Provider,
    id: &'static table::Variable,
    secret: &'static table::Variable,
    issuer: &'static table::Variable,
}

const ALL: [Of; 3] = [
    Of {
        provider: Provider::Google,
        id: &table::OIDC_GOOGLE_CLIENT_ID,
        secret: &table::OIDC_GOOGLE_CLIENT_SECRET,
        issuer: &table::OIDC_GOOGLE_ISSUER,
    },
    Of {
        provider: Provider::Microsoft,
        id: &table::OIDC_MICROSOFT_CLIENT_ID,
        secret: &table::OIDC_MICROSOFT_CLIENT_SECRET,
        issuer: &table::OIDC_MICROSOFT_ISSUER,
    },
    Of {
        provider: Provider::Apple,
        id: &table::OIDC_APPLE_CLIENT_ID,
        secret: &table::OIDC_APPLE_CLIENT_SECRET,
        issuer: &table::OIDC_APPLE_ISSUER,
    },
];

/// The providers of which both id and secret are set.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Vec<Registration>, Noted> {
    let all = ALL.map(|of| one(reader, &of));
    let found = all.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(found.into_iter().flatten().collect())
}

fn one(reader: &mut Reader<'_>, of: &Of) -> Result<Option<Registration>, Noted> {
    let text = |text: &str| Ok(text.to_owned());
    let id = reader.optional(of.id, text);
    let secret = reader.optional(of.secret, |text| Ok(Zeroizing::new(text.to_owned())));
    let issuer = reader.optional(of.issuer, issuer);
    let lacks = match (&id, &secret, &issuer) {
        (Ok(Some(_)), Ok(None), _) => Some((of.secret, of.id)),
        (Ok(None), Ok(Some(_)), _) => Some((of.id, of.secret)),
        (Ok(None), Ok(None), Ok(Some(_))) => Some((of.id, of.issuer)),
        _ => None,
    };
    if let Some((absent, with)) = lacks {
        return Err(reader.refuse(absent, format!("is required with {}", with.name)));
    }
    let issuer = issuer?.unwrap_or_else(|| usual_issuer(of.provider).to_owned());
    let whole = id?.zip(secret?);
    let registered =
        |(client_id, client_secret)| Registration { provider: of.provider, issuer, client_id, client_secret };
    Ok(whole.map(registered))
}

/// What a provider says in plain text anybody could have said.
fn issuer(text: &str) -> Result<String, String> {
    let url = parse::web_url_as_written(text)?;
    if url.starts_with("https://") || parse::is_loopback_url(&url) {
        Ok(url)
    } else {
        Err("must be https, unless it is on this machine".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::Variables;
    use super::*;

    fn read_from(items: &[(&str, &str)]) -> Result<Vec<Registration>, Vec<&'static str>> {
        let variables = Variables::new(items.iter().copied());
        let mut reader = Reader::new(&variables);
        let found = read(&mut reader);
        found.map_err(|_wrong| reader.into_wrong().into_iter().map(|wrong| wrong.name).collect())
    }

    #[test]
    fn i8_a_provider_is_set_up_by_id_and_secret() {
        assert!(read_from(&[]).unwrap().is_empty());
        let google = [("OIDC_GOOGLE_CLIENT_ID", "salus"), ("OIDC_GOOGLE_CLIENT_SECRET", "hush")];
        let found = read_from(&google).unwrap();
        assert_eq!((found.len(), found[0].issuer.as_str()), (1, "https://accounts.google.com"));
        assert!(!format!("{found:?}").contains("hush"));
        assert_eq!(read_from(&google[..1]).unwrap_err(), ["OIDC_GOOGLE_CLIENT_SECRET"]);
        assert_eq!(read_from(&google[1..]).unwrap_err(), ["OIDC_GOOGLE_CLIENT_ID"]);
    }

    #[test]
    fn i8_every_wrong_variable_of_every_provider_is_named() {
        let wrong = [("OIDC_GOOGLE_CLIENT_ID", "salus"), ("OIDC_GOOGLE_ISSUER", "ftp://id.example")];
        let lonely = [("OIDC_APPLE_ISSUER", "https://id.example")];
        assert_eq!(read_from(&wrong).unwrap_err(), ["OIDC_GOOGLE_ISSUER", "OIDC_GOOGLE_CLIENT_SECRET"]);
        assert_eq!(read_from(&lonely).unwrap_err(), ["OIDC_APPLE_CLIENT_ID"]);
        let both = [&wrong[..], &lonely[..]].concat();
        assert_eq!(read_from(&both).unwrap_err().len(), 3);
    }

    #[test]
    fn i8_an_issuer_is_https_unless_it_is_here() {
        let with = |issuer| {
            let id = ("OIDC_APPLE_CLIENT_ID", "salus");
            read_from(&[id, ("OIDC_APPLE_CLIENT_SECRET", "hush"), ("OIDC_APPLE_ISSUER", issuer)])
        };
        assert_eq!(with("http://127.0.0.1:4000/").unwrap()[0].issuer, "http://127.0.0.1:4000");
        assert_eq!(with("https://id.example").unwrap()[0].issuer, "https://id.example");
        assert_eq!(with("http://id.example").unwrap_err(), ["OIDC_APPLE_ISSUER"]);
    }
}
