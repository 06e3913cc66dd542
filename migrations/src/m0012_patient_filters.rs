//! What the filters and orders of the list of patients need: facets of the records by value, places by band of latitude, visits
//! by patient, and on PostgreSQL a search that leaves out what is not in use and knows card numbers.

mod back_fill;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{self, Wall};

/// A facet is what a record is filtered by, normalised; each patient's once, in the order of its name, so that the patients of
/// a tag or city are read in that order. A place is an address with coordinates: its band of latitude (a hundredth of a degree)
/// and longitude find it, its unit vector says how far it is. Both follow the record, and go with it.
const TABLES: &str = "
CREATE TABLE patient_facet (
  tenant_id {uuid} NOT NULL,
  patient_id {uuid} NOT NULL,
  kind {text} NOT NULL,
  value {text} {bytewise} NOT NULL,
  sort_text {text} {bytewise} NOT NULL,
  CONSTRAINT patient_facet_pkey PRIMARY KEY (tenant_id, patient_id, kind, value),
  CONSTRAINT patient_facet_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT patient_facet_kind_check CHECK (kind IN ('tag', 'plan', 'card', 'city', 'neighbourhood'))
);
CREATE INDEX patient_facet_by_value ON patient_facet (tenant_id, kind, value, sort_text, patient_id);
CREATE TABLE patient_place (
  tenant_id {uuid} NOT NULL,
  patient_id {uuid} NOT NULL,
  ordinal {int} NOT NULL,
  band {int} NOT NULL,
  longitude double precision NOT NULL,
  x double precision NOT NULL,
  y double precision NOT NULL,
  z double precision NOT NULL,
  CONSTRAINT patient_place_pkey PRIMARY KEY (tenant_id, patient_id, ordinal),
  CONSTRAINT patient_place_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX patient_place_by_band ON patient_place (tenant_id, band, longitude, patient_id);
";

/// Past visits of a patient. `last_visit_at` is the start of the last completed appointment. Without it, the order by last visit
/// would have to be looked for among all appointments there ever were; triggers keep it, whoever writes an appointment.
const ATTENDANCE: &str = "
CREATE TABLE patient_attendance (
  tenant_id {uuid} NOT NULL,
  patient_id {uuid} NOT NULL,
  visits {bigint} NOT NULL,
  no_shows {bigint} NOT NULL,
  last_visit_at {instant},
  CONSTRAINT patient_attendance_pkey PRIMARY KEY (tenant_id, patient_id),
  CONSTRAINT patient_attendance_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX patient_attendance_by_visit ON patient_attendance (tenant_id, last_visit_at, patient_id);
CREATE INDEX patient_attendance_by_no_shows ON patient_attendance (tenant_id, no_shows, patient_id) WHERE no_shows > 0;
INSERT INTO patient_attendance (tenant_id, patient_id, visits, no_shows, last_visit_at)
SELECT tenant_id, patient_id, {counts} FROM appointment WHERE status IN ('completed', 'no_show') GROUP BY tenant_id, patient_id;
";

const COUNTS: &str =
    "sum(CASE WHEN status = 'completed' THEN 1 ELSE 0 END), sum(CASE WHEN status = 'no_show' THEN 1 ELSE 0 END),
  max(CASE WHEN status = 'completed' THEN starts_at END)";

/// The words of a partial index are those that a query must repeat.
const INDEXES: &str = "
CREATE INDEX patient_by_birth ON patient (tenant_id, birth_date, id);
CREATE INDEX patient_by_rare_stage ON patient (tenant_id, stage, sort_text, id) WHERE stage <> 'active';
CREATE INDEX patient_by_rare_sex ON patient (tenant_id, sex, sort_text, id) WHERE sex IN ('other', 'unknown');
CREATE INDEX patient_archived ON patient (tenant_id, archived_at, id) WHERE archived_at IS NOT NULL;
";

/// The text that is searched lies in the index by name with all that says which records are in use, so that looking through
/// names reads nothing else: of a million records, each row would be a look into another part of memory. An entry of PostgreSQL's
/// has at most 2,700 bytes, so that longer texts are looked for in their rows.
const POSTGRES_BY_NAME: &str = "
ALTER TABLE patient ADD COLUMN short_text text
  GENERATED ALWAYS AS (CASE WHEN octet_length(search_text) <= 2000 THEN search_text END) STORED;
DROP INDEX patient_by_name;
CREATE INDEX patient_by_name ON patient (tenant_id, sort_text, id) INCLUDE (short_text, stage, archived_at);
";
const SQLITE_BY_NAME: &str = "
DROP INDEX patient_by_name;
CREATE INDEX patient_by_name ON patient (tenant_id, sort_text, id, search_text, stage, archived_at);
";

const SQLITE_TRIGGERS: &str = "
CREATE TRIGGER patient_attendance_insert AFTER INSERT ON appointment WHEN NEW.status IN ('completed', 'no_show')
BEGIN {new} END;
CREATE TRIGGER patient_attendance_update AFTER UPDATE OF status, starts_at, patient_id ON appointment
WHEN NEW.status IN ('completed', 'no_show') OR OLD.status IN ('completed', 'no_show')
BEGIN {old} {new} END;
CREATE TRIGGER patient_attendance_delete AFTER DELETE ON appointment WHEN OLD.status IN ('completed', 'no_show')
BEGIN {old} END;
";
const SQLITE_RECOUNT: &str = "INSERT INTO patient_attendance (tenant_id, patient_id, visits, no_shows, last_visit_at)
  SELECT {row}.tenant_id, {row}.patient_id, total(status = 'completed'), total(status = 'no_show'),
    max(CASE WHEN status = 'completed' THEN starts_at END)
  FROM appointment WHERE tenant_id = {row}.tenant_id AND patient_id = {row}.patient_id
  ON CONFLICT (tenant_id, patient_id) DO UPDATE
  SET visits = excluded.visits, no_shows = excluded.no_shows, last_visit_at = excluded.last_visit_at;";

/// Two transactions that end appointments of one patient at once count one after the other: the first statement waits for the
/// row, and the second sees what the other has committed.
const POSTGRES_TRIGGERS: &str = "
CREATE FUNCTION patient_attendance_recount() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  tenant uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END;
  patients uuid[] := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.patient_id] WHEN 'DELETE' THEN ARRAY[OLD.patient_id]
    ELSE ARRAY(SELECT DISTINCT p FROM unnest(ARRAY[OLD.patient_id, NEW.patient_id]) p ORDER BY p) END;
  one uuid;
BEGIN
  FOREACH one IN ARRAY patients LOOP
    INSERT INTO patient_attendance AS t (tenant_id, patient_id, visits, no_shows) VALUES (tenant, one, 0, 0)
      ON CONFLICT (tenant_id, patient_id) DO UPDATE SET visits = t.visits;
    UPDATE patient_attendance t SET visits = a.visits, no_shows = a.no_shows, last_visit_at = a.last_visit_at
      FROM (SELECT count(*) FILTER (WHERE status = 'completed') AS visits, count(*) FILTER (WHERE status = 'no_show') AS no_shows,
          max(starts_at) FILTER (WHERE status = 'completed') AS last_visit_at
        FROM appointment WHERE tenant_id = tenant AND patient_id = one) a
      WHERE t.tenant_id = tenant AND t.patient_id = one;
  END LOOP;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION patient_attendance_recount FROM PUBLIC;
CREATE TRIGGER patient_attendance_insert AFTER INSERT ON appointment FOR EACH ROW
  WHEN (NEW.status IN ('completed', 'no_show')) EXECUTE FUNCTION patient_attendance_recount();
CREATE TRIGGER patient_attendance_update AFTER UPDATE OF status, starts_at, patient_id ON appointment FOR EACH ROW
  WHEN (NEW.status IN ('completed', 'no_show') OR OLD.status IN ('completed', 'no_show'))
  EXECUTE FUNCTION patient_attendance_recount();
CREATE TRIGGER patient_attendance_delete AFTER DELETE ON appointment FOR EACH ROW
  WHEN (OLD.status IN ('completed', 'no_show')) EXECUTE FUNCTION patient_attendance_recount();
";

/// `patient_search_rows` of `m0010_search_answers_rows`, which stays for servers that were started before, with card numbers among
/// what is exact, of which at most 1,000 come first and with `live`: only records that are neither archived nor merged. `patient_search_ids` is all that a search
/// finds, in no order: for counts and sums, which apply reach and filters themselves.
const SEARCH: &str = r"
CREATE FUNCTION patient_search_live(
  terms text, exact_values text, exact_contacts text, exact_cards text, live boolean,
  reach text, reach_id uuid, agenda_since timestamptz, today date,
  first_rank integer, after_text text, after_id uuid, skip bigint, most integer
) RETURNS TABLE (
  ranked integer, id uuid, name text, social_name text, birth_date date, sex text, stage text, phone text, email text,
  sort_text text, version bigint, created_at timestamptz, updated_at timestamptz
) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
  tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
  in_all text[] := string_to_array('%' || replace(terms, ' ', '% %') || '%', ' ');
  in_words text[] := string_to_array('% ' || replace(terms, ' ', E'%\t% ') || '%', E'\t');
  exact uuid[] := '{}';
  page uuid[] := '{}';
  wanted integer := most;
  sampled integer[];
  probed integer := greatest(first_rank, 1);
BEGIN
  IF tenant IS NULL THEN RETURN; END IF;
  IF exact_values <> '' OR exact_contacts <> '' OR exact_cards <> '' THEN
    exact := ARRAY(SELECT e.patient_id FROM (
      SELECT i.patient_id FROM patient_identifier i
      WHERE i.tenant_id = tenant AND i.value = ANY (ARRAY(SELECT split_part(v, ':', 2) FROM unnest(string_to_array(exact_values, ' ')) v))
        AND i.kind || ':' || i.value = ANY (string_to_array(exact_values, ' '))
      UNION SELECT c.patient_id FROM patient_contact c
      WHERE c.tenant_id = tenant AND c.match_key = ANY (string_to_array(exact_contacts, ' '))
      UNION SELECT f.patient_id FROM patient_facet f
      WHERE f.tenant_id = tenant AND f.kind = 'card' AND f.value = ANY (string_to_array(exact_cards, ' '))) e ORDER BY e.patient_id LIMIT 1000);
  END IF;
  IF skip = 0 AND first_rank = 0 AND cardinality(exact) > 0 THEN
    page := ARRAY(SELECT p.id FROM patient p
      WHERE p.tenant_id = tenant AND p.id = ANY (exact) AND p.search_text LIKE ALL (in_all) AND {live} AND {reach}
        AND (after_text IS NULL OR (p.sort_text, p.id) > (after_text, after_id))
      ORDER BY p.sort_text, p.id LIMIT wanted);
    RETURN QUERY SELECT 0, {columns} FROM patient p
      WHERE p.tenant_id = tenant AND p.id = ANY (page) ORDER BY p.sort_text, p.id;
    wanted := wanted - cardinality(page);
    IF wanted = 0 THEN RETURN; END IF;
  END IF;
  IF skip = 0 THEN
    sampled := (SELECT ARRAY[count(*) FILTER (WHERE s.search_text LIKE ALL (in_words)), count(*) FILTER (WHERE s.search_text LIKE ALL (in_all))]
      FROM (SELECT p.search_text FROM patient p WHERE p.tenant_id = tenant ORDER BY p.id LIMIT 300) s);
    IF (CASE probed WHEN 1 THEN sampled[1] ELSE sampled[2] - sampled[1] END) >= 2 THEN
      EXECUTE $probe$ SELECT ARRAY(SELECT p.id FROM (
          SELECT p.id, p.sort_text, p.short_text, p.archived_at, p.stage FROM patient p
          WHERE p.tenant_id = $1 AND ($2 = 0 OR (p.sort_text, p.id) > ($3, $4)) ORDER BY p.sort_text, p.id LIMIT $5) p,
          LATERAL (SELECT CASE WHEN p.short_text IS NOT NULL THEN p.short_text
            ELSE (SELECT l.search_text FROM patient l WHERE l.tenant_id = $1 AND l.id = p.id) END AS search_text OFFSET 0) t
        WHERE CASE WHEN $8 THEN t.search_text LIKE ALL ($7) ELSE t.search_text LIKE ALL ($6) AND NOT t.search_text LIKE ALL ($7) END
          AND p.id NOT IN (SELECT unnest($9)) AND {probe_live} AND {probe_reach}
        ORDER BY p.sort_text, p.id LIMIT $10) $probe$
      INTO page USING tenant, first_rank, after_text, after_id, 20000, in_all, in_words, probed = 1, exact, wanted,
        reach, reach_id, today, agenda_since, live;
      IF cardinality(page) = wanted THEN
        RETURN QUERY SELECT probed, {columns} FROM patient p
          WHERE p.tenant_id = tenant AND p.id = ANY (page) ORDER BY p.sort_text, p.id;
        RETURN;
      END IF;
    END IF;
  END IF;
  IF cardinality(in_all) = 1 THEN
    {one_term};
  ELSE
    {terms};
  END IF;
END $$;

CREATE FUNCTION patient_search_ids(terms text, live boolean) RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 2000
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
  tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
  in_all text[] := string_to_array('%' || replace(terms, ' ', '% %') || '%', ' ');
BEGIN
  IF tenant IS NULL THEN RETURN; END IF;
  IF cardinality(in_all) = 1 THEN
    RETURN QUERY SELECT p.id FROM patient p WHERE p.tenant_id = tenant AND p.search_text LIKE in_all[1] AND {live};
  ELSE
    RETURN QUERY SELECT p.id FROM patient p WHERE p.tenant_id = tenant AND {inside} AND {live};
  END IF;
END $$;

REVOKE ALL ON FUNCTION patient_search_live, patient_search_ids FROM PUBLIC;
GRANT EXECUTE ON FUNCTION patient_search_live, patient_search_ids TO salus_app;
";

/// All that is found, ranked.
const FOUND: &str = "RETURN QUERY SELECT p.ranked, {columns} FROM (
      SELECT CASE WHEN p.id IN (SELECT unnest(exact)) THEN 0 WHEN p.search_text LIKE ALL (in_words) THEN 1 ELSE 2 END AS ranked, p.*
      FROM patient p WHERE p.tenant_id = tenant AND {inside} AND {live} AND {reach}) p
    WHERE (skip > 0 OR p.ranked > 0)
      AND (first_rank = 0 OR (p.ranked, p.sort_text, p.id) > (first_rank, after_text, after_id))
    ORDER BY p.ranked, p.sort_text, p.id OFFSET skip LIMIT wanted";

const COLUMNS: &str = "p.id, p.name, p.social_name, p.birth_date, p.sex, p.stage, p.phone, p.email, p.sort_text, p.version, \
    p.created_at, p.updated_at";

const INSIDE: &str = "p.search_text LIKE in_all[1] AND p.search_text LIKE coalesce(in_all[2], '%')
  AND p.search_text LIKE coalesce(in_all[3], '%') AND p.search_text LIKE ALL (in_all[4:])";

const LIVE: &str = "(NOT {live} OR (p.archived_at IS NULL AND p.stage <> 'merged'))";

const REACH: &str = "({reach} = 'company' OR ({reach} = 'self' AND p.id = {id})
  OR ({reach} = 'linked' AND EXISTS (SELECT FROM patient_link l
    WHERE l.tenant_id = {tenant} AND l.membership_id = {id} AND l.patient_id = p.id
      AND l.valid_from <= {today} AND (l.valid_to IS NULL OR l.valid_to > {today})))
  OR ({reach} = 'agenda' AND EXISTS (SELECT FROM appointment a
    WHERE a.tenant_id = {tenant} AND a.patient_id = p.id AND a.practitioner_id = {id}
      AND a.starts_at >= {since} AND a.status NOT IN ('cancelled', 'entered_in_error'))))";

/// The reach predicate over parameters of these names.
fn reach(reach: &str, id: &str, tenant: &str, today: &str, since: &str) -> String {
    let names = [("{reach}", reach), ("{id}", id), ("{tenant}", tenant), ("{today}", today), ("{since}", since)];
    names.into_iter().fold(REACH.to_owned(), |text, (placeholder, name)| text.replace(placeholder, name))
}

fn search() -> String {
    SEARCH
        .replace("{one_term}", &FOUND.replace("{inside}", "p.search_text LIKE in_all[1]"))
        .replace("{terms}", FOUND)
        .replace("{inside}", INSIDE)
        .replace("{columns}", COLUMNS)
        .replace("{live}", &LIVE.replace("{live}", "live"))
        .replace("{probe_live}", &LIVE.replace("{live}", "$15"))
        .replace("{reach}", &reach("reach", "reach_id", "tenant", "today", "agenda_since"))
        .replace("{probe_reach}", &reach("$11", "$12", "$1", "$13", "$14"))
}

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let bytewise = match manager.get_database_backend() {
            DbBackend::Postgres => "COLLATE \"C\"",
            _ => "COLLATE BINARY",
        };
        ddl::run(manager, &TABLES.replace("{bytewise}", bytewise)).await?;
        ddl::run(manager, INDEXES).await?;
        for table in ["patient_facet", "patient_place"] {
            ddl::wall(manager, table, Wall::Tenant).await?;
        }
        back_fill::run(manager).await?;
        ddl::run(manager, &ATTENDANCE.replace("{counts}", COUNTS)).await?;
        ddl::wall(manager, "patient_attendance", Wall::Tenant).await?;
        let recount = |row: &str| SQLITE_RECOUNT.replace("{row}", row);
        let triggers = SQLITE_TRIGGERS.replace("{new}", &recount("NEW")).replace("{old}", &recount("OLD"));
        ddl::run_on(manager, DbBackend::Sqlite, &triggers).await?;
        ddl::run_on(manager, DbBackend::Postgres, POSTGRES_TRIGGERS).await?;
        ddl::run_on(manager, DbBackend::Postgres, POSTGRES_BY_NAME).await?;
        ddl::run_on(manager, DbBackend::Sqlite, SQLITE_BY_NAME).await?;
        ddl::run_on(manager, DbBackend::Postgres, &search()).await
    }
}
