//! Totals of patients (PT4): what a record counts under, the changes of those counts, and the counts as of some moment before.

mod labels;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{self, Wall};

/// `labels` are the facets of a record that people spell: `city:…`, `plan:…`, `tag:…`. A change of counts is a row of
/// `patient_statistic_delta`, which is only added to; folding moves what is there into `patient_statistic`. A count is the sum of
/// both, at any moment.
const TABLES: &str = "
ALTER TABLE patient ADD COLUMN labels {json} NOT NULL DEFAULT '[]';
CREATE TABLE patient_statistic (
  tenant_id {uuid} NOT NULL,
  facet {text} {bytewise} NOT NULL,
  total {bigint} NOT NULL,
  CONSTRAINT patient_statistic_pkey PRIMARY KEY (tenant_id, facet)
);
CREATE INDEX patient_statistic_spent ON patient_statistic (tenant_id, facet) WHERE total = 0;
CREATE TABLE patient_statistic_delta (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  facets {json} NOT NULL,
  weight {bigint} NOT NULL,
  CONSTRAINT patient_statistic_delta_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT patient_statistic_delta_weight_check CHECK (weight <> 0)
);
";

/// The base: what is there, summed up.
const FILL: &str = "
INSERT INTO patient_statistic (tenant_id, facet, total)
SELECT c.tenant_id, c.facet, sum(c.number) FROM (
  SELECT p.tenant_id, f.value AS facet, 1 AS number FROM patient p, {each} WHERE p.archived_at IS NULL AND p.stage <> 'merged'
  UNION ALL SELECT a.tenant_id, 'visit:completed', a.visits FROM patient_attendance a
  JOIN patient p ON p.tenant_id = a.tenant_id AND p.id = a.patient_id WHERE p.archived_at IS NULL AND p.stage <> 'merged'
  UNION ALL SELECT a.tenant_id, 'visit:no_show', a.no_shows FROM patient_attendance a
  JOIN patient p ON p.tenant_id = a.tenant_id AND p.id = a.patient_id WHERE p.archived_at IS NULL AND p.stage <> 'merged') c
GROUP BY c.tenant_id, c.facet HAVING sum(c.number) <> 0;
";

/// Triggers, so that whoever writes a record, also past this program, writes its change of counts in the same transaction.
/// Records that are archived or merged count nowhere, nor do their appointments. Who writes an attendance shares the lock of the
/// record, so that it cannot be archived in between.
const POSTGRES: &str = "
CREATE FUNCTION patient_counted() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE turned bigint;
BEGIN
  INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
  SELECT p.tenant_id, gen_random_uuid(), {facets}, p.weight FROM (
    SELECT OLD.tenant_id, OLD.stage, OLD.sex, OLD.birth_date, OLD.created_at, OLD.archived_at, OLD.labels, -1 AS weight WHERE TG_OP <> 'INSERT'
    UNION ALL
    SELECT NEW.tenant_id, NEW.stage, NEW.sex, NEW.birth_date, NEW.created_at, NEW.archived_at, NEW.labels, 1 WHERE TG_OP <> 'DELETE') p
  WHERE p.archived_at IS NULL AND p.stage <> 'merged';
  IF TG_OP = 'UPDATE' THEN
    turned := (NEW.archived_at IS NULL AND NEW.stage <> 'merged')::int - (OLD.archived_at IS NULL AND OLD.stage <> 'merged')::int;
    IF turned <> 0 THEN
      INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
      SELECT a.tenant_id, gen_random_uuid(), v.facets, turned * v.number FROM patient_attendance a
      CROSS JOIN LATERAL (VALUES ('[\"visit:completed\"]'::jsonb, a.visits::bigint), ('[\"visit:no_show\"]'::jsonb, a.no_shows::bigint)) v(facets, number)
      WHERE a.tenant_id = NEW.tenant_id AND a.patient_id = NEW.id AND v.number <> 0;
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER patient_counted AFTER INSERT OR DELETE ON patient FOR EACH ROW EXECUTE FUNCTION patient_counted();
CREATE TRIGGER patient_recounted AFTER UPDATE OF stage, sex, birth_date, created_at, archived_at, labels ON patient FOR EACH ROW
WHEN ((OLD.stage, OLD.sex, OLD.birth_date, OLD.created_at, OLD.archived_at, OLD.labels)
  IS DISTINCT FROM (NEW.stage, NEW.sex, NEW.birth_date, NEW.created_at, NEW.archived_at, NEW.labels))
EXECUTE FUNCTION patient_counted();

CREATE FUNCTION patient_attendance_counted() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  of_tenant uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END;
  of_patient uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.patient_id ELSE NEW.patient_id END;
  completed bigint := 0;
  missed bigint := 0;
  is_listed boolean;
BEGIN
  IF TG_OP <> 'INSERT' THEN completed := completed - OLD.visits; missed := missed - OLD.no_shows; END IF;
  IF TG_OP <> 'DELETE' THEN completed := completed + NEW.visits; missed := missed + NEW.no_shows; END IF;
  IF completed = 0 AND missed = 0 THEN RETURN NULL; END IF;
  SELECT p.archived_at IS NULL AND p.stage <> 'merged' INTO is_listed
    FROM patient p WHERE p.tenant_id = of_tenant AND p.id = of_patient FOR SHARE;
  IF is_listed THEN
    INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
    SELECT of_tenant, gen_random_uuid(), v.facets, v.number
    FROM (VALUES ('[\"visit:completed\"]'::jsonb, completed), ('[\"visit:no_show\"]'::jsonb, missed)) v(facets, number)
    WHERE v.number <> 0;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER patient_attendance_counted AFTER INSERT OR UPDATE OR DELETE ON patient_attendance
FOR EACH ROW EXECUTE FUNCTION patient_attendance_counted();
";

/// The same; one writer at a time needs no lock.
const SQLITE: &str = "
CREATE TRIGGER patient_counted_insert AFTER INSERT ON patient WHEN {listed:NEW} BEGIN {count:NEW:1} END;
CREATE TRIGGER patient_counted_delete AFTER DELETE ON patient WHEN {listed:OLD} BEGIN {count:OLD:-1} END;
CREATE TRIGGER patient_counted_update AFTER UPDATE OF stage, sex, birth_date, created_at, archived_at, labels ON patient
WHEN OLD.stage IS NOT NEW.stage OR OLD.sex IS NOT NEW.sex OR OLD.birth_date IS NOT NEW.birth_date
  OR OLD.created_at IS NOT NEW.created_at OR OLD.archived_at IS NOT NEW.archived_at OR OLD.labels IS NOT NEW.labels
BEGIN
  {count:OLD:-1} {count:NEW:1}
  INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
    SELECT a.tenant_id, randomblob(16), '[\"visit:completed\"]', a.visits * (({listed:NEW}) - ({listed:OLD})) FROM patient_attendance a
    WHERE a.tenant_id = NEW.tenant_id AND a.patient_id = NEW.id AND a.visits <> 0 AND ({listed:NEW}) <> ({listed:OLD});
  INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
    SELECT a.tenant_id, randomblob(16), '[\"visit:no_show\"]', a.no_shows * (({listed:NEW}) - ({listed:OLD})) FROM patient_attendance a
    WHERE a.tenant_id = NEW.tenant_id AND a.patient_id = NEW.id AND a.no_shows <> 0 AND ({listed:NEW}) <> ({listed:OLD});
END;
CREATE TRIGGER patient_attendance_counted_insert AFTER INSERT ON patient_attendance
BEGIN {visits:NEW:NEW.visits} {no_shows:NEW:NEW.no_shows} END;
CREATE TRIGGER patient_attendance_counted_delete AFTER DELETE ON patient_attendance
BEGIN {visits:OLD:-OLD.visits} {no_shows:OLD:-OLD.no_shows} END;
CREATE TRIGGER patient_attendance_counted_update AFTER UPDATE ON patient_attendance
BEGIN {visits:NEW:NEW.visits - OLD.visits} {no_shows:NEW:NEW.no_shows - OLD.no_shows} END;
";

const POSTGRES_FACETS: &str = "jsonb_build_array('stage:' || p.stage, 'sex:' || coalesce(p.sex, ''),
    'born:' || coalesce(to_char(p.birth_date, 'YYYY-MM'), ''), 'birth:' || coalesce(to_char(p.birth_date, 'YYYY-MM-DD'), ''),
    'birthday:' || coalesce(to_char(p.birth_date, 'MM-DD'), ''),
    'since:' || to_char(p.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')) || p.labels";

/// Dates and instants are texts. Two arrays are made one by their brackets.
const SQLITE_FACETS: &str = "rtrim(json_array('stage:' || p.stage, 'sex:' || coalesce(p.sex, ''),
    'born:' || coalesce(substr(p.birth_date, 1, 7), ''), 'birth:' || coalesce(p.birth_date, ''),
    'birthday:' || coalesce(substr(p.birth_date, 6), ''), 'since:' || substr(p.created_at, 1, 10)), ']')
    || CASE p.labels WHEN '[]' THEN ']' ELSE ',' || ltrim(p.labels, '[') END";

/// Folding alone takes away deltas and writes the base.
const RIGHTS: &str = "
REVOKE UPDATE, DELETE ON patient_statistic_delta FROM salus_app;
REVOKE INSERT, UPDATE, DELETE ON patient_statistic FROM salus_app;
";

/// A queue is vacuumed by how many rows came and went, whatever it holds.
const QUEUE: &str = "
ALTER TABLE patient_statistic_delta SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
";

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let is_postgres = manager.get_database_backend() == DbBackend::Postgres;
        let (bytewise, facets) =
            if is_postgres { ("COLLATE \"C\"", POSTGRES_FACETS) } else { ("COLLATE BINARY", SQLITE_FACETS) };
        ddl::run(manager, &TABLES.replace("{bytewise}", bytewise)).await?;
        labels::run(manager).await?;
        for table in ["patient_statistic", "patient_statistic_delta"] {
            // Folding serves all companies.
            ddl::wall(manager, table, Wall::TenantAndAcross).await?;
        }
        let each =
            if is_postgres { "jsonb_array_elements_text({facets}) AS f(value)" } else { "json_each({facets}) AS f" };
        ddl::run(manager, &FILL.replace("{each}", each).replace("{facets}", facets)).await?;
        ddl::run_on(manager, DbBackend::Postgres, &POSTGRES.replace("{facets}", facets)).await?;
        ddl::run_on(manager, DbBackend::Postgres, RIGHTS).await?;
        ddl::run_on(manager, DbBackend::Postgres, QUEUE).await?;
        ddl::run_on(manager, DbBackend::Sqlite, &sqlite_triggers()).await
    }
}

fn sqlite_triggers() -> String {
    let mut text = SQLITE.to_owned();
    for row in ["OLD", "NEW"] {
        let listed = format!("{row}.archived_at IS NULL AND {row}.stage <> 'merged'");
        for weight in ["1", "-1"] {
            let facets = SQLITE_FACETS.replace("p.", &format!("{row}."));
            let count = format!(
                "INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
                 SELECT {row}.tenant_id, randomblob(16), {facets}, {weight} WHERE {listed};"
            );
            text = text.replace(&format!("{{count:{row}:{weight}}}"), &count);
        }
        text = text.replace(&format!("{{listed:{row}}}"), &listed);
        for (column, facet) in [("visits", "completed"), ("no_shows", "no_show")] {
            for number in ["{row}.{column}", "-{row}.{column}", "NEW.{column} - OLD.{column}"] {
                let number = number.replace("{row}", row).replace("{column}", column);
                let count = format!(
                    "INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
                     SELECT p.tenant_id, randomblob(16), '[\"visit:{facet}\"]', {number} FROM patient p
                     WHERE p.tenant_id = {row}.tenant_id AND p.id = {row}.patient_id AND {number} <> 0
                       AND p.archived_at IS NULL AND p.stage <> 'merged';"
                );
                text = text.replace(&format!("{{{column}:{row}:{number}}}"), &count);
            }
        }
    }
    text
}
