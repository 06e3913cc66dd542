BEGIN;
SELECT set_config('app.tenant_id', '{tenant}', true);
SELECT id, name, social_name, birth_date, sex, stage, phone, email, sort_text, version, created_at, updated_at FROM patient WHERE tenant_id = '{tenant}' ORDER BY sort_text, id LIMIT 21;
COMMIT;
