use chrono::Duration;
use kernel::Clock as _;
use kernel::jobs::{Job, JobQueue, LEASE, MAX_TRIES};

use super::*;

#[tokio::test]
async fn a_leased_job_is_nobody_elses_until_the_lease_ends() {
    let own = Own::new().await;
    act(&own.db, &permit(1), 10, 1).await.unwrap();
    let mine = own.db.lease("a", 10).await.unwrap();
    assert_eq!((mine.len(), mine[0].tries, mine[0].kind.as_str()), (1, 1, "greet"));
    assert_eq!(mine[0].payload, json!({ "patient": Uuid::from_u128(10) }));
    assert!(own.db.lease("b", 10).await.unwrap().is_empty());
    own.clock.advance(LEASE / 2);
    assert!(own.db.heartbeat("a", &mine[0]).await.unwrap());
    own.clock.advance(LEASE / 2 + Duration::seconds(1));
    assert!(own.db.lease("b", 10).await.unwrap().is_empty());
    own.clock.advance(LEASE);
    let again = own.db.lease("b", 10).await.unwrap();
    assert_eq!(again[0].tries, 2);
    assert!(!own.db.heartbeat("a", &mine[0]).await.unwrap(), "the first worker has lost it");
    own.db.done("a", &mine[0]).await.unwrap();
    assert_eq!(number(&own.db, "SELECT count(*) FROM job").await, 1);
    own.db.done("b", &mine[0]).await.unwrap();
    assert_eq!(number(&own.db, "SELECT count(*) FROM job").await, 0);
}

#[tokio::test]
async fn a_failed_job_waits_and_a_hopeless_one_is_a_dead_letter() {
    let own = Own::new().await;
    act(&own.db, &permit(1), 10, 1).await.unwrap();
    let job = own.db.lease("a", 1).await.unwrap().remove(0);
    own.db.failed("a", &job, "busy", Some(noon() + Duration::seconds(8))).await.unwrap();
    assert!(own.db.lease("a", 1).await.unwrap().is_empty());
    own.clock.advance(Duration::seconds(8));
    assert_eq!(own.db.queue_depth().await.unwrap().0, 1);
    assert_eq!(own.db.lease("a", 1).await.unwrap()[0].tries, 2);
    own.db.failed("a", &job, "gone", None).await.unwrap();
    own.clock.advance(Duration::days(1));
    assert!(own.db.lease("a", 1).await.unwrap().is_empty());
    let dead = "SELECT count(*) FROM job WHERE status = 'dead' AND last_error = 'gone' AND lease_owner IS NULL";
    assert_eq!(number(&own.db, dead).await, 1);
}

#[tokio::test]
async fn a_tenant_with_many_jobs_takes_no_more_than_its_share() {
    let own = Own::new().await;
    for n in 0..10 {
        act(&own.db, &permit(1), n, 1).await.unwrap();
    }
    act(&own.db, &permit(2), 50, 1).await.unwrap();
    act(&own.db, &permit(3), 60, 1).await.unwrap();
    let leased = own.db.lease("a", 4).await.unwrap();
    let of = |n| leased.iter().filter(|job| job.tenant == tenant(n)).count();
    assert_eq!((of(1), of(2), of(3)), (2, 1, 1));
}

#[tokio::test]
async fn a_job_is_known_by_its_tenant_and_its_id() {
    let own = Own::new().await;
    act(&own.db, &permit(1), 10, 1).await.unwrap();
    let job = own.db.lease("a", 1).await.unwrap().remove(0);
    let foreign = Job { tenant: tenant(2), ..job.clone() };
    assert!(!own.db.heartbeat("a", &foreign).await.unwrap());
    own.db.done("a", &foreign).await.unwrap();
    own.db.failed("a", &foreign, "foreign", None).await.unwrap();
    assert!(own.db.heartbeat("a", &job).await.unwrap());
    assert_eq!(number(&own.db, "SELECT count(*) FROM job WHERE last_error IS NULL").await, 1);
}

#[tokio::test]
async fn a_job_that_ends_its_workers_is_a_dead_letter_in_the_end() {
    let own = Own::new().await;
    act(&own.db, &permit(1), 10, 1).await.unwrap();
    for tries in 1..=MAX_TRIES {
        assert_eq!(own.db.lease("lost", 1).await.unwrap()[0].tries, tries);
        own.clock.advance(LEASE + Duration::seconds(1));
    }
    assert!(own.db.lease("lost", 1).await.unwrap().is_empty());
    let dead = "SELECT count(*) FROM job WHERE status = 'dead' AND last_error = 'every worker was lost'";
    assert_eq!(number(&own.db, dead).await, 1);
}

#[tokio::test]
async fn a_job_that_is_tried_long_and_loses_a_worker_now_and_then_lives_on() {
    let own = Own::new().await;
    act(&own.db, &permit(1), 10, 1).await.unwrap();
    for tries in 1..=3 * MAX_TRIES {
        let job = own.db.lease("a", 1).await.unwrap().remove(0);
        assert_eq!(job.tries, tries);
        if tries % MAX_TRIES == 0 {
            own.db.failed("a", &job, "away", Some(own.clock.now())).await.unwrap();
        } else {
            own.clock.advance(LEASE + Duration::seconds(1));
        }
    }
    assert_eq!(own.db.lease("a", 1).await.unwrap().len(), 1);
}
