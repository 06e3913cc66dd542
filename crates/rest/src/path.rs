//! Ids in paths: garbage is 404, like an id that names nothing.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use kernel::Kind;
use uuid::Uuid;

use crate::from_text::FromText;
use crate::openapi::{Described, Sketch};
use crate::problem::Problem;
use crate::schema;

/// The id in the path segment `{kind_id}`, where `kind` is the id's own: `{patient_id}` for a `PatientId`.
#[derive(Debug, Clone, Copy)]
pub struct Id<I>(pub I);

fn segment<I: kernel::Id>() -> String {
    format!("{}_id", I::KIND)
}

impl<I: kernel::Id> FromRequest for Id<I> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get(&segment::<I>()).and_then(|text| Uuid::from_text(text).ok());
        ready(id.map(|id| Self(I::from_uuid(id))).ok_or_else(Problem::not_found))
    }
}

impl<I: kernel::Id> Described for Id<I> {
    fn describe(sketch: &mut Sketch) {
        let schema = schema::format(utoipa::openapi::KnownFormat::Uuid);
        sketch.path(&segment::<I>(), "Its id.", schema);
        sketch.refuses(Kind::NotFound);
    }
}
