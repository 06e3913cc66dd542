//! `GET /api/v1/api-keys`

use identity::Identity;
use identity::permission::ApiKeysManage;
use identity::usecase::list_api_keys as usecase;

use crate::wire::identity::api_keys::ApiKeyWire;
use crate::{Env, FromQuery, Guard, PageParams, Params, Problem, Read, operation, pages};

pages! {
    /// A page of API keys
    ApiKeyPage of ApiKeyWire;
}

/// Which keys
#[derive(Debug, FromQuery)]
pub struct ApiKeyFilter {
    #[query(flatten)]
    page: PageParams,
}

/// List API keys
///
/// The keys of the company, oldest first, without their texts; those that were revoked or have expired too.
#[operation]
pub async fn list_api_keys(
    guard: Guard<ApiKeysManage>,
    identity: Env<Identity>,
    params: Params<ApiKeyFilter>,
) -> Result<Read<ApiKeyPage>, Problem> {
    let ask = params.0.page.ask()?;
    let page = usecase::list_api_keys(&identity, &guard.reading(), &ask).await?;
    Ok(Read::page(page, |key| ApiKeyWire::from(&key)))
}
