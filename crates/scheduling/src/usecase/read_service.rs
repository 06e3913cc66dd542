//! Reading one service.

use kernel::ids::ServiceId;
use kernel::{Kind, Permit, Refusal, StoreError};
use thiserror::Error;

use crate::Scheduling;
use crate::model::service::Service;
use crate::permission::ServicesRead;

/// Why something was not read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Not there, or out of reach.
    #[error("not there")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The service.
pub async fn read_service(
    env: &Scheduling,
    permit: &Permit<ServicesRead>,
    id: ServiceId,
) -> Result<Service, ReadError> {
    env.db.view(permit.scope()).await?.service_by_id(id).await?.ok_or(ReadError::NotFound)
}

impl Refusal for ReadError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Store(error) => error.code(),
        }
    }
}
