//! Who is signed in, on the wire.

use std::borrow::Cow;

use identity::usecase::me::Me;
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::UserWire;
use crate::Wire;
use crate::schema::AnySchema;

/// Who is signed in, and how the session stands
#[derive(Debug, Serialize)]
pub struct MeWire {
    #[serde(flatten)]
    user: UserWire,
    #[serde(flatten)]
    standing: Standing,
}

/// How the session stands
#[derive(Debug, Serialize, ToSchema)]
struct Standing {
    /// Goes back as `X-CSRF-Token` on unsafe requests, when the session travels in cookies.
    csrf_token: String,
    /// Whether sign-in asks for a code of an authenticator app.
    totp_enabled: bool,
    /// True while the company requires a second factor of the role and there is none: until it is enrolled, only one's own
    /// account can be used.
    totp_enrolment_required: bool,
}

/// One plain object: clients need not know of what it is made.
impl PartialSchema for MeWire {
    fn schema() -> AnySchema {
        match (UserWire::schema(), Standing::schema()) {
            (RefOr::T(Schema::Object(mut whole)), RefOr::T(Schema::Object(standing))) => {
                whole.properties.extend(standing.properties);
                whole.description = Some("Who is signed in, and how the session stands".to_owned());
                RefOr::T(Schema::Object(whole))
            }
            (user, _) => user,
        }
    }
}

impl ToSchema for MeWire {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Me")
    }

    fn schemas(schemas: &mut Vec<(String, AnySchema)>) {
        UserWire::schemas(schemas);
    }
}

impl From<&Me> for MeWire {
    fn from(me: &Me) -> Self {
        let standing = Standing {
            csrf_token: me.csrf_token.expose().to_owned(),
            totp_enabled: me.totp_enabled,
            totp_enrolment_required: me.hold.is_some(),
        };
        Self { user: (&me.profile).into(), standing }
    }
}

impl Wire for MeWire {
    fn sample() -> Self {
        let standing = Standing {
            csrf_token: "43-characters-that-other-sites-cannot-know-".to_owned(),
            totp_enabled: false,
            totp_enrolment_required: false,
        };
        Self { user: UserWire::sample(), standing }
    }
}
