//! The catalogue of tags on the wire.

use chrono::{DateTime, Utc};
use patients::model::{CataloguedTag, Colour, Tag};
use patients::usecase::AddTag;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::from_json::Ask;
use crate::schema::{self, AnySchema};
use crate::{FromJson, FromText, Wire, pages};

/// A tag of the company's catalogue
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tag)]
pub struct TagWire {
    /// Its id.
    id: Uuid,
    /// The label; a patient's tag is the same regardless of case.
    name: String,
    /// How clients paint it, `#rrggbb`.
    colour: Option<String>,
    /// Rises by one with every change.
    version: i64,
    /// When it was added.
    created_at: DateTime<Utc>,
}

/// A tag that is wanted
#[derive(Debug, FromJson)]
pub struct NewTag {
    /// The label, of 1 to 50 characters.
    name: Tag,
    /// How clients shall paint it, `#rrggbb`.
    colour: Option<Colour>,
}

pages! {
    /// A page of the catalogue
    TagPage of TagWire;
}

impl FromText for Colour {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).or(Err("invalid_colour"))
    }

    fn text_schema() -> AnySchema {
        schema::pattern("^#[0-9A-Fa-f]{6}$")
    }
}

impl From<&CataloguedTag> for TagWire {
    fn from(tag: &CataloguedTag) -> Self {
        Self {
            id: tag.id.uuid(),
            name: tag.name.as_str().to_owned(),
            colour: tag.colour.as_ref().map(|colour| colour.as_str().to_owned()),
            version: tag.version,
            created_at: tag.created_at,
        }
    }
}

impl From<NewTag> for AddTag {
    fn from(new: NewTag) -> Self {
        Self { name: new.name, colour: new.colour }
    }
}

impl Wire for TagWire {
    fn sample() -> Self {
        Self {
            id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0021),
            name: "Diabetes".to_owned(),
            colour: Some("#ff8800".to_owned()),
            version: 1,
            created_at: DateTime::from_timestamp(1_804_000_000, 0).unwrap_or_default(),
        }
    }
}

impl Ask for NewTag {
    fn sample() -> serde_json::Value {
        json!({ "name": "Diabetes", "colour": "#ff8800" })
    }
}
