BEGIN;
SELECT 1 AS ranked, id, name, social_name, birth_date, sex, stage, phone, email, sort_text, version, created_at, updated_at FROM patient WHERE tenant_id = '{tenant}' AND search_text LIKE '% {word}%' ORDER BY sort_text, id LIMIT 21;
COMMIT;
