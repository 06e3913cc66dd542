BEGIN;
SELECT set_config('app.tenant_id', '{tenant}', true);
SELECT * FROM patient_search_rows('{word}', '', '', 'company', NULL, now(), current_date, 0, NULL, NULL, 0, 21);
COMMIT;
