//! The operations about notes: one of each sort.

use chrono::{DateTime, Utc};
use kernel::StoredReply;
use kernel::ids::HoldId as NoteId;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::notes::{self, Note, Notes, NotesRead, NotesWrite, Title};
use crate::schema::{self, AnySchema};
use crate::{
    Ask, Body, Changed, Created, Env, FromJson, FromQuery, FromText, Guard, Id, IfMatch, MaybeBody, MaybeIfMatch,
    PageParams, Params, Patch, Problem, Public, Read, Versioned, Wire, operation, pages, routes,
};

impl FromText for Title {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Title::parse(text).ok_or("out_of_range")
    }

    fn text_schema() -> AnySchema {
        schema::text(1, 40)
    }
}

/// How urgent something is
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, FromJson, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    Now,
    NextWeek,
}

/// A note
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteWire {
    /// Its id.
    id: Uuid,
    /// Counted from 1.
    version: i64,
    /// What it says.
    title: String,
    /// When it is due.
    due: Option<DateTime<Utc>>,
}

impl From<&Note> for NoteWire {
    fn from(note: &Note) -> Self {
        Self { id: note.id.uuid(), version: note.version, title: note.title.as_str().to_owned(), due: note.due }
    }
}

impl Wire for NoteWire {
    fn sample() -> Self {
        Self { id: Uuid::from_u128(7), version: 1, title: "Call back".to_owned(), due: None }
    }
}

pages! {
    /// A page of notes
    NotePage of NoteWire;
}

/// Which notes
#[derive(Debug, FromQuery)]
pub struct NoteFilter {
    /// Only these urgencies.
    #[expect(dead_code, reason = "the filter is only read")]
    urgency: Vec<Urgency>,
    #[query(flatten)]
    page: PageParams,
}

/// List notes
#[operation]
pub async fn list_notes(
    _guard: Guard<NotesRead>,
    notes: Env<Notes>,
    params: Params<NoteFilter>,
) -> Result<Read<NotePage>, Problem> {
    let page = notes::list(&notes, &params.0.page.ask()?);
    Ok(Read::page(page, |note| NoteWire::from(&note)))
}

/// Read a note
///
/// With its version as the entity tag.
#[operation]
pub async fn get_note(
    guard: Guard<NotesRead>,
    notes: Env<Notes>,
    id: Id<NoteId>,
) -> Result<Versioned<NoteWire>, Problem> {
    let _permit = guard.reading();
    let note = notes::get(&notes, id.0)?;
    Ok(Versioned::new(NoteWire::from(&note), note.version))
}

/// What a new note says
#[derive(Debug, FromJson)]
pub struct NewNote {
    /// What it says.
    title: Title,
    /// When it is due.
    due: Option<DateTime<Utc>>,
    /// How urgent it is.
    #[expect(dead_code, reason = "the field is only read")]
    urgency: Option<Urgency>,
    /// How often to remind.
    #[json(default)]
    #[expect(dead_code, reason = "the field is only read")]
    reminders: u8,
}

impl Ask for NewNote {
    fn sample() -> serde_json::Value {
        json!({"title": "Call back", "due": "2027-03-01T09:00:00Z", "urgency": "next_week"})
    }
}

/// Write a note
#[operation]
pub async fn create_note(
    guard: Guard<NotesWrite>,
    notes: Env<Notes>,
    body: Body<NewNote>,
) -> Result<Created<NoteWire>, Problem> {
    let permit = guard.permit(&body);
    let ask = body.into_inner();
    Ok(notes::add(&notes, &permit, ask.title, ask.due, created).await?.into())
}

fn created(note: &Note) -> StoredReply {
    Created::reply(&NoteWire::from(note), format!("/api/v1/notes/{}", note.id), Some(note.version))
}

/// What to change of a note
#[derive(Debug, FromJson)]
pub struct NotePatch {
    /// What it says; cannot be emptied.
    title: Option<Title>,
    /// When it is due; `null` for never.
    due: Patch<DateTime<Utc>>,
}

impl Ask for NotePatch {
    fn sample() -> serde_json::Value {
        json!({"due": null})
    }
}

/// Change a note
#[operation]
pub async fn update_note(
    guard: Guard<NotesWrite>,
    notes: Env<Notes>,
    id: Id<NoteId>,
    seen: IfMatch,
    body: Body<NotePatch>,
) -> Result<Changed<NoteWire>, Problem> {
    let permit = guard.permit(&body);
    let ask = body.into_inner();
    let with = |note: &mut Note| {
        if let Some(title) = ask.title {
            note.title = title;
        }
        match ask.due {
            Patch::Keep => {}
            Patch::Clear => note.due = None,
            Patch::Set(due) => note.due = Some(due),
        }
    };
    Ok(notes::change(&notes, &permit, id.0, seen.version(), with, changed).await?.into())
}

fn changed(note: &Note) -> StoredReply {
    Changed::reply(&NoteWire::from(note), Some(note.version))
}

/// Why a note is finished
#[derive(Debug, FromJson)]
pub struct FinishNote {
    /// In a few words.
    #[expect(dead_code, reason = "the field is only read")]
    reason: Option<String>,
}

impl Ask for FinishNote {
    fn sample() -> serde_json::Value {
        json!({"reason": "done"})
    }
}

/// Finish a note
#[operation(refuses(Conflict))]
pub async fn finish_note(
    guard: Guard<NotesWrite>,
    notes: Env<Notes>,
    id: Id<NoteId>,
    seen: MaybeIfMatch,
    body: MaybeBody<FinishNote>,
) -> Result<Changed<NoteWire>, Problem> {
    let permit = guard.permit(&body);
    Ok(notes::change(&notes, &permit, id.0, seen.version(), |_| {}, changed).await?.into())
}

/// Greet whoever asks
#[operation(class = SignIn)]
pub async fn greet(_guard: Guard<Public>) -> Read<NoteWire> {
    Read(NoteWire::sample())
}

/// Fail by a bug
#[operation]
pub async fn panic_loudly(_guard: Guard<Public>) -> Read<NoteWire> {
    panic!("secret of the caller")
}

/// Never answer
#[operation]
pub async fn hang_forever(_guard: Guard<Public>) -> Read<NoteWire> {
    std::future::pending().await
}

/// Answer at length
#[operation]
pub async fn tell_story(_guard: Guard<Public>) -> Read<NoteWire> {
    Read(NoteWire { title: "Once upon a time. ".repeat(200), ..NoteWire::sample() })
}

pub fn table() -> &'static [crate::Entry] {
    let mut entries = routes! {
        scheduling: [
            GET "/api/v1/notes" => list_notes,
            POST "/api/v1/notes" => create_note,
            GET "/api/v1/notes/{hold_id}" => get_note,
            PATCH "/api/v1/notes/{hold_id}" => update_note,
            POST "/api/v1/notes/{hold_id}/finish" => finish_note,
            GET "/greeting" => greet,
            GET "/panic" => panic_loudly,
            GET "/hang" => hang_forever,
            GET "/story" => tell_story,
        ]
    };
    entries.extend(crate::routes::table());
    Box::leak(entries.into_boxed_slice())
}
