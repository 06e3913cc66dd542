//! The same transactions without a server: what `PostgreSQL` itself can do on this machine.

use std::fs;
use std::path::PathBuf;

use ::tests::measure::median;

use crate::company::Company;
use crate::patients::SEARCHED;
use crate::postgres::{APP, Cluster, OWNER, output};
use crate::{Args, Outcome};

const LIST: &str = include_str!("sql/list.sql");
const LIST_IN_ONE: &str = include_str!("sql/list_in_one.sql");
const SEARCH: &str = include_str!("sql/search.sql");
const SEARCH_BARE: &str = include_str!("sql/search_bare.sql");
const BOOK: &str = include_str!("sql/book.sql");
const BOOK_WRITES: &str = include_str!("sql/book_writes.sql");
const CLIENTS: &str = "16";

/// A transaction that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Twenty patients: begin, name the tenant, select, commit.
    List,
    /// The same in one statement that carries its tenant.
    ListInOne,
    /// A word, through the policies.
    Search,
    /// The same query as the owner, without policies.
    SearchBare,
    /// A booking: its locks, all that the decision needs, busy rows, journal, event and idempotency key. A place that is
    /// taken is skipped, because an error would end the client.
    Book,
    /// The same without the question before it.
    BookWrites,
}

/// `pgbench` against the database that the server has just used.
#[derive(Debug)]
pub struct Pgbench<'a> {
    cluster: &'a Cluster,
    company: &'a Company,
    args: &'a Args,
    folder: PathBuf,
}

impl<'a> Pgbench<'a> {
    /// Writes the ids that the scripts pick from into two tables of their own.
    pub fn prepare(cluster: &'a Cluster, company: &'a Company, args: &'a Args, folder: PathBuf) -> Outcome<Self> {
        for (table, ids) in [("bench_patient", &company.bookable), ("bench_practitioner", &company.practitioners)] {
            let create = format!(
                "CREATE TABLE {table} (n integer PRIMARY KEY, id uuid NOT NULL); GRANT SELECT ON {table} TO {APP}"
            );
            cluster.sql(OWNER, &create)?;
            cluster.copy(table, |pipe| {
                ids.iter().enumerate().try_for_each(|(n, id)| Ok(writeln!(pipe, "{}\t{id}", n + 1)?))
            })?;
            cluster.sql(OWNER, &format!("ANALYZE {table}"))?;
        }
        Ok(Self { cluster, company, args, folder })
    }

    /// Transactions per second, the median of the runs.
    pub fn rate(&self, script: Script) -> Outcome<f64> {
        let file = self.folder.join(format!("{script:?}.sql"));
        fs::write(&file, self.text(script)?)?;
        let role = if script == Script::SearchBare { OWNER } else { APP };
        let mut rates = Vec::with_capacity(self.args.runs);
        for run in 0..=self.args.runs {
            let seconds = if run == 0 { 1 } else { self.args.seconds };
            let mut pgbench = self.cluster.client("pgbench", role);
            pgbench.args(["-n", "-M", "prepared", "-j", "1", "-c", CLIENTS, "-T", &seconds.to_string(), "-f"]);
            let told = output(pgbench.arg(&file).arg("salus"))?;
            if run > 0 {
                rates.push(transactions_per_second(&told)?);
            }
        }
        Ok(median(rates))
    }

    fn text(&self, script: Script) -> Outcome<String> {
        let text = match script {
            Script::List => LIST,
            Script::ListInOne => LIST_IN_ONE,
            Script::Search => SEARCH,
            Script::SearchBare => SEARCH_BARE,
            Script::Book => BOOK,
            Script::BookWrites => BOOK_WRITES,
        };
        let [practitioners, patients, half_hours] = self.company.choices();
        let tenant = self.company.tenants.first().ok_or("no company")?;
        let values = [
            ("{tenant}", tenant.to_string()),
            ("{clinic}", self.company.clinic.to_string()),
            ("{service}", self.company.service.to_string()),
            ("{word}", SEARCHED.to_owned()),
            ("{practitioners}", practitioners.to_string()),
            ("{patients}", patients.to_string()),
            ("{half_hours}", half_hours.to_string()),
            ("{first_start}", self.company.first_start.to_rfc3339()),
        ];
        Ok(values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value)))
    }
}

fn transactions_per_second(told: &str) -> Outcome<f64> {
    let failed = told.lines().find(|line| line.starts_with("number of failed transactions") && !line.contains(": 0 "));
    if let Some(failed) = failed {
        return Err(failed.into());
    }
    let tps = told.lines().find_map(|line| line.strip_prefix("tps = ")).ok_or("pgbench tells no rate")?;
    Ok(tps.split(' ').next().unwrap_or_default().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_and_failures_are_not_overlooked() {
        let told =
            "number of failed transactions: 0 (0.000%)\nlatency average = 1.7 ms\ntps = 8979.25 (without initial)";
        assert!((transactions_per_second(told).unwrap() - 8979.25).abs() < f64::EPSILON);
        assert!(transactions_per_second("number of failed transactions: 3 (0.1%)\ntps = 1.0 (x)").is_err());
        assert!(transactions_per_second("").is_err());
    }
}
