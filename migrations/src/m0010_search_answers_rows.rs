//! A search that answers with the rows of its patients and not only their ids, so that nothing has to be looked up twice; and a
//! single term, the usual question, is asked of the trigrams as one condition instead of three. `patient_search` stays for servers
//! that were started before this migration; a later one may drop it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl;

/// The patients of a search, in its order, each with its rank: 0 an exact identifier, telephone number or e-mail address, 1 each
/// term begins a word, 2 each term occurs. Arguments and ways are those of `patient_search` (see `m0003_patients`).
const SEARCH: &str = r"
CREATE FUNCTION patient_search_rows(
  terms text, exact_values text, exact_contacts text,
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
  IF skip = 0 AND first_rank = 0 AND cardinality(exact) > 0 THEN
    page := ARRAY(SELECT p.id FROM patient p
      WHERE p.tenant_id = tenant AND p.id = ANY (exact) AND p.search_text LIKE ALL (in_all) AND {reach}
        AND (after_text IS NULL OR (p.sort_text, p.id) > (after_text, after_id))
      ORDER BY p.sort_text, p.id LIMIT wanted);
    RETURN QUERY SELECT 0, {columns} FROM patient p
      WHERE p.tenant_id = tenant AND p.id = ANY (page) ORDER BY p.sort_text, p.id;
    wanted := wanted - cardinality(page);
    IF wanted = 0 THEN RETURN; END IF;
  END IF;
  IF skip = 0 THEN
    sampled := (SELECT ARRAY[count(*) FILTER (WHERE s.search_text LIKE ALL (in_words)), count(*) FILTER (WHERE s.search_text LIKE ALL (in_all))]
      FROM (SELECT p.search_text FROM patient p WHERE p.tenant_id = tenant ORDER BY p.id LIMIT 50) s);
    share := CASE probed WHEN 1 THEN sampled[1] ELSE sampled[2] - sampled[1] END;
    IF share >= 3 THEN
      EXECUTE $probe$ SELECT ARRAY(SELECT p.id FROM (
          SELECT p.id, p.sort_text, p.search_text FROM patient p
          WHERE p.tenant_id = $1 AND ($2 = 0 OR (p.sort_text, p.id) > ($3, $4)) ORDER BY p.sort_text, p.id LIMIT $5) p
        WHERE p.search_text LIKE ALL ($6) AND (p.search_text LIKE ALL ($7)) = $8 AND p.id <> ALL ($9) AND {probe_reach}
        ORDER BY p.sort_text, p.id LIMIT $10) $probe$
      INTO page USING tenant, first_rank, after_text, after_id, 500 * wanted / share, in_all, in_words, probed = 1, exact, wanted,
        reach, reach_id, today, agenda_since;
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

REVOKE ALL ON FUNCTION patient_search_rows FROM PUBLIC;
GRANT EXECUTE ON FUNCTION patient_search_rows TO salus_app;
";

/// All that is found, ranked.
const FOUND: &str = "RETURN QUERY SELECT p.ranked, {columns} FROM (
      SELECT CASE WHEN p.id = ANY (exact) THEN 0 WHEN p.search_text LIKE ALL (in_words) THEN 1 ELSE 2 END AS ranked, p.*
      FROM patient p WHERE p.tenant_id = tenant AND {inside} AND {reach}) p
    WHERE (skip > 0 OR p.ranked > 0)
      AND (first_rank = 0 OR (p.ranked, p.sort_text, p.id) > (first_rank, after_text, after_id))
    ORDER BY p.ranked, p.sort_text, p.id OFFSET skip LIMIT wanted";

const COLUMNS: &str = "p.id, p.name, p.social_name, p.birth_date, p.sex, p.stage, p.phone, p.email, p.sort_text, p.version, \
    p.created_at, p.updated_at";

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
        let search = SEARCH
            .replace("{one_term}", &FOUND.replace("{inside}", "p.search_text LIKE in_all[1]"))
            .replace("{terms}", &FOUND.replace("{inside}", INSIDE))
            .replace("{columns}", COLUMNS)
            .replace("{reach}", &reach("reach", "reach_id", "tenant", "today", "agenda_since"))
            .replace("{probe_reach}", &reach("$11", "$12", "$1", "$13", "$14"));
        ddl::run_on(manager, DbBackend::Postgres, &search).await
    }
}
