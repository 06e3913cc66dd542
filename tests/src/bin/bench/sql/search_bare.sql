BEGIN;
SELECT set_config('app.tenant_id', '{tenant}', true);
SELECT CASE WHEN search_text LIKE '% {word}%' THEN 1 ELSE 2 END AS ranked, id, name, social_name, birth_date, sex, stage, phone, email, sort_text, version, created_at, updated_at FROM patient WHERE tenant_id = '{tenant}' AND search_text LIKE '%{word}%' ORDER BY ranked, sort_text, id LIMIT 21;
COMMIT;
