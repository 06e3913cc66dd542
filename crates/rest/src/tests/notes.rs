//! A context as small as can be: notes in memory, written through permit, journal and commit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::ids::HoldId as NoteId;
use kernel::{
    Claim, Clock, Committed, Ids, Journal, Kind, Page, PageAsk, Permission, Permit, Refusal, Reply, Start, StoreError,
    StoredReply, TenantScope, Transaction, commit,
};
use thiserror::Error;

pub struct NotesRead;
impl Permission for NotesRead {
    const NAME: &'static str = "notes:read";
}

pub struct NotesWrite;
impl Permission for NotesWrite {
    const NAME: &'static str = "notes:write";
}

/// A text of 1 to 40 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(String);

impl Title {
    pub fn parse(text: &str) -> Option<Self> {
        (1..=40).contains(&text.chars().count()).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, Clone)]
pub struct Note {
    pub id: NoteId,
    pub version: i64,
    pub title: Title,
    pub due: Option<DateTime<Utc>>,
}

#[derive(Debug, Error)]
pub enum NoteError {
    #[error("no such note")]
    NotFound,
    #[error("changed in the meantime")]
    Stale,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for NoteError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Stale => Kind::Stale,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Stale => "stale",
            Self::Store(error) => error.code(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        match self {
            Self::Store(error) => error.replay(),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Kept {
    notes: BTreeMap<uuid::Uuid, Note>,
    replies: Vec<(Claim, StoredReply)>,
    entries: usize,
}

pub struct Notes {
    kept: Arc<Mutex<Kept>>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
}

struct Tx {
    kept: Arc<Mutex<Kept>>,
    note: Note,
    appended: Mutex<Option<StoredReply>>,
    claim: Option<Claim>,
}

#[async_trait]
impl Transaction for Tx {
    async fn append(&self, journal: &Journal) -> Result<(), StoreError> {
        *self.appended.lock().unwrap() = journal.reply().cloned();
        Ok(())
    }

    async fn keep(&self, _: &StoredReply) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn finish(self: Box<Self>) -> Result<(), StoreError> {
        let mut kept = self.kept.lock().unwrap();
        let reply = self.appended.lock().unwrap().take();
        kept.entries += 1;
        kept.notes.insert(self.note.id.uuid(), self.note.clone());
        if let (Some(claim), Some(reply)) = (self.claim.clone(), reply) {
            kept.replies.push((claim, reply));
        }
        Ok(())
    }
}

impl Notes {
    pub fn new(clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self { kept: Arc::default(), clock, ids }
    }

    pub fn entries(&self) -> usize {
        self.kept.lock().unwrap().entries
    }

    fn begin(&self, scope: &TenantScope, note: Note) -> Result<Box<Tx>, StoreError> {
        let kept = self.kept.lock().unwrap();
        let claim = scope.claim().cloned();
        for (known, reply) in &kept.replies {
            let same =
                |claim: &Claim| claim.key == known.key && claim.caller == known.caller && claim.route == known.route;
            if claim.as_ref().is_some_and(same) {
                let body_differs = claim.as_ref().is_some_and(|claim| claim.body != known.body);
                return Err(if body_differs {
                    StoreError::KeyReused
                } else {
                    StoreError::Replay(Box::new(reply.clone()))
                });
            }
        }
        Ok(Box::new(Tx { kept: Arc::clone(&self.kept), note, appended: Mutex::default(), claim }))
    }
}

pub async fn add(
    env: &Notes,
    permit: &Permit<NotesWrite>,
    title: Title,
    due: Option<DateTime<Utc>>,
    reply: Reply<Note>,
) -> Result<Committed<Note>, NoteError> {
    let note = Note { id: env.ids.next(), version: 1, title, due };
    let tx = env.begin(permit.scope(), note.clone())?;
    Ok(commit(tx, permit.journal(note.id, env.clock.now()), note, reply).await?)
}

pub async fn change(
    env: &Notes,
    permit: &Permit<NotesWrite>,
    id: NoteId,
    seen: Option<i64>,
    with: impl FnOnce(&mut Note),
    reply: Reply<Note>,
) -> Result<Committed<Note>, NoteError> {
    let mut note = get(env, id)?;
    if seen.is_some_and(|seen| seen != note.version) {
        return Err(NoteError::Stale);
    }
    with(&mut note);
    note.version += 1;
    let tx = env.begin(permit.scope(), note.clone())?;
    Ok(commit(tx, permit.journal(id, env.clock.now()), note, reply).await?)
}

pub fn get(env: &Notes, id: NoteId) -> Result<Note, NoteError> {
    env.kept.lock().unwrap().notes.get(&id.uuid()).cloned().ok_or(NoteError::NotFound)
}

pub fn list(env: &Notes, ask: &PageAsk<uuid::Uuid>) -> Page<Note> {
    let kept = env.kept.lock().unwrap();
    let skip = match ask.start {
        Start::Offset(rows) => usize::try_from(rows).unwrap(),
        _ => 0,
    };
    let after = |note: &&Note| !matches!(ask.start, Start::After(last) if note.id.uuid() <= last);
    let rows = kept.notes.values().filter(after).skip(skip).take(usize::from(ask.limit) + 1).cloned().collect();
    let total = matches!(ask.total, kernel::Total::Count).then(|| u64::try_from(kept.notes.len()).unwrap());
    Page::from_surplus(rows, ask.limit, total, |note| note.id.uuid())
}
