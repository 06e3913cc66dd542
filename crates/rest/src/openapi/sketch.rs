//! What the types of an operation's parameters and answers say about it.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use kernel::{Fault, Kind};
use serde_json::Value;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Parameter, ParameterIn, ParameterStyle};
use utoipa::openapi::{Content, RefOr, Required, Response};

use crate::answer::Wire;
use crate::fault::{Faults, Place};
use crate::from_json::Ask;
use crate::json::Json;
use crate::params::{FromParam, FromQuery, Params};
use crate::problem::status_of;
use crate::schema::{self, AnySchema, Schemas};

/// A parameter or answer of an operation that can describe itself.
pub trait Described {
    /// Adds what it means to the operation.
    fn describe(sketch: &mut Sketch);
}

/// The body that an operation takes.
pub(crate) struct SketchBody {
    pub(crate) schema: AnySchema,
    pub(crate) sample: Value,
    pub(crate) required: Required,
    pub(crate) media: &'static str,
    /// What the operation itself finds wrong with the sample; must be nothing.
    pub(crate) faults: Vec<Fault>,
}

/// The description of one operation in the making.
#[derive(Default)]
pub struct Sketch {
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<SketchBody>,
    pub(crate) answers: BTreeMap<u16, Response>,
    pub(crate) refusals: BTreeSet<u16>,
    pub(crate) schemas: Schemas,
    media: Vec<&'static str>,
    reads_body: bool,
}

impl Sketch {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn media(&self) -> Vec<&'static str> {
        self.media.clone()
    }

    /// True for an operation below `/api/` without a query parameter.
    pub(crate) fn is_queryless(&self, path: &str) -> bool {
        path.starts_with("/api/") && !self.parameters.iter().any(|known| known.parameter_in == ParameterIn::Query)
    }

    /// True for an operation that takes no body, and so refuses any (C3); a method without one has none to refuse.
    pub(crate) fn is_bodyless(&self, method: &Method) -> bool {
        ![Method::GET, Method::HEAD].contains(method) && self.body.is_none() && !self.reads_body
    }

    /// Says that it reads its body itself, such as a form or a file.
    pub fn reads_body(&mut self) {
        self.reads_body = true;
    }

    /// Says that it may refuse with this kind.
    pub fn refuses(&mut self, kind: Kind) {
        self.refuses_with(status_of(kind));
    }

    pub(crate) fn refuses_with(&mut self, status: StatusCode) {
        self.refusals.insert(status.as_u16());
    }

    /// Says that it takes a JSON body.
    pub fn body<T: Ask>(&mut self, required: Required) {
        T::json_schemas(&mut self.schemas);
        let mut faults = Faults::new();
        let _: Option<T> = T::from_json(Json::of(T::sample()), &Place::Root, &mut faults);
        let faults = faults.into_vec();
        self.body = Some(SketchBody {
            schema: T::json_schema(),
            sample: T::sample(),
            required,
            media: "application/json",
            faults,
        });
    }

    /// Says that it takes a form of these texts, none of which is required, with an example.
    pub fn form(&mut self, fields: &[(&str, &str)], sample: Value) {
        let schema = schema::texts(fields);
        let (required, media) = (Required::True, "application/x-www-form-urlencoded");
        self.body = Some(SketchBody { schema, sample, required, media, faults: Vec::new() });
    }

    /// Says that it takes a form with a file in it and these texts beside it.
    pub(crate) fn upload(&mut self, file: &str, fields: &[(&str, &str)], required: &[&str], sample: Value) {
        let schema = schema::file_and_texts(file, fields, required);
        let (required, media) = (Required::True, "multipart/form-data");
        self.body = Some(SketchBody { schema, sample, required, media, faults: Vec::new() });
    }

    /// Says that it may answer the same as text of another media type.
    pub(crate) fn also_answers(&mut self, status: StatusCode, media: &'static str) {
        if let Some(response) = self.answers.get_mut(&status.as_u16()) {
            let content = Content::new(Some(schema::plain(utoipa::openapi::schema::Type::String)));
            response.content.insert(media.to_owned(), RefOr::T(content));
            self.media.push(media);
        }
    }

    /// Says that it answers this JSON.
    pub fn answers<T: Wire>(&mut self, status: StatusCode, description: &str) {
        self.schemas.add_answer::<T>();
        let mut content = Content::new(Some(schema::reference(&T::name())));
        content.example = serde_json::to_value(T::sample()).ok();
        self.answer(status, description, "application/json", content);
    }

    /// Says that it answers text of this media type.
    pub fn answers_text(&mut self, status: StatusCode, description: &str, media: &'static str) {
        let text = schema::plain(utoipa::openapi::schema::Type::String);
        self.answer(status, description, media, Content::new(Some(text)));
    }

    /// Says that it answers a file of one of these media types.
    pub fn answers_files(&mut self, status: StatusCode, description: &str, media: &[&'static str]) {
        let mut response = Response::new(description);
        for media in media {
            let content = Content::new(Some(schema::plain(utoipa::openapi::schema::Type::String)));
            response.content.insert((*media).to_owned(), RefOr::T(content));
            self.media.push(media);
        }
        self.answers.insert(status.as_u16(), response);
    }

    /// Shows what an answer of this media type looks like.
    pub(crate) fn example(&mut self, status: StatusCode, media: &str, text: &str) {
        let response = self.answers.get_mut(&status.as_u16());
        if let Some(RefOr::T(content)) = response.and_then(|response| response.content.get_mut(media)) {
            content.example = Some(text.into());
        }
    }

    /// Says that it answers a JSON object of no further shape.
    pub fn answers_object(&mut self, status: StatusCode, description: &str) {
        let object = schema::plain(utoipa::openapi::schema::Type::Object);
        self.answer(status, description, "application/json", Content::new(Some(object)));
    }

    /// Says that it answers without a body.
    pub fn answers_nothing(&mut self, status: StatusCode, description: &str) {
        self.answers.insert(status.as_u16(), Response::new(description));
    }

    fn answer(&mut self, status: StatusCode, description: &str, media: &'static str, content: Content) {
        self.media.push(media);
        let mut response = Response::new(description);
        response.content.insert(media.to_owned(), RefOr::T(content));
        self.answers.insert(status.as_u16(), response);
    }

    /// Says that the answer of this status may carry a header.
    pub fn answer_header(&mut self, status: StatusCode, name: &str, description: &str) {
        if let Some(response) = self.answers.get_mut(&status.as_u16()) {
            let mut header = Header::new(schema::plain(utoipa::openapi::schema::Type::String));
            header.description = Some(description.to_owned());
            response.headers.insert(name.to_owned(), RefOr::T(header));
        }
    }

    /// Says that a request may carry a header.
    pub fn header(&mut self, name: &str, description: &str, schema: AnySchema) {
        self.parameter(name, ParameterIn::Header, description, schema, Required::False);
    }

    /// Says that a request may carry a cookie.
    pub fn cookie(&mut self, name: &str, description: &str, schema: AnySchema) {
        self.parameter(name, ParameterIn::Cookie, description, schema, Required::False);
    }

    /// Says that a request must carry a header.
    pub fn required_header(&mut self, name: &str, description: &str, schema: AnySchema) {
        self.parameter(name, ParameterIn::Header, description, schema, Required::True);
    }

    /// Says that its path has this segment.
    pub fn path(&mut self, name: &str, description: &str, schema: AnySchema) {
        self.parameter(name, ParameterIn::Path, description, schema, Required::True);
    }

    /// Says that its query string has this parameter, required unless its type says what an absent one means.
    pub fn query<T: FromParam>(&mut self, name: &str, description: &str) {
        T::param_schemas(&mut self.schemas);
        let required = if T::absent().is_none() { Required::True } else { Required::False };
        self.parameter(name, ParameterIn::Query, description, T::param_schema(), required);
    }

    /// Says that its query string may have this parameter.
    pub fn optional_query<T: FromParam>(&mut self, name: &str, description: &str) {
        T::param_schemas(&mut self.schemas);
        self.query_as(name, description, T::param_schema());
    }

    /// Says that its query string may have this parameter, of a schema of its own.
    pub fn query_as(&mut self, name: &str, description: &str, schema: AnySchema) {
        self.parameter(name, ParameterIn::Query, description, schema, Required::False);
    }

    fn parameter(&mut self, name: &str, place: ParameterIn, description: &str, schema: AnySchema, required: Required) {
        let is_list = matches!(&schema, RefOr::T(utoipa::openapi::Schema::Array(_)));
        let mut parameter = Parameter::new(name);
        parameter.parameter_in = place;
        parameter.required = required;
        parameter.schema = Some(schema);
        if !description.is_empty() {
            parameter.description = Some(description.to_owned());
        }
        if is_list {
            parameter.style = Some(ParameterStyle::Form);
            parameter.explode = Some(false);
        }
        self.parameters.push(parameter);
    }

    /// Describes the segments of a path template that no parameter has described, as plain texts.
    pub(crate) fn fill_path(&mut self, path: &str) {
        let segments = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        for name in segments {
            let name = name.split(':').next().unwrap_or(name);
            if !self.parameters.iter().any(|known| known.name == name) {
                self.path(name, "", schema::text(1, 100));
            }
        }
    }

    /// The header that names a request.
    pub(crate) fn request_id(&mut self) {
        let schema = schema::plain(utoipa::openapi::schema::Type::String).into();
        let description = "A UUID that names this request in answers and logs; made when it is absent or none.";
        self.parameter("X-Request-Id", ParameterIn::Header, description, schema, Required::False);
    }
}

impl<T> Described for Data<T> {
    fn describe(_: &mut Sketch) {}
}

impl<T> Described for actix_web::web::Path<T> {
    fn describe(sketch: &mut Sketch) {
        sketch.refuses(Kind::NotFound);
    }
}

impl Described for actix_web::HttpRequest {
    fn describe(_: &mut Sketch) {}
}

impl<T: FromQuery> Described for Params<T> {
    fn describe(sketch: &mut Sketch) {
        T::parameters(sketch);
        sketch.refuses(Kind::Malformed);
        sketch.refuses(Kind::Invalid);
    }
}
