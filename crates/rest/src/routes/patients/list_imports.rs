//! `GET /api/v1/imports`

use patients::Imports;
use patients::permission::ImportsManage;
use patients::usecase;

use crate::wire::patients::{ImportPage, ImportWire};
use crate::{Env, FromQuery, Guard, PageParams, Params, Problem, Read, operation};

/// Which imports
#[derive(Debug, FromQuery)]
pub struct ImportFilter {
    #[query(flatten)]
    page: PageParams,
}

/// List imports
///
/// The newest first.
#[operation]
pub async fn list_imports(
    guard: Guard<ImportsManage>,
    imports: Env<Imports>,
    params: Params<ImportFilter>,
) -> Result<Read<ImportPage>, Problem> {
    let page = usecase::list_imports(&imports, &guard.reading(), &params.0.page.ask()?).await?;
    Ok(Read::page(page, |import| ImportWire::from(&import)))
}
