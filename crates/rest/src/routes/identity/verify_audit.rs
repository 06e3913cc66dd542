//! `GET /api/v1/audit/verify`

use identity::Identity;
use identity::permission::AuditRead;
use identity::usecase::verify_audit as usecase;

use crate::params::FromParam;
use crate::schema::{self, AnySchema};
use crate::wire::identity::AuditProofWire;
use crate::{Env, FromQuery, Guard, Params, Problem, Read, operation};

/// Links that one request walks when nothing is asked.
const DEFAULT_LINKS: u16 = 1_000;
/// Links that one request walks at most.
const MOST_LINKS: u16 = 5_000;

/// Which part of the chain
#[derive(Debug, FromQuery)]
pub struct Walk {
    /// Behind this position; 0, or nothing, for the beginning.
    after_position: Option<Position>,
    /// So many links at most.
    limit: Option<Links>,
}

/// A place in the chain, from 0.
#[derive(Debug, Clone, Copy)]
pub struct Position(i64);

/// How many links to walk.
#[derive(Debug, Clone, Copy)]
pub struct Links(u16);

/// Verify the audit
///
/// Walks the chain and finds the first link that was changed, moved or removed. Keep the position and the mac of the last
/// answer: a chain that was cut off at its end is whole in itself, but does not reach a position that was seen before.
#[operation]
pub async fn verify_audit(
    guard: Guard<AuditRead>,
    identity: Env<Identity>,
    params: Params<Walk>,
) -> Result<Read<AuditProofWire>, Problem> {
    let Walk { after_position, limit } = params.0;
    let (after, limit) = (after_position.map_or(0, |at| at.0), limit.map_or(DEFAULT_LINKS, |links| links.0));
    let proof = usecase::verify_audit(&identity, &guard.reading(), after, limit).await?;
    Ok(Read(proof.into()))
}

impl FromParam for Position {
    fn from_param(texts: &[String]) -> Result<Self, &'static str> {
        let position = i64::from_param(texts)?;
        if position < 0 { Err("out_of_range") } else { Ok(Self(position)) }
    }

    fn param_schema() -> AnySchema {
        schema::whole(0, i64::MAX)
    }
}

impl FromParam for Links {
    fn from_param(texts: &[String]) -> Result<Self, &'static str> {
        let links = u16::from_param(texts)?;
        if (1..=MOST_LINKS).contains(&links) { Ok(Self(links)) } else { Err("out_of_range") }
    }

    fn param_schema() -> AnySchema {
        schema::whole(1, i64::from(MOST_LINKS))
    }
}
