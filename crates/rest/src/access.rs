//! Who may call an operation, said by the type in its guard.

use kernel::{Hold, Kind, OwnAction, Permission, Permit, Refusal, Session};
use thiserror::Error;

use crate::authentication::CHALLENGE;
use crate::problem::Problem;

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everyone; credentials are not looked at.
    Public,
    /// Everyone who is signed in, on their own account; no API key.
    Session,
    /// Those who were granted the permission of this name.
    Permission(&'static str),
    /// The operator of this server.
    Operator,
}

impl Access {
    /// As `x-permission` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Session => "session",
            Self::Permission(name) => name,
            Self::Operator => "operator",
        }
    }

    /// True when a session is needed.
    pub fn needs_session(self) -> bool {
        matches!(self, Self::Session | Self::Permission(_))
    }
}

/// The parameter of a [`crate::Guard`]: a permission, [`Own`], [`Public`] or [`Operator`].
pub trait Caller: 'static {
    /// Who that is.
    const ACCESS: Access;
    /// What an admitted caller holds.
    type Proof: 'static;
    /// Admits the caller, or refuses with 401 or 403.
    fn admit(session: Option<&Session>) -> Result<Self::Proof, Problem>;
}

/// Everyone, also without credentials.
#[derive(Debug, Clone, Copy)]
pub struct Public;

/// The operator of this server, by a token of the settings.
#[derive(Debug, Clone, Copy)]
pub struct Operator;

/// Everyone who is signed in, for an action on nothing but their own account.
#[derive(Debug)]
pub struct Own<P>(std::marker::PhantomData<P>);

impl Caller for Public {
    const ACCESS: Access = Access::Public;
    type Proof = ();

    fn admit(_: Option<&Session>) -> Result<(), Problem> {
        Ok(())
    }
}

impl Caller for Operator {
    const ACCESS: Access = Access::Operator;
    type Proof = ();

    /// The gate has compared the token already.
    fn admit(_: Option<&Session>) -> Result<(), Problem> {
        Ok(())
    }
}

impl<P: OwnAction> Caller for Own<P> {
    const ACCESS: Access = Access::Session;
    type Proof = Permit<P>;

    fn admit(session: Option<&Session>) -> Result<Permit<P>, Problem> {
        let session = session.ok_or_else(|| Problem::unauthenticated(CHALLENGE))?;
        session.own_permit().ok_or_else(Problem::session_only)
    }
}

impl<P: Permission> Caller for P {
    const ACCESS: Access = Access::Permission(P::NAME);
    type Proof = Permit<P>;

    fn admit(session: Option<&Session>) -> Result<Permit<P>, Problem> {
        let session = session.ok_or_else(|| Problem::unauthenticated(CHALLENGE))?;
        session.permit().ok_or_else(|| refused(session))
    }
}

/// What a caller must do first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
enum Held {
    /// Enrol a second factor.
    #[error("a second factor must be enrolled")]
    SecondFactor,
}

impl Refusal for Held {
    fn kind(&self) -> Kind {
        Kind::Forbidden
    }

    fn code(&self) -> &'static str {
        "identity.totp_enrolment_required"
    }
}

/// Why a caller has no permit: what it must do first, or that it was not granted.
fn refused(session: &Session) -> Problem {
    match session.principal().hold {
        Some(Hold::SecondFactor) => Held::SecondFactor.into(),
        None => Problem::forbidden(),
    }
}
