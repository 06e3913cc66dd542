BEGIN;
SELECT set_config('app.tenant_id', '{tenant}', true);
SELECT found.stage AS ranked, p.id, p.name, p.social_name, p.birth_date, p.sex, p.stage, p.phone, p.email, p.sort_text, p.version, p.created_at, p.updated_at FROM patient_search('{word}', '', '', 'company', NULL, now(), current_date, 0, NULL, NULL, 0, 21) WITH ORDINALITY AS found (stage, id, place) JOIN patient p ON p.tenant_id = '{tenant}' AND p.id = found.id ORDER BY found.place;
COMMIT;
