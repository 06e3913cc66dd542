//! How both databases go about the lists of a large company: on an index, and never through a whole table.

use std::cell::RefCell;
use std::fmt::Write as _;

use chrono::Duration;
use patients::model::filter::FacetKey;
use patients::model::geography::Near;
use patients::model::{Ages, PatientFilter, Period, Tag, TagKey};
use sea_orm::Statement;
use sea_orm::sqlx::{self, Connection, PgConnection};

use super::*;

thread_local! {
    /// What was asked of a database on this thread, while somebody listens.
    static HEARD: RefCell<Option<Vec<Statement>>> = const { RefCell::new(None) };
}

/// Notes a query, if somebody listens.
pub(crate) fn heard(statement: &Statement) {
    HEARD.with_borrow_mut(|heard| {
        if let Some(heard) = heard {
            heard.push(statement.clone());
        }
    });
}

/// From here on, the queries of this thread are noted.
pub(super) fn listen() {
    HEARD.set(Some(Vec::new()));
}

/// What was noted; nothing more is.
pub(super) fn told() -> Vec<Statement> {
    HEARD.take().unwrap()
}

const POSTGRES_FILL: &str = "
INSERT INTO patient (tenant_id, id, name, birth_date, sex, stage, addresses, health_plans, tags, preferences, emergency_contacts, custom,
  sort_text, search_text, version, created_at, updated_at)
SELECT '{tenant}', gen_random_uuid(), 'P', DATE '1940-01-01' + (n % 30000), 'female', 'active', '[]', '[]', '[]', '{}', '[]', '{}',
  md5(n::text) || ' ana', ' ' || md5(n::text) || ' ana', 1, timestamptz '2026-01-01' + n * interval '1 second', timestamptz '2026-01-01'
FROM generate_series(1, {count}) n;
INSERT INTO patient_facet (tenant_id, patient_id, kind, value, sort_text)
SELECT '{tenant}', id, f.kind, f.value, sort_text FROM (SELECT *, row_number() OVER () AS n FROM patient WHERE tenant_id = '{tenant}') p,
  LATERAL (VALUES ('tag', CASE WHEN n % 3000 = 0 THEN 'raro' ELSE 'vip' END), ('city', 'city ' || n % 4), ('plan', 'plan ' || n % 3)) f (kind, value);
INSERT INTO patient_place (tenant_id, patient_id, ordinal, band, longitude, x, y, z)
SELECT '{tenant}', id, 0, floor((-20.3 + n * 0.00001) * 100), -40.3,
  cos(radians(-20.3 + n * 0.00001)) * cos(radians(-40.3)), cos(radians(-20.3 + n * 0.00001)) * sin(radians(-40.3)), sin(radians(-20.3 + n * 0.00001))
FROM (SELECT *, row_number() OVER () AS n FROM patient WHERE tenant_id = '{tenant}') p;
INSERT INTO appointment (tenant_id, id, patient_id, practitioner_id, clinic_id, service_id, service, starts_at, ends_at, time_zone, local_start,
  status, origin, session_id, seat, version, created_at, updated_at)
SELECT '{tenant}', gen_random_uuid(), id, '{practice}', '{practice}', '{practice}', '{}', timestamptz '2026-03-02 12:00Z' + (n % 20000 - 10000) * interval '10 minutes',
  timestamptz '2026-03-02 12:30Z' + (n % 20000 - 10000) * interval '10 minutes', 'UTC', '', CASE WHEN n % 20000 < 10000 THEN 'completed' ELSE 'booked' END, 'staff', gen_random_uuid(), 1, 1, now(), now()
FROM (SELECT *, row_number() OVER () AS n FROM patient WHERE tenant_id = '{tenant}') p WHERE n % 2 = 0;
";

const SQLITE_FILL: &str = "
INSERT INTO patient (tenant_id, id, name, birth_date, sex, stage, addresses, health_plans, tags, preferences, emergency_contacts, custom,
  sort_text, search_text, version, created_at, updated_at)
SELECT {tenant}, randomblob(16), 'P', date('1940-01-01', (n % 30000) || ' days'), 'female', 'active', '[]', '[]', '[]', '{}', '[]', '{}',
  printf('%08x', n * 2654435761 % 4294967296) || ' ana', ' ' || printf('%08x', n * 2654435761 % 4294967296) || ' ana', 1,
  strftime('%Y-%m-%dT%H:%M:%S+00:00', '2026-01-01', n || ' seconds'), '2026-01-01T00:00:00+00:00'
FROM (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s);
INSERT INTO patient_facet (tenant_id, patient_id, kind, value, sort_text)
SELECT {tenant}, id, 'tag', iif(rowid % 3000 = 0, 'raro', 'vip'), sort_text FROM patient WHERE tenant_id = {tenant}
UNION ALL SELECT {tenant}, id, 'city', 'city ' || (rowid % 4), sort_text FROM patient WHERE tenant_id = {tenant}
UNION ALL SELECT {tenant}, id, 'plan', 'plan ' || (rowid % 3), sort_text FROM patient WHERE tenant_id = {tenant};
INSERT INTO patient_place (tenant_id, patient_id, ordinal, band, longitude, x, y, z)
SELECT {tenant}, id, 0, -2030 + rowid / 1000, -40.3, 0.715, -0.606, -0.3469 + rowid * 0.0000001 FROM patient WHERE tenant_id = {tenant};
INSERT INTO appointment (tenant_id, id, patient_id, practitioner_id, clinic_id, service_id, service, starts_at, ends_at, time_zone, local_start,
  status, origin, session_id, seat, version, created_at, updated_at)
SELECT {tenant}, randomblob(16), id, {practice}, {practice}, {practice}, '{}',
  strftime('%Y-%m-%dT%H:%M:%S+00:00', '2026-03-02 12:00', ((rowid % 20000 - 10000) * 10) || ' minutes'),
  strftime('%Y-%m-%dT%H:%M:%S+00:00', '2026-03-02 12:30', ((rowid % 20000 - 10000) * 10) || ' minutes'), 'UTC', '',
  iif(rowid % 20000 < 10000, 'completed', 'booked'), 'staff', randomblob(16), 1, 1, '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00'
FROM patient WHERE tenant_id = {tenant} AND rowid % 2 = 0;
";

const TABLES: [&str; 7] = [
    "patient",
    "patient_facet",
    "patient_place",
    "patient_attendance",
    "appointment",
    "patient_contact",
    "patient_identifier",
];

impl Clinic {
    /// A company of so many patients, half of whom come or came.
    async fn filled(&self, count: u32) {
        let practice = self.practice().await;
        let (fill, written): (&str, fn(Uuid) -> String) = if self.is_postgres() {
            (POSTGRES_FILL, |id| id.to_string())
        } else {
            (SQLITE_FILL, |id| format!("x'{}'", id.simple()))
        };
        let fill = fill.replace("{tenant}", &written(self.tenant.uuid())).replace("{practice}", &written(practice));
        for statement in fill.replace("{count}", &count.to_string()).split(";\n").filter(|text| !text.trim().is_empty())
        {
            self.ran(statement, Vec::new()).await;
        }
        if let Some(mut owner) = self.owner().await {
            sqlx::raw_sql("VACUUM ANALYZE").execute(&mut owner).await.unwrap();
        }
    }

    pub(super) async fn owner(&self) -> Option<PgConnection> {
        let url = std::env::var("TEST_DATABASE_URL").ok().filter(|_| self.is_postgres())?;
        Some(PgConnection::connect(&url).await.unwrap())
    }

    /// The plans of what a list asks, a line for each step.
    async fn plans(&self, ask: &PatientList) -> String {
        listen();
        let found = self.listed(Reach::Company, ask).await.items.len();
        let heard = told();
        assert!(!heard.is_empty());
        let filter = &ask.selection.filter;
        assert!(
            found > 0 || filter.near.is_some(),
            "postgres: {}, {:?} {heard:#?}",
            self.is_postgres(),
            filter.tags.len()
        );
        let mut plans = String::new();
        let permit: Permit<Act> = Permit::system(self.tenant, "test", Origin::default());
        let tx = self.db.open(permit.scope()).await.unwrap();
        for statement in heard {
            let (explain, column) =
                if self.is_postgres() { ("EXPLAIN ", "QUERY PLAN") } else { ("EXPLAIN QUERY PLAN ", "detail") };
            let sql = format!("{explain}{}", statement.sql);
            let rows = tx.rows(&sql, statement.values.map(|values| values.0).unwrap_or_default()).await.unwrap();
            for row in rows {
                writeln!(plans, "{}", row.try_get::<String>("", column).unwrap()).unwrap();
            }
        }
        plans
    }
}

fn reads_a_whole_table(plan: &str) -> bool {
    plan.lines().any(|line| {
        TABLES.iter().any(|table| {
            let of_postgres = line.contains(&format!("Seq Scan on {table} "));
            let of_sqlite = line == format!("SCAN {table}") || line.starts_with(&format!("SCAN {table} USING"));
            of_postgres || of_sqlite
        }) || ["SCAN f", "SCAN a", "SCAN v", "SCAN w", "SCAN p", "SCAN b"].contains(&line.trim())
    })
}

/// True of a sort of all rows; of rows that come in order but for equal keys it is none.
fn sorts(plan: &str) -> bool {
    plan.lines().any(|line| {
        let line = line.trim().trim_start_matches("->").trim_start();
        line.starts_with("Sort  (") || line == "USE TEMP B-TREE FOR ORDER BY"
    })
}

fn filtered(filter: PatientFilter, sort: PatientSort) -> PatientList {
    PatientList { selection: PatientSelection { search: None, filter }, sort, page: PageAsk::first(20) }
}

#[tokio::test]
async fn pt3_the_plans_of_lists_read_an_index_and_sort_nothing() {
    for clinic in clinics().await {
        clinic.filled(24_000).await;
        let none = PatientFilter::default;
        let tags = |tag: &str| vec![TagKey::of(&Tag::parse(tag).unwrap())];
        let key = |name| Some(FacetKey::parse(name).unwrap());
        let mut asks = vec![
            ("tag", filtered(PatientFilter { tags: tags("vip"), ..none() }, PatientSort::Name)),
            ("tag, last first", filtered(PatientFilter { tags: tags("vip"), ..none() }, PatientSort::NameDescending)),
            ("city", filtered(PatientFilter { city: key("city 1"), ..none() }, PatientSort::Name)),
            ("plan", filtered(PatientFilter { health_plan: key("plan 1"), ..none() }, PatientSort::Name)),
            (
                "plan and tag",
                filtered(
                    PatientFilter { tags: tags("vip"), health_plan: key("plan 1"), ..none() },
                    PatientSort::Created,
                ),
            ),
            ("tag by visit", filtered(PatientFilter { tags: tags("vip"), ..none() }, PatientSort::LastVisit)),
        ];
        let sorts_of_all = [
            PatientSort::Name,
            PatientSort::NameDescending,
            PatientSort::Created,
            PatientSort::CreatedDescending,
            PatientSort::LastVisit,
            PatientSort::LastVisitDescending,
            PatientSort::NextAppointment,
            PatientSort::NextAppointmentDescending,
        ];
        asks.extend(sorts_of_all.map(|sort| ("all", filtered(none(), sort))));
        for words in ["ana", "zzz", "0a1b"] {
            let mut search = search_for(words, 20);
            asks.extend([("search", search.clone())]);
            search.selection.filter.tags = tags("vip");
            asks.extend([("search with tag", search)]);
        }
        for (what, ask) in &asks {
            if matches!(ask.selection.search.as_ref().map(|terms| terms.terms()), Some(terms) if terms == ["zzz"] || terms == ["0a1b"])
            {
                continue;
            }
            let plan = clinic.plans(ask).await;
            assert!(!reads_a_whole_table(&plan), "{what} {:?}:\n{plan}", ask.sort);
            assert!(!sorts(&plan), "{what} {:?}:\n{plan}", ask.sort);
        }
    }
}

#[tokio::test]
async fn pt3_the_plans_of_rare_conditions_begin_with_them() {
    for clinic in clinics().await {
        clinic.filled(24_000).await;
        let none = PatientFilter::default;
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let aged = |least| Ages::try_new(Some(least), None).unwrap().map(|ages| ages.on(noon().date_naive()));
        let filters = [
            ("rare tag", PatientFilter { tags: vec![TagKey::of(&Tag::parse("raro").unwrap())], ..none() }),
            ("near", PatientFilter { near: Some(Near::parse("-20.29,-40.3,1").unwrap()), ..none() }),
            ("old", PatientFilter { born: aged(86), ..none() }),
            (
                "appointments of an hour",
                PatientFilter {
                    has_appointment: Period::try_new(at("2026-03-03T12:00:00Z"), at("2026-03-03T13:00:00Z")).ok(),
                    ..none()
                },
            ),
            (
                "long gone",
                PatientFilter { last_visit_before: Some(at("2025-12-23T14:00:00Z") + Duration::days(1)), ..none() },
            ),
            (
                "registered in a minute",
                PatientFilter {
                    created: Period::try_new(at("2026-01-01T01:00:00Z"), at("2026-01-01T01:01:00Z")).ok(),
                    ..none()
                },
            ),
        ];
        for (what, filter) in filters {
            for sort in [PatientSort::Name, PatientSort::Created, PatientSort::LastVisit, PatientSort::Distance] {
                let plan = clinic.plans(&filtered(filter.clone(), sort)).await;
                assert!(!reads_a_whole_table(&plan), "{what} {sort:?}:\n{plan}");
                let by_name = plan.contains("patient_by_name");
                assert!(!by_name, "{what} {sort:?} walks the whole list:\n{plan}");
            }
        }
    }
}

/// How often this transaction has read each table from end to end, and an index, as PostgreSQL counts it for itself: also what
/// the functions of the owner ask, past the policies.
async fn scans(tx: &SeaTx, index: &str) -> (Vec<i64>, i64) {
    let names = ["patient", "patient_facet", "patient_match_key", "appointment", "patient_attendance", index];
    let counts = names.map(|name| format!("pg_stat_get_xact_numscans('{name}'::regclass) AS {name}")).join(", ");
    let rows = tx.rows(&format!("SELECT {counts}"), []).await.unwrap();
    let mut all: Vec<i64> = names.iter().map(|name| rows[0].try_get("", name).unwrap()).collect();
    let of_index = all.pop().unwrap();
    (all, of_index)
}

impl Clinic {
    /// Asks in one transaction; how often it came to read the index, and never a large table from end to end.
    async fn scanned(&self, reach: Reach, index: &str, what: &str, ask: impl AsyncFnOnce(&SeaTx)) -> i64 {
        let tx = self.db.open(self.reader(reach).scope()).await.unwrap();
        let (tables, of_index) = scans(&tx, index).await;
        ask(&tx).await;
        let (tables_then, of_index_then) = scans(&tx, index).await;
        assert_eq!(tables_then, tables, "{what} reads a whole table");
        of_index_then - of_index
    }
}

#[tokio::test]
async fn pt3_no_read_of_postgresql_goes_through_a_whole_table() {
    use patients::model::matching::{Grade, Traits};
    use patients::model::statistics::Calendar;
    use patients::ports::{ExportReads as _, MatchReads as _, StatisticsReads as _};
    for clinic in clinics().await {
        if !clinic.is_postgres() {
            continue;
        }
        clinic.filled(24_000).await;
        let membership = clinic.membership().await;
        let draft = with_contact("Anaximandra Lima", ContactKind::Phone, "(27) 99888-7766");
        let ana = clinic.register(draft.clone()).await.unwrap().id;
        clinic.link(membership, ana, noon().date_naive(), None).await;
        clinic.appointment(clinic.another_practice().await, ana, noon(), "booked").await;
        let keys = "INSERT INTO patient_match_key (tenant_id, patient_id, key) SELECT p.tenant_id, p.id, hashtext(p.sort_text || k) \
             FROM patient p, generate_series(1, 4) k WHERE p.tenant_id = $1 AND p.id <> $2";
        clinic.ran(keys, vec![clinic.tenant.uuid().into(), ana.uuid().into()]).await;
        while clinic.db.fold_patient_statistics().await.unwrap() > 0 {}
        sqlx::raw_sql("VACUUM ANALYZE").execute(&mut clinic.owner().await.unwrap()).await.unwrap();
        for (words, found) in [("anaximandra", 1), ("xyzwvu", 0)] {
            let search = async |tx: &SeaTx| {
                assert_eq!(tx.patient_list(&search_for(words, 20)).await.unwrap().items.len(), found);
            };
            let read = clinic.scanned(Reach::Company, "patient_by_search_text", words, search).await;
            assert!(read > 0, "{words} is not looked up by its trigrams");
        }
        let list = async |tx: &SeaTx| {
            let page = tx.patient_list(&filtered(PatientFilter::default(), PatientSort::Name)).await.unwrap();
            assert_eq!(page.items.iter().map(|item| item.id).collect::<Vec<_>>(), [ana]);
        };
        assert!(clinic.scanned(Reach::Linked(membership), "patient_pkey", "the linked list", list).await > 0);
        let records = async |tx: &SeaTx| {
            let first = tx.patient_records(&PatientSelection::default(), None, 200).await.unwrap();
            let after = first.last().map(|patient| patient.id);
            assert_eq!(tx.patient_records(&PatientSelection::default(), after, 200).await.unwrap().len(), 200);
        };
        assert!(clinic.scanned(Reach::Company, "patient_pkey", "the export", records).await >= 2);
        let candidates = async |tx: &SeaTx| {
            let found = tx.match_candidates(&Traits::of_details(&draft).keys(), None).await.unwrap();
            assert_eq!(found.len(), 1);
        };
        assert!(clinic.scanned(Reach::Company, "patient_pkey", "the candidates", candidates).await > 0);
        let duplicates = async |tx: &SeaTx| {
            let ask = patients::ports::DuplicateList { grades: vec![Grade::Certain], page: PageAsk::first(20) };
            assert!(tx.duplicate_list(&ask).await.unwrap().items.is_empty());
        };
        clinic.scanned(Reach::Company, "patient_pkey", "the duplicates", duplicates).await;
        let totals = async |tx: &SeaTx| {
            let calendar = Calendar::at(noon(), chrono_tz::Tz::UTC);
            assert!(!tx.patient_tallies(&PatientSelection::default(), calendar).await.unwrap().is_empty());
        };
        assert_eq!(clinic.scanned(Reach::Company, "patient_pkey", "the totals", totals).await, 0, "they are folded");
    }
}
