//! Ids in paths: garbage is 404, like an id that names nothing.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use kernel::Kind;
use kernel::ids::{MembershipId, PatientLinkId};
use uuid::Uuid;

use crate::from_text::FromText;
use crate::openapi::{Described, Sketch};
use crate::problem::Problem;
use crate::schema;

/// The id in the path segment `{kind_id}`, where `kind` is the id's own: `{patient_id}` for a `PatientId`.
#[derive(Debug, Clone, Copy)]
pub struct Id<I>(pub I);

/// The id in the path segment `{user_id}`: to the outside, a member is a user of the company.
#[derive(Debug, Clone, Copy)]
pub struct UserId(pub MembershipId);

/// The id in the path segment `{link_id}`, below the patient whose link it is.
#[derive(Debug, Clone, Copy)]
pub struct LinkId(pub PatientLinkId);

const USER: &str = "user_id";
const LINK: &str = "link_id";

fn segment<I: kernel::Id>() -> String {
    format!("{}_id", I::KIND)
}

fn read<I: kernel::Id>(request: &HttpRequest, segment: &str) -> Result<I, Problem> {
    let id = request.match_info().get(segment).and_then(|text| Uuid::from_text(text).ok());
    id.map(I::from_uuid).ok_or_else(Problem::not_found)
}

fn described(sketch: &mut Sketch, segment: &str) {
    sketch.path(segment, "Its id.", schema::format(utoipa::openapi::KnownFormat::Uuid));
    sketch.refuses(Kind::NotFound);
}

impl<I: kernel::Id> FromRequest for Id<I> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request, &segment::<I>()).map(Self))
    }
}

impl FromRequest for UserId {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request, USER).map(Self))
    }
}

impl FromRequest for LinkId {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request, LINK).map(Self))
    }
}

impl<I: kernel::Id> Described for Id<I> {
    fn describe(sketch: &mut Sketch) {
        described(sketch, &segment::<I>());
    }
}

impl Described for UserId {
    fn describe(sketch: &mut Sketch) {
        described(sketch, USER);
    }
}

impl Described for LinkId {
    fn describe(sketch: &mut Sketch) {
        described(sketch, LINK);
    }
}
