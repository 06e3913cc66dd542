//! Work that was given up, as an operator finds it.

use kernel::ids::{JobId, TenantId};
use kernel::jobs::JobQueue as _;
use kernel::{NewJob, Origin, Permission, Permit, commit, unheard};
use serde_json::json;
use uuid::Uuid;

use super::app::TestApp;

/// Why such a job was given up; a test may leave it behind.
pub const ON_PURPOSE: &str = "the test wanted it so";

/// Who gets the mail of a dead letter that is tried again.
pub const ADDRESSEE: &str = "dead.letter@example.com";

struct Testing;

impl Permission for Testing {
    const NAME: &'static str = "users:manage";
}

impl TestApp {
    /// A mail of a company that was given up, and would go out now.
    pub async fn dead_letter(&self, company: Uuid) -> Uuid {
        self.settle().await;
        let payload = json!({
            "to": ADDRESSEE, "locale": "en", "occasion": { "kind": "verification", "name": "Dora" },
            "secret": "B".repeat(42) + "A",
        });
        let tenant = TenantId::from_uuid(company);
        let permit = Permit::<Testing>::system(tenant, "test", Origin::default());
        let (now, database) = (self.app.clock().now(), &self.app.database);
        let tx = database.open(permit.scope()).await.unwrap();
        let journal = permit.journal(tenant, now).job(NewJob { kind: "identity.mail", payload, run_at: now });
        drop(commit(Box::new(tx), journal, (), unheard).await.unwrap());
        let jobs = database.lease("a failing worker", 1).await.unwrap();
        let job = jobs.iter().find(|job| job.tenant == tenant).expect("the queue was empty before");
        database.failed("a failing worker", job, ON_PURPOSE, None).await.unwrap();
        JobId::uuid(job.id)
    }
}
