//! The tables of `patients`, and on PostgreSQL the functions that search them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{self, Wall};

/// `sort_text` is the beginning of `search_text`, short enough for any index; `search_text` begins with a space, so that the
/// beginning of each word is found as `% word%`. Both compare byte by byte, as SQLite does anyway.
const PATIENT: &str = "
CREATE TABLE patient (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  name {text} NOT NULL,
  social_name {text},
  birth_date {date},
  sex {text},
  gender {text},
  mother_name {text},
  stage {text} NOT NULL,
  phone {text},
  email {text},
  addresses {json} NOT NULL,
  health_plans {json} NOT NULL,
  tags {json} NOT NULL,
  preferences {json} NOT NULL,
  emergency_contacts {json} NOT NULL,
  notes {text},
  custom {json} NOT NULL,
  sort_text {text} {bytewise} NOT NULL,
  search_text {text} {bytewise} NOT NULL,
  version {bigint} NOT NULL,
  created_at {instant} NOT NULL,
  updated_at {instant} NOT NULL,
  CONSTRAINT patient_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT patient_stage_check CHECK (stage IN ('lead', 'active', 'inactive', 'deceased', 'merged')),
  CONSTRAINT patient_sex_check CHECK (sex IN ('female', 'male', 'other', 'unknown')),
  CONSTRAINT patient_version_check CHECK (version > 0)
);
CREATE INDEX patient_by_registration ON patient (tenant_id, created_at, id);
CREATE TABLE patient_identifier (
  tenant_id {uuid} NOT NULL,
  patient_id {uuid} NOT NULL,
  ordinal {int} NOT NULL,
  kind {text} NOT NULL,
  value {text} NOT NULL,
  status {text} NOT NULL,
  CONSTRAINT patient_identifier_pkey PRIMARY KEY (tenant_id, patient_id, ordinal),
  CONSTRAINT patient_identifier_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_identifier_kind_check CHECK (kind IN ('cpf', 'cns', 'cnpj', 'ins', 'passport', 'other')),
  CONSTRAINT patient_identifier_status_check CHECK (status IN ('recorded', 'PROV', 'VALI', 'RECUP', 'QUAL'))
);
CREATE UNIQUE INDEX patient_identifier_unique ON patient_identifier (tenant_id, kind, value)
  WHERE kind IN ('cpf', 'cns', 'ins');
CREATE INDEX patient_identifier_by_value ON patient_identifier (tenant_id, value);
CREATE TABLE patient_contact (
  tenant_id {uuid} NOT NULL,
  patient_id {uuid} NOT NULL,
  ordinal {int} NOT NULL,
  kind {text} NOT NULL,
  value {text} NOT NULL,
  raw {text} NOT NULL,
  is_primary {bool} NOT NULL,
  match_key {text} NOT NULL,
  CONSTRAINT patient_contact_pkey PRIMARY KEY (tenant_id, patient_id, ordinal),
  CONSTRAINT patient_contact_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_contact_kind_check CHECK (kind IN ('phone', 'email', 'whatsapp', 'instagram'))
);
CREATE INDEX patient_contact_by_key ON patient_contact (tenant_id, match_key);
CREATE TABLE patient_link (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  membership_id {uuid} NOT NULL,
  patient_id {uuid} NOT NULL,
  kind {text} NOT NULL,
  valid_from {date} NOT NULL,
  valid_to {date},
  CONSTRAINT patient_link_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT patient_link_membership_fkey FOREIGN KEY (tenant_id, membership_id) REFERENCES membership (tenant_id, id),
  CONSTRAINT patient_link_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_link_kind_check CHECK (kind IN ('caregiver', 'guardian')),
  CONSTRAINT patient_link_period_check CHECK (valid_to > valid_from)
);
CREATE INDEX patient_link_by_membership ON patient_link (tenant_id, membership_id, patient_id);
CREATE INDEX patient_link_by_patient ON patient_link (tenant_id, patient_id);
";

/// Operators of text search are not leakproof, so that row-level security would keep them from this index: the functions
/// below, which belong to the owner, use it.
const POSTGRES_INDEXES: &str = "
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE INDEX patient_by_name ON patient (tenant_id, sort_text, id);
CREATE INDEX patient_by_search_text ON patient USING gin (tenant_id, search_text gin_trgm_ops);
";

/// On SQLite the search text lies in the index itself, so that a scan for a term reads nothing else.
const SQLITE_INDEXES: &str = "CREATE INDEX patient_by_name ON patient (tenant_id, sort_text, id, search_text);";

/// The patients of a search, in its order, as `(stage, id)`: 0 an exact identifier, telephone number or e-mail address, 1 each
/// term begins a word, 2 each term occurs.
///
/// `terms` are escaped for LIKE, the longest first, `exact_values` identifiers as `kind:value`, and `exact_contacts` match keys,
/// each list with spaces between. `reach` is `company`, `self`, `linked`, `agenda`, or anything else for nobody.
///
/// A rare term wants the trigrams, a frequent one the ordered index, read until the page is full. The planner cannot tell them
/// apart, since policies keep it from its statistics; so some rows of the company are a sample, and where it has the terms
/// often, the ordered index is read as far as that promises a full page. The plans are the same for all terms, and kept, but
/// for that one, whose limit the planner has to know.
const SEARCH: &str = r"
CREATE FUNCTION patient_search(
  terms text, exact_values text, exact_contacts text,
  reach text, reach_id uuid, agenda_since timestamptz, today date,
  first_stage integer, after_text text, after_id uuid, skip bigint, most integer
) RETURNS TABLE (stage integer, id uuid) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
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
  share integer;
BEGIN
  IF tenant IS NULL THEN RETURN; END IF;
  IF exact_values <> '' OR exact_contacts <> '' THEN
    exact := ARRAY(
      SELECT i.patient_id FROM patient_identifier i
      WHERE i.tenant_id = tenant AND i.value = ANY (ARRAY(SELECT split_part(v, ':', 2) FROM unnest(string_to_array(exact_values, ' ')) v))
        AND i.kind || ':' || i.value = ANY (string_to_array(exact_values, ' '))
      UNION SELECT c.patient_id FROM patient_contact c
      WHERE c.tenant_id = tenant AND c.match_key = ANY (string_to_array(exact_contacts, ' ')));
  END IF;
  IF skip = 0 AND first_stage = 0 AND cardinality(exact) > 0 THEN
    page := ARRAY(SELECT p.id FROM patient p
      WHERE p.tenant_id = tenant AND p.id = ANY (exact) AND p.search_text LIKE ALL (in_all) AND {reach}
        AND (after_text IS NULL OR (p.sort_text, p.id) > (after_text, after_id))
      ORDER BY p.sort_text, p.id LIMIT wanted);
    stage := 0;
    FOREACH id IN ARRAY page LOOP RETURN NEXT; END LOOP;
    wanted := wanted - cardinality(page);
    IF wanted = 0 THEN RETURN; END IF;
  END IF;
  IF skip = 0 THEN
    sampled := (SELECT ARRAY[count(*) FILTER (WHERE s.search_text LIKE ALL (in_words)), count(*) FILTER (WHERE s.search_text LIKE ALL (in_all))]
      FROM (SELECT p.search_text FROM patient p WHERE p.tenant_id = tenant ORDER BY p.id LIMIT 50) s);
    stage := greatest(first_stage, 1);
    share := CASE stage WHEN 1 THEN sampled[1] ELSE sampled[2] - sampled[1] END;
    IF share >= 3 THEN
      EXECUTE $probe$ SELECT ARRAY(SELECT p.id FROM (
          SELECT p.id, p.sort_text, p.search_text FROM patient p
          WHERE p.tenant_id = $1 AND ($2 = 0 OR (p.sort_text, p.id) > ($3, $4)) ORDER BY p.sort_text, p.id LIMIT $5) p
        WHERE p.search_text LIKE ALL ($6) AND (p.search_text LIKE ALL ($7)) = $8 AND p.id <> ALL ($9) AND {probe_reach}
        ORDER BY p.sort_text, p.id LIMIT $10) $probe$
      INTO page USING tenant, first_stage, after_text, after_id, 500 * wanted / share, in_all, in_words, stage = 1, exact, wanted,
        reach, reach_id, today, agenda_since;
      IF cardinality(page) = wanted THEN
        FOREACH id IN ARRAY page LOOP RETURN NEXT; END LOOP;
        RETURN;
      END IF;
    END IF;
  END IF;
  RETURN QUERY SELECT p.ranked, p.id FROM (
      SELECT CASE WHEN p.id = ANY (exact) THEN 0 WHEN p.search_text LIKE ALL (in_words) THEN 1 ELSE 2 END AS ranked, p.id, p.sort_text
      FROM patient p WHERE p.tenant_id = tenant AND {inside} AND {reach}) p
    WHERE (skip > 0 OR p.ranked > 0)
      AND (first_stage = 0 OR (p.ranked, p.sort_text, p.id) > (first_stage, after_text, after_id))
    ORDER BY p.ranked, p.sort_text, p.id OFFSET skip LIMIT wanted;
END $$;

CREATE FUNCTION patient_search_total(
  terms text, reach text, reach_id uuid, agenda_since timestamptz, today date
) RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
  tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
  in_all text[] := string_to_array('%' || replace(terms, ' ', '% %') || '%', ' ');
BEGIN
  RETURN (SELECT count(*) FROM patient p WHERE p.tenant_id = tenant AND {inside} AND {reach});
END $$;

REVOKE ALL ON FUNCTION patient_search, patient_search_total FROM PUBLIC;
GRANT EXECUTE ON FUNCTION patient_search, patient_search_total TO salus_app;
";

/// Every term occurs. The first three are said one by one, because `LIKE ALL` does not use the index.
const INSIDE: &str = "p.search_text LIKE in_all[1] AND p.search_text LIKE coalesce(in_all[2], '%')
  AND p.search_text LIKE coalesce(in_all[3], '%') AND p.search_text LIKE ALL (in_all[4:])";

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
        ddl::run(manager, &PATIENT.replace("{bytewise}", bytewise)).await?;
        ddl::run_on(manager, DbBackend::Postgres, POSTGRES_INDEXES).await?;
        ddl::run_on(manager, DbBackend::Sqlite, SQLITE_INDEXES).await?;
        for table in ["patient", "patient_identifier", "patient_contact", "patient_link"] {
            ddl::wall(manager, table, Wall::Tenant).await?;
        }
        let search = SEARCH
            .replace("{inside}", INSIDE)
            .replace("{reach}", &reach("reach", "reach_id", "tenant", "today", "agenda_since"))
            .replace("{probe_reach}", &reach("$11", "$12", "$1", "$13", "$14"));
        ddl::run_on(manager, DbBackend::Postgres, &search).await
    }
}
