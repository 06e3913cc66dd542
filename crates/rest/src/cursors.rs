//! Cursors on the wire (C4): sealed, because a sort key can hold the beginning of a name and addresses end up in the logs
//! of every proxy on the way.

use std::rc::Rc;

use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::seal::{CannotOpen, Place};
use kernel::{Cursor, InvalidCursor};
use uuid::Uuid;

use crate::guard::Arrival;
use crate::state::State;

/// Seals and opens the cursors of one request: only its company and its operation open them again, under every master key
/// that is still known.
#[derive(Clone)]
pub struct Cursors {
    state: Data<State>,
    arrival: Rc<Arrival>,
}

impl Cursors {
    /// Those of a request that passed the gate.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        let arrival = request.extensions().get::<Rc<Arrival>>().cloned()?;
        Some(Self { state: request.app_data::<Data<State>>().cloned()?, arrival })
    }

    /// The text to hand out.
    pub fn seal(&self, cursor: &Cursor) -> Result<String, CannotOpen> {
        let sealed = self.state.ports().keyring.seal(self.place(), cursor.as_bytes())?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The cursor behind a text that came back.
    pub(crate) fn open(&self, text: &str) -> Result<Cursor, InvalidCursor> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok().ok_or(InvalidCursor)?;
        let plain = self.state.ports().keyring.open(self.place(), &sealed).ok().ok_or(InvalidCursor)?;
        Ok(Cursor::from_bytes(plain.as_slice()))
    }

    fn place(&self) -> Place<'static> {
        let tenant = self.arrival.session.as_ref().map_or(Uuid::nil(), |session| session.principal().tenant.uuid());
        Place { tenant, purpose: "cursor", column: self.arrival.entry.id(), row: Uuid::nil() }
    }
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cursors").field("operation", &self.arrival.entry.id()).finish_non_exhaustive()
    }
}
