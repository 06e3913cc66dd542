#![doc = include_str!("../README.md")]

pub mod access;
pub mod clock;
pub mod commit;
pub mod data_key;
pub mod error;
pub mod files;
pub mod idempotency;
pub mod ids;
pub mod jobs;
pub mod journal;
pub mod money;
pub mod page;
pub mod patch;
pub mod permit;
pub mod retry;
pub mod seal;
pub mod tenancy;
pub mod text;

pub use access::{AccessLog, RefusedAttempt};
pub use clock::{Clock, ManualClock, SystemClock, SystemIds};
pub use commit::{Committed, Transaction, commit, unchanged};
pub use data_key::{DataKey, SubjectKeys};
pub use error::{Fault, Kind, Refusal, StoreError};
pub use files::{FileArea, FileError, FileKey, FileReader, FileStore, FileWriter, ListedFile, StoredFile};
pub use idempotency::{Claim, Reply, StoredReply, unheard};
pub use ids::{Id, Ids};
pub use journal::{Change, Entity, Event, EventPayload, Facts, Journal, NewJob};
pub use money::{Currency, Money};
pub use page::{Cursor, InvalidCursor, Page, PageAsk, Start, Total};
pub use patch::Patch;
pub use permit::{Actor, Grants, Hold, Holder, Origin, OwnAction, Permission, Permit, Principal, Session};
pub use retry::{FromStore, unit_of_work};
pub use tenancy::{Reach, TenantScope};
