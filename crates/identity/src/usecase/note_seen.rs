//! Writing when sessions were seen last: now and then, all at once.

use kernel::StoreError;

use crate::Identity;

/// Writes what this process has seen since the last time. A later sign of life is no change that anybody made, so it is the
/// one write of a session without an entry in the journal.
pub async fn note_seen(env: &Identity) -> Result<(), StoreError> {
    let seen = env.seen.take();
    if seen.is_empty() {
        return Ok(());
    }
    let written = async {
        let tx = env.db.begin_across_tenants("sessions seen").await?;
        tx.sessions_seen(&seen).await?;
        tx.finish().await
    };
    let written = written.await;
    if written.is_err() {
        env.seen.put_back(seen);
    }
    written
}
