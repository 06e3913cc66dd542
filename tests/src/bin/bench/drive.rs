//! The load: a closed loop over connections that stay open, from one thread.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::tests::measure::{Latencies, Random};
use tokio::runtime::Builder;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::wire::Connection;

/// Makes the next request.
pub type Make = Arc<dyn Fn(&mut Random) -> Vec<u8> + Send + Sync>;

/// Where the load goes and how much of it.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// The server.
    pub address: SocketAddr,
    /// Connections kept busy.
    pub connections: usize,
    /// How long.
    pub time: Duration,
    /// Decides what the requests pick.
    pub seed: u64,
}

/// What a load came to.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Answers by status.
    pub statuses: BTreeMap<u16, usize>,
    /// Of all answers.
    pub latencies: Latencies,
    /// From the first request to the last answer.
    pub took: Duration,
}

impl Run {
    /// Answers of this status per second.
    pub fn rate(&self, status: u16) -> f64 {
        let count = self.statuses.get(&status).copied().unwrap_or_default();
        f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / self.took.as_secs_f64()
    }

    fn absorb(&mut self, other: Self) {
        self.latencies.absorb(other.latencies);
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, seconds) = (self.latencies.len(), self.took.as_secs_f64());
        write!(out, "{count} answers in {seconds:.2} s, by status {:?}", self.statuses)?;
        match self.latencies.percentiles() {
            Some(at) => write!(out, ", p50 {:.1} ms, p99 {:.1} ms", at.p50, at.p99),
            None => Ok(()),
        }
    }
}

/// Keeps every connection busy for the time given. Runs on the calling thread.
pub fn drive(load: Load, make: &Make) -> Outcome<Run> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let began = Instant::now();
        let until = began + load.time;
        let mut callers = JoinSet::new();
        for number in 0..u64::try_from(load.connections)? {
            let mut connection = Connection::open(load.address).await?;
            let (make, mut random) = (Arc::clone(make), Random::new(load.seed ^ (number << 32)));
            callers.spawn(async move {
                let mut run = Run::default();
                while Instant::now() < until {
                    note(&mut run, &mut connection, &make(&mut random)).await?;
                }
                Outcome::Ok(run)
            });
        }
        gather(&mut callers, began).await
    })
}

/// One request of each on a connection of its own, all sent at once.
pub fn at_once(address: SocketAddr, requests: Vec<Vec<u8>>) -> Outcome<Run> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let gate = Arc::new(Barrier::new(requests.len() + 1));
        let mut callers = JoinSet::new();
        for request in requests {
            let mut connection = Connection::open(address).await?;
            let gate = Arc::clone(&gate);
            callers.spawn(async move {
                let mut run = Run::default();
                gate.wait().await;
                note(&mut run, &mut connection, &request).await?;
                Outcome::Ok(run)
            });
        }
        gate.wait().await;
        gather(&mut callers, Instant::now()).await
    })
}

async fn note(run: &mut Run, connection: &mut Connection, request: &[u8]) -> Outcome<()> {
    let asked = Instant::now();
    let (status, _) = connection.ask(request).await?;
    run.latencies.note(asked.elapsed());
    *run.statuses.entry(status).or_default() += 1;
    Ok(())
}

async fn gather(callers: &mut JoinSet<Outcome<Run>>, began: Instant) -> Outcome<Run> {
    let mut sum = Run::default();
    while let Some(run) = callers.join_next().await {
        sum.absorb(run??);
    }
    sum.took = began.elapsed();
    Ok(sum)
}
