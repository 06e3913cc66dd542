//! The pages of Swagger UI, from files inside the binary: they work without the internet.

use std::sync::{Arc, LazyLock};

use utoipa_swagger_ui::{Config, SwaggerFile};

use crate::problem::Problem;

/// Where the pages are.
pub const PAGES: &str = "/docs/";

/// The media types of the files.
pub(crate) const MEDIA: [&str; 5] = ["text/html", "text/css", "text/javascript", "image/png", "application/json"];

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::new(["/openapi.json"]);
    Arc::new(
        config
            .try_it_out_enabled(true)
            .persist_authorization(false)
            .display_request_duration(true)
            .validator_url("none"),
    )
});

/// True for the pages of Swagger UI.
pub(crate) fn is_page(path: &str) -> bool {
    path == "/docs" || path.starts_with(PAGES)
}

/// The file of this name; the empty name is the page itself.
pub(crate) fn file(name: &str) -> Result<SwaggerFile<'static>, Problem> {
    match utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)) {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err(Problem::not_found()),
        Err(error) => Err(Problem::internal().because(&*error)),
    }
}
