//! Imports of patients and appointments, as somebody meets them who moves a practice's files into Salus (PT8).

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::both;
use crate::support::{Caller, Office, TestApp, form, hex, text};

const IMPORTS: &str = "/api/v1/imports";

const PEOPLE: &str = "Código;Nome;CPF;Nascimento;Telefone;Cidade\n\
    1;Conceição Zaratustra;093.808.260-44;31/12/1985;(27) 99999-1111;Vitória\n\
    2;Bia Lima;158.864.890-70;04/05/1990;27 3333-4444;Serra\n\
    3;Caio Reis;111.111.111-11;01/01/1970;;Vila Velha\n";

async fn send(staff: &Caller, fields: &[(&str, &str)], file: &str) -> Value {
    staff.upload(IMPORTS, fields, "pacientes.csv", file.as_bytes()).await.expect(201)
}

async fn of(staff: &Caller, import: &Value) -> Value {
    staff.get(&format!("{IMPORTS}/{}", text(&import["id"]))).await.expect(200)
}

/// Sends a file and has a worker read it.
async fn imported(app: &TestApp, staff: &Caller, fields: &[(&str, &str)], file: &str) -> Value {
    let begun = send(staff, fields, file).await;
    app.settle().await;
    of(staff, &begun).await
}

fn counts(import: &Value) -> [i64; 5] {
    ["read", "created", "updated", "skipped", "failed"].map(|name| import[name].as_i64().unwrap())
}

async fn rows(staff: &Caller, import: &Value, query: &str) -> Vec<Value> {
    let path = format!("{IMPORTS}/{}/rows?{query}", text(&import["id"]));
    staff.get(&path).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn found(staff: &Caller, words: &str) -> Vec<Value> {
    let page = staff.get(&format!("/api/v1/patients?search={words}")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

both! {
    async fn pt8_a_file_becomes_patients_and_says_what_it_is(app) {
        let staff = app.admin().await;
        let begun = send(&staff, &[("kind", "patients")], PEOPLE).await;
        assert_eq!((begun["status"].as_str(), begun["rows"].as_u64()), (Some("waiting"), Some(3)));
        assert_eq!((begun["detected"]["delimiter"].as_str(), begun["detected"]["header_line"].as_u64()), (Some(";"), Some(1)));
        let fields: Vec<&str> = begun["columns"].as_array().unwrap().iter().filter_map(|c| c["field"].as_str()).collect();
        assert_eq!(fields, ["external_id", "name", "cpf", "birth_date", "phone", "city"]);
        app.settle().await;
        let import = of(&staff, &begun).await;
        assert_eq!((import["status"].as_str(), counts(&import)), (Some("finished"), [3, 2, 0, 0, 1]));
        let patient = found(&staff, "zaratustra").await.remove(0);
        assert_eq!((patient["birth_date"].as_str(), patient["phone"].as_str()), (Some("1985-12-31"), Some("+5527999991111")));
        let failed = rows(&staff, &import, "outcome=failed").await;
        assert_eq!(failed.len(), 1);
        assert_eq!(
            (failed[0]["line"].as_i64(), failed[0]["code"].as_str(), failed[0]["column"].as_str()),
            (Some(4), Some("invalid_cpf"), Some("CPF"))
        );
        assert_eq!(failed[0]["cells"][1], "Caio Reis");
    }

    async fn pt8_the_same_file_again_changes_nothing(app) {
        let staff = app.admin().await;
        imported(app, &staff, &[("kind", "patients")], PEOPLE).await;
        let patients = app.sql().await.number("SELECT count(*) FROM patient").await;
        let again = imported(app, &staff, &[("kind", "patients")], PEOPLE).await;
        assert_eq!(counts(&again), [3, 0, 0, 2, 1]);
        let bare = "Nome;Nascimento\nSem Número;01/02/1980\nSem Número;01/02/1980\n";
        let first = imported(app, &staff, &[("kind", "patients")], bare).await;
        assert_eq!(counts(&first), [2, 1, 0, 1, 0], "a row twice is one patient");
        let second = imported(app, &staff, &[("kind", "patients")], bare).await;
        assert_eq!(counts(&second), [2, 0, 0, 2, 0]);
        assert_eq!(app.sql().await.number("SELECT count(*) FROM patient").await, patients + 1);
    }

    async fn pt8_a_changed_row_changes_its_patient_and_keeps_what_it_does_not_say(app) {
        let staff = app.admin().await;
        imported(app, &staff, &[("kind", "patients")], PEOPLE).await;
        let id = text(&found(&staff, "zaratustra").await[0]["id"]);
        let renamed = "Código;Nome;E-mail\n1;Conceição Zaratustra Lima;ana@exemplo.com\n2;Bia Lima;\n";
        let import = imported(app, &staff, &[("kind", "patients")], renamed).await;
        assert_eq!(counts(&import), [2, 0, 1, 1, 0]);
        let patient = staff.get(&format!("/api/v1/patients/{id}")).await.expect(200);
        assert_eq!((patient["name"].as_str(), patient["birth_date"].as_str()), (Some("Conceição Zaratustra Lima"), Some("1985-12-31")));
        assert_eq!(patient["contacts"].as_array().unwrap().len(), 2);
    }

    async fn pt8_a_patient_who_is_there_is_known_by_identifier_or_by_being_certainly_the_same(app) {
        let staff = app.admin().await;
        let by_cpf = json!({ "name": "Conceição Zaratustra", "identifiers": [{ "kind": "cpf", "value": "09380826044" }] });
        let by_phone = json!({
            "name": "Bia Martins Lima", "birth_date": "1990-05-04", "mother_name": "Rosa Martins Lima",
            "contacts": [{ "kind": "phone", "value": "27 3333-4444" }, { "kind": "email", "value": "bia@exemplo.com" }]
        });
        let mut ids = Vec::new();
        for patient in [by_cpf, by_phone] {
            ids.push(text(&staff.post("/api/v1/patients", &patient).await.expect(201)["id"]));
        }
        let file = "Nome;CPF;Nascimento;Mãe;Telefone;E-mail\nConceição Zaratustra;093.808.260-44;31/12/1985;;;\n\
            Bia Martins Lima;;04/05/1990;Rosa Martins Lima;(27) 3333-4444;bia@exemplo.com\n";
        let import = imported(app, &staff, &[("kind", "patients")], file).await;
        assert_eq!(counts(&import)[1], 0, "{import:#}");
        let known: Vec<String> = rows(&staff, &import, "limit=10").await.iter().map(|row| text(&row["record_id"])).collect();
        assert_eq!(known, ids);
    }

    async fn pt8_a_dry_run_reports_and_writes_nothing(app) {
        let staff = app.admin().await;
        let before = app.sql().await.number("SELECT count(*) FROM patient").await;
        let import = imported(app, &staff, &[("kind", "patients"), ("dry_run", "true")], PEOPLE).await;
        assert_eq!(counts(&import), [3, 2, 0, 0, 1]);
        assert_eq!(app.sql().await.number("SELECT count(*) FROM patient").await, before);
        assert_eq!(app.sql().await.number("SELECT count(*) FROM external_reference").await, 0);
        staff.post(&format!("{IMPORTS}/{}/rollback", text(&import["id"])), &json!({})).await.refused(409, "imports.dry_run");
    }

    async fn pt8_the_sender_says_what_columns_mean(app) {
        let staff = app.admin().await;
        let file = "Cliente;Apelido;Cor\nAna;Aninha;azul\n";
        let mapping = r#"{"Apelido":"social_name","Cor":"custom.cor"}"#;
        imported(app, &staff, &[("kind", "patients"), ("mapping", mapping)], file).await;
        let id = text(&found(&staff, "aninha").await[0]["id"]);
        assert_eq!(staff.get(&format!("/api/v1/patients/{id}")).await.expect(200)["custom"]["cor"], "azul");
        let unknown = [("kind", "patients"), ("mapping", r#"{"Idade":"age","Cor":"colour"}"#)];
        let faults = staff.upload(IMPORTS, &unknown, "a.csv", file.as_bytes()).await.faults();
        assert_eq!(faults, [("/mapping/Cor".to_owned(), "unknown_value".to_owned())]);
        let unknown = [("kind", "patients"), ("mapping", r#"{"Idade":"age"}"#)];
        let faults = staff.upload(IMPORTS, &unknown, "a.csv", file.as_bytes()).await.faults();
        assert_eq!(faults, [("/mapping/Idade".to_owned(), "unknown_column".to_owned())]);
        let nameless = staff.upload(IMPORTS, &[("kind", "patients")], "a.csv", b"Cor;Peso\nazul;70\n").await;
        let refused = nameless.refused(422, "imports.no_name_column");
        assert_eq!(refused["mapping"], json!({ "Cor": "ignore", "Peso": "ignore" }));
    }

    async fn pt8_rows_that_failed_come_as_a_file_ready_to_be_sent_again(app) {
        let staff = app.admin().await;
        let file = "Nome;CPF;Telefone;Obs\n\"Reis, Xerxes\";111.111.111-11;+5527999993333;=1+1\n";
        let import = imported(app, &staff, &[("kind", "patients")], file).await;
        let path = format!("{IMPORTS}/{}/rows", text(&import["id"]));
        let failed = staff.send(Method::GET, &path, None, &[("accept", "text/csv")]).await;
        assert_eq!(failed.header("content-type"), Some("text/csv; charset=utf-8"));
        assert!(failed.header("content-disposition").unwrap().contains("pacientes - failed.csv"));
        let csv = failed.text();
        let expected = "Nome,CPF,Telefone,Obs,import_line,import_code,import_column\r\n\
            \"Reis, Xerxes\",111.111.111-11,'+5527999993333,'=1+1,2,invalid_cpf,CPF\r\n";
        assert_eq!(csv, expected);
        assert_eq!(staff.get(&format!("{path}?format=csv")).await.text(), csv);
        let corrected = csv.replace("111.111.111-11", "158.864.890-70");
        let import = imported(app, &staff, &[("kind", "patients")], &corrected).await;
        assert_eq!(counts(&import), [1, 1, 0, 0, 0]);
        let patient = found(&staff, "xerxes").await.remove(0);
        assert_eq!(patient["phone"], "+5527999993333");
        let patient = staff.get(&format!("/api/v1/patients/{}", text(&patient["id"]))).await.expect(200);
        assert_eq!(patient["notes"], "=1+1");
    }

    async fn pt8_the_original_is_kept_as_it_came(app) {
        let staff = app.admin().await;
        let name = "../../pacientes 'março'.csv";
        let begun = staff.upload(IMPORTS, &[("kind", "patients")], name, PEOPLE.as_bytes()).await.expect(201);
        assert_eq!(begun["file_name"], "pacientes 'março'.csv");
        let file = staff.get(&format!("{IMPORTS}/{}/file", text(&begun["id"]))).await;
        assert_eq!((file.status, file.bytes.as_slice()), (200, PEOPLE.as_bytes()));
        let disposition = file.header("content-disposition").unwrap();
        assert!(disposition.starts_with("attachment;") && !disposition.contains(".."), "{disposition}");
        let sha256 = hex(&Sha256::digest(PEOPLE));
        assert_eq!((&begun["sha256"], &begun["size"]), (&json!(sha256), &json!(PEOPLE.len())));
    }

    async fn pt8_the_same_file_is_imported_once_at_a_time(app) {
        let staff = app.admin().await;
        let first = send(&staff, &[("kind", "patients")], PEOPLE).await;
        let second = staff.upload(IMPORTS, &[("kind", "patients")], "b.csv", PEOPLE.as_bytes()).await;
        assert_eq!(second.refused(409, "imports.running")["existing_id"], first["id"]);
        let rollback = format!("{IMPORTS}/{}/rollback", text(&first["id"]));
        staff.post(&rollback, &json!({})).await.refused(409, "imports.running");
        app.settle().await;
        send(&staff, &[("kind", "patients")], PEOPLE).await;
    }

    async fn c10_a_repeated_upload_gets_the_first_answer(app) {
        let staff = app.admin().await;
        let body = form(&[("kind", "patients")], "a.csv", PEOPLE.as_bytes());
        let first = staff.send_form(IMPORTS, body.clone(), &[("idempotency-key", "once")]).await;
        let again = staff.send_form(IMPORTS, body, &[("idempotency-key", "once")]).await;
        assert_eq!((first.status, &first.bytes), (201, &again.bytes));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let other = form(&[("kind", "patients")], "a.csv", b"Nome\nOutra\n");
        let other = staff.send_form(IMPORTS, other, &[("idempotency-key", "once")]).await;
        assert_eq!(other.status, 422);
    }

    async fn pt8_a_rollback_removes_what_nobody_touched_since(app) {
        let staff = app.admin().await;
        let office = Office::open(app).await;
        let before = app.sql().await.number("SELECT count(*) FROM patient").await;
        let file = "Nome\nFica Mudada\nFica Marcada\nVai Embora\n";
        let import = imported(app, &staff, &[("kind", "patients")], file).await;
        let id = async |words: &str| text(&found(&staff, words).await[0]["id"]);
        let changed = format!("/api/v1/patients/{}", id("mudada").await);
        staff.patch(&changed, "*", &json!({ "notes": "Alérgica" })).await.expect(200);
        office.book(&id("marcada").await, "2027-03-12T12:00:00Z").await.expect(201);
        let rollback = format!("{IMPORTS}/{}/rollback", text(&import["id"]));
        assert_eq!(staff.post(&rollback, &json!({})).await.expect(200)["status"], "rolling_back");
        app.settle().await;
        let import = of(&staff, &import).await;
        assert_eq!((import["status"].as_str(), &import["removed"], &import["kept"]), (Some("rolled_back"), &json!(1), &json!(2)));
        let kept = rows(&staff, &import, "outcome=kept").await;
        assert!(kept.iter().all(|row| row["code"] == "touched_since"), "{kept:?}");
        assert_eq!(found(&staff, "embora").await.len(), 0);
        assert_eq!(app.sql().await.number("SELECT count(*) FROM patient").await, before + 2);
        let entries = app.entries().await;
        assert_eq!(staff.post(&rollback, &json!({})).await.expect(200)["status"], "rolled_back");
        assert_eq!(app.entries().await, entries, "a repeat leaves no entry");
        let again = imported(app, &staff, &[("kind", "patients")], file).await;
        assert_eq!(counts(&again), [3, 1, 0, 2, 0], "what was removed can come again");
    }

    async fn pt8_appointments_come_with_their_patients(app) {
        let (staff, office) = (app.admin().await, Office::open(app).await);
        let file = "PatientId,AppointmentID,Gender,ScheduledDay,AppointmentDay,Age,Neighbourhood,No-show\n\
            832256398961987,5030230,F,2015-11-10T07:13:56Z,2016-05-04T00:00:00Z,51,RESISTÊNCIA,No\n\
            832256398961987,5030231,F,2015-11-10T07:13:56Z,2016-05-05T00:00:00Z,51,RESISTÊNCIA,Yes\n\
            9377952927E-5,5411439,M,2016-03-01T07:43:25Z,2016-05-02T00:00:00Z,-1,JARDIM CAMBURI,No\n";
        let fields = [
            ("kind", "appointments"),
            ("practitioner_id", office.practitioner.as_str()),
            ("service_id", office.service.as_str()),
            ("clinic_id", office.clinic.as_str()),
            ("time", "08:00"),
        ];
        let import = imported(app, &staff, &fields, file).await;
        assert_eq!(counts(&import), [3, 3, 0, 0, 0], "{import:#}");
        let quirks: Vec<&str> =
            import["detected"]["quirks"].as_array().unwrap().iter().filter_map(|quirk| quirk["kind"].as_str()).collect();
        assert!(quirks.contains(&"negative_numbers") && quirks.contains(&"exponents"), "{quirks:?}");
        let patient = text(&found(&staff, "832256398961987").await[0]["id"]);
        let agenda = staff.get(&format!("/api/v1/appointments?patient_id={patient}")).await.expect(200);
        let told: Vec<(&str, &str)> = agenda["items"].as_array().unwrap().iter()
            .map(|one| (one["start"].as_str().unwrap(), one["status"].as_str().unwrap())).collect();
        assert_eq!(told, [("2016-05-04T11:00:00Z", "completed"), ("2016-05-05T11:00:00Z", "no_show")]);
        let again = imported(app, &staff, &fields, file).await;
        assert_eq!(counts(&again), [3, 0, 0, 3, 0]);
        staff.post(&format!("{IMPORTS}/{}/rollback", text(&import["id"])), &json!({})).await.expect(200);
        app.settle().await;
        assert_eq!(of(&staff, &import).await["removed"], 3);
        assert_eq!(found(&staff, "832256398961987").await.len(), 0);
    }

    async fn pt8_appointments_to_come_do_not_overlap(app) {
        let (staff, office) = (app.admin().await, Office::open(app).await);
        let patient = office.patient("Já Marcada").await;
        office.book(&patient, "2027-04-12T13:00:00Z").await.expect(201);
        let file = "Paciente;Início;Profissional;Serviço\nAna Nova;2027-04-12T13:15:00-00:00;Dra. Teste;Consulta de teste\n\
            Bia Nova;2027-04-12 11:00;Dra. Teste;Consulta de teste\nCaio Novo;2027-04-12 11:10;Dra. Teste;Consulta de teste\n\
            Duda Nova;2027-04-12 12:00;Dr. Ninguém;Consulta de teste\n";
        let fields = [("kind", "appointments"), ("clinic_id", office.clinic.as_str())];
        let import = imported(app, &staff, &fields, file).await;
        assert_eq!(counts(&import), [4, 1, 0, 0, 3], "{import:#}");
        let codes: Vec<String> = rows(&staff, &import, "outcome=failed").await.iter().map(|row| text(&row["code"])).collect();
        assert_eq!(codes, ["overlap", "overlap", "unknown_practitioner"]);
        assert_eq!(found(&staff, "ana+nova").await.len(), 0, "nobody is made for an appointment that is refused");
        assert_eq!(found(&staff, "bia+nova").await.len(), 1);
    }

    async fn pt8_bad_uploads_are_clear_problems_and_leave_nothing(app) {
        let staff = app.admin().await;
        let before = app.entries().await;
        let patients = [("kind", "patients")];
        for (file, code) in [
            (&b""[..], "imports.empty"),
            (&b"PK\x03\x04 broken off"[..], "imports.broken_file"),
            (&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], "imports.broken_file"),
        ] {
            let refused = staff.upload(IMPORTS, &patients, "a.xlsx", file).await.expect(422);
            assert_eq!(refused["code"], code, "{refused:#}");
        }
        let faults = staff.upload(IMPORTS, &[("kind", "people"), ("namespace", "a b")], "a.csv", b"Nome\nAna\n").await.faults();
        assert_eq!(faults.len(), 2, "{faults:?}");
        let unknown = staff.upload(IMPORTS, &[("kind", "patients"), ("colour", "red")], "a.csv", b"Nome\nAna\n").await.faults();
        assert_eq!(unknown, [("/colour".to_owned(), "unknown_field".to_owned())]);
        let long = "x".repeat(65 * 1024);
        let long = staff.upload(IMPORTS, &[("kind", "patients"), ("mapping", &long)], "a.csv", b"Nome\nAna\n").await.faults();
        assert_eq!(long, [("/mapping".to_owned(), "too_long".to_owned())]);
        let nul = staff.upload(IMPORTS, &[("kind", "a\0b")], "a.csv", b"Nome\nAna\n").await.faults();
        assert_eq!(nul, [("/kind".to_owned(), "control_character".to_owned())]);
        let beyond = "x".repeat(600 * 1024);
        let beyond = staff.upload(IMPORTS, &[("kind", "patients"), ("mapping", &beyond)], "a.csv", b"Nome\nAna\n").await;
        beyond.refused(413, "too_large");
        let large = vec![b'a'; 26 * 1024 * 1024];
        let refused = staff.upload(IMPORTS, &patients, "a.csv", &large).await;
        assert_eq!(refused.header("connection"), Some("close"), "the rest of the body still comes");
        refused.refused(413, "too_large");
        let json = staff.post(IMPORTS, &json!({ "kind": "patients" })).await;
        json.refused(415, "unsupported_media_type");
        staff.send_form(IMPORTS, b"no form".to_vec(), &[]).await.expect(400);
        assert_eq!(app.entries().await, before);
        assert_eq!(app.sql().await.number("SELECT count(*) FROM import").await, 0);
    }

    async fn pt8_another_companys_imports_are_unknown_and_only_some_roles_import(app) {
        let (staff, other) = (app.admin().await, app.other_admin().await);
        let import = imported(app, &staff, &[("kind", "patients")], PEOPLE).await;
        let path = format!("{IMPORTS}/{}", text(&import["id"]));
        for path in [path.clone(), format!("{path}/rows"), format!("{path}/file")] {
            other.get(&path).await.refused(404, "not_found");
        }
        other.post(&format!("{path}/rollback"), &json!({})).await.refused(404, "not_found");
        assert_eq!(other.get(IMPORTS).await.expect(200)["items"], json!([]));
        app.member("caregiver").await.get(IMPORTS).await.refused(403, "forbidden");
    }

    async fn i12_the_cells_of_a_row_that_failed_do_not_lie_open(app) {
        let staff = app.admin().await;
        imported(app, &staff, &[("kind", "patients")], PEOPLE).await;
        let open = "SELECT count(*) FROM import_row WHERE cells IS NOT NULL AND CAST(cells AS text) LIKE '%Caio%'";
        let sql = app.sql().await;
        assert_eq!(sql.number("SELECT count(*) FROM import_row WHERE cells IS NOT NULL").await, 1);
        assert_eq!(sql.number(open).await, 0);
    }

    async fn pt8_a_row_that_brings_anothers_identifier_fails_alone(app) {
        let staff = app.admin().await;
        imported(app, &staff, &[("kind", "patients")], PEOPLE).await;
        let file = "Código;Nome;CPF\n1;Conceição Zaratustra;\n2;Bia Lima;\n9;Nova Pessoa;\n";
        imported(app, &staff, &[("kind", "patients")], file).await;
        let taken = "Código;Nome;CPF\n9;Nova Pessoa;093.808.260-44\n10;Outra Pessoa;\n";
        let import = imported(app, &staff, &[("kind", "patients")], taken).await;
        assert_eq!((import["status"].as_str(), counts(&import)), (Some("finished"), [2, 1, 0, 0, 1]), "{import:#}");
        assert_eq!(rows(&staff, &import, "outcome=failed").await[0]["code"], "identifier_conflict");
    }

    async fn pt8_appointments_without_numbers_share_their_patients_over_batches_and_files(app) {
        let (staff, office) = (app.admin().await, Office::open(app).await);
        let before = app.sql().await.number("SELECT count(*) FROM patient").await;
        let booked = app.sql().await.number("SELECT count(*) FROM appointment").await;
        let fields = [("kind", "appointments"), ("practitioner_id", &office.practitioner), ("service_id", &office.service), ("clinic_id", &office.clinic)]
            .map(|(name, value): (&str, &str)| (name, value));
        let file = |year: i32| {
            let line = |n: usize| format!("Pessoa Fiel {};{year}-{:02}-{:02} {:02}:00\n", n % 2, n / 240 + 1, n / 10 % 24 + 1, n % 10 + 8);
            "Paciente;Início\n".to_owned() + &(0..900).map(line).collect::<String>()
        };
        let import = imported(app, &staff, &fields, &file(2015)).await;
        assert_eq!(counts(&import), [900, 900, 0, 0, 0], "{import:#}");
        assert_eq!(app.sql().await.number("SELECT count(*) FROM patient").await, before + 2);
        imported(app, &staff, &fields, &file(2016)).await;
        assert_eq!(app.sql().await.number("SELECT count(*) FROM patient").await, before + 2, "a second file knows them");
        assert_eq!(app.sql().await.number("SELECT count(*) FROM appointment").await, booked + 1_800);
    }

    async fn pt8_a_rollback_takes_patients_whose_appointments_fill_many_batches(app) {
        let (staff, office) = (app.admin().await, Office::open(app).await);
        let before = app.sql().await.number("SELECT count(*) FROM patient").await;
        let line = |n: usize| format!("Pessoa Fiel;2015-{:02}-{:02} {:02}:00\n", n / 240 + 1, n / 10 % 24 + 1, n % 10 + 8);
        let file = "Paciente;Início\n".to_owned() + &(0..450).map(line).collect::<String>();
        let fields = [("kind", "appointments"), ("practitioner_id", &*office.practitioner), ("service_id", &*office.service), ("clinic_id", &*office.clinic)];
        let import = imported(app, &staff, &fields, &file).await;
        let removals = "SELECT count(*) FROM journal_change WHERE entity_kind = 'appointment' AND version = 2";
        let told = app.sql().await.number(removals).await;
        let rollback = format!("{IMPORTS}/{}/rollback", text(&import["id"]));
        staff.post(&rollback, &json!({})).await.expect(200);
        app.settle().await;
        assert_eq!((&of(&staff, &import).await["removed"], &of(&staff, &import).await["kept"]), (&json!(450), &json!(0)));
        let sql = app.sql().await;
        assert_eq!(sql.number("SELECT count(*) FROM patient").await, before);
        assert_eq!(sql.number(removals).await, told + 450);
        let again = imported(app, &staff, &fields, &file).await;
        let patient = text(&found(&staff, "fiel").await[0]["id"]);
        office.book(&patient, "2027-03-12T12:00:00Z").await.expect(201);
        staff.post(&format!("{IMPORTS}/{}/rollback", text(&again["id"])), &json!({})).await.expect(200);
        app.settle().await;
        let codes: Vec<Value> = rows(&staff, &again, "outcome=removed&limit=1").await.iter().map(|row| row["code"].clone()).collect();
        assert_eq!(codes, [json!("patient_kept")]);
    }

    async fn pt8_a_rollback_that_was_given_up_begins_again(app) {
        let staff = app.admin().await;
        let import = imported(app, &staff, &[("kind", "patients")], "Nome\nVai Embora\n").await;
        let rollback = format!("{IMPORTS}/{}/rollback", text(&import["id"]));
        staff.post(&rollback, &json!({})).await.expect(200);
        let lost = "DELETE FROM job WHERE kind = 'patients.import_rollback'";
        assert_eq!(app.sql().await.run(lost).await, Ok(1));
        staff.post(&rollback, &json!({})).await.expect(200);
        app.settle().await;
        assert_eq!(of(&staff, &import).await["status"], "rolling_back", "one at work is left alone");
        app.clock.advance(chrono::TimeDelta::seconds(120));
        staff.post(&rollback, &json!({})).await.expect(200);
        app.settle().await;
        assert_eq!(of(&staff, &import).await["status"], "rolled_back");
    }

    async fn pt8_an_appointment_goes_to_the_record_that_lives_on(app) {
        let (staff, office) = (app.admin().await, Office::open(app).await);
        imported(app, &staff, &[("kind", "patients")], PEOPLE).await;
        let (ana, bia) = (text(&found(&staff, "zaratustra").await[0]["id"]), text(&found(&staff, "bia+lima").await[0]["id"]));
        let keep = text(&staff.post("/api/v1/patients", &json!({ "name": "Conceição Zaratustra Que Fica" })).await.expect(201)["id"]);
        staff.post(&format!("/api/v1/patients/{keep}/merge"), &json!({ "source_id": ana })).await.expect(200);
        staff.send(Method::DELETE, &format!("/api/v1/patients/{bia}"), None, &[("if-match", "*")]).await;
        let file = "Código;CPF;Início\n1;;2015-01-01 10:00\n2;;2015-01-02 10:00\n;093.808.260-44;2015-01-03 10:00\n";
        let fields = [("kind", "appointments"), ("practitioner_id", &*office.practitioner), ("service_id", &*office.service), ("clinic_id", &*office.clinic)];
        let import = imported(app, &staff, &fields, file).await;
        assert_eq!(counts(&import), [3, 2, 0, 0, 1], "{:#?}", rows(&staff, &import, "").await);
        assert_eq!(rows(&staff, &import, "outcome=failed").await[0]["code"], "record_is_archived");
        let agenda = staff.get(&format!("/api/v1/appointments?patient_id={keep}")).await.expect(200);
        assert_eq!(agenda["items"].as_array().unwrap().len(), 2);
    }

    async fn pt8_a_number_that_repeats_in_a_file_is_no_change_the_second_time(app) {
        let staff = app.admin().await;
        let before = app.sql().await.number("SELECT count(*) FROM patient").await;
        let filler = (10..500).map(|n| format!("{n};Pessoa Comum {n}\n")).collect::<Vec<_>>().concat();
        let file = format!("Código;Nome\n1;Nome Antigo\n{filler}1;Nome Novo\n");
        let first = imported(app, &staff, &[("kind", "patients")], &file).await;
        assert_eq!(counts(&first), [492, 491, 1, 0, 0]);
        let again = imported(app, &staff, &[("kind", "patients")], &file).await;
        assert_eq!(counts(&again), [492, 0, 0, 492, 0]);
        assert_eq!(found(&staff, "nome+novo").await.len(), 1);
        staff.post(&format!("{IMPORTS}/{}/rollback", text(&first["id"])), &json!({})).await.expect(200);
        app.settle().await;
        assert_eq!((&of(&staff, &first).await["removed"], &of(&staff, &first).await["kept"]), (&json!(491), &json!(0)));
        assert_eq!(app.sql().await.number("SELECT count(*) FROM patient").await, before);
    }

    async fn pt8_two_rows_of_a_batch_are_one_person_as_they_are_in_two(app) {
        let staff = app.admin().await;
        let row = "Bia Martins Lima;04/05/1990;Rosa Martins Lima;(27) 3333-4444;bia@exemplo.com";
        let file = format!("Nome;Nascimento;Mãe;Telefone;E-mail;Obs\n{row};uma\n{row};outra\n");
        let import = imported(app, &staff, &[("kind", "patients")], &file).await;
        assert_eq!(counts(&import), [2, 1, 1, 0, 0], "{import:#}");
    }

    async fn pt8_the_file_of_failed_rows_says_dates_that_any_reader_understands(app) {
        let staff = app.admin().await;
        let file = "Nome;CPF;Nascimento\nAna Certa;;12/31/1985\nBia Errada;111.111.111-11;02/03/1990\n";
        let import = imported(app, &staff, &[("kind", "patients")], file).await;
        let csv = staff.get(&format!("{IMPORTS}/{}/rows?format=csv", text(&import["id"]))).await.text();
        assert!(csv.contains("Bia Errada,111.111.111-11,1990-02-03,3,"), "{csv}");
        let import = imported(app, &staff, &[("kind", "patients")], &csv.replace("111.111.111-11", "158.864.890-70")).await;
        assert_eq!(counts(&import), [1, 1, 0, 0, 0]);
        assert_eq!(found(&staff, "errada").await[0]["birth_date"], "1990-02-03");
    }

    async fn pt8_notes_of_an_appointment_that_are_too_long_fail_their_row(app) {
        let (staff, office) = (app.admin().await, Office::open(app).await);
        let file = format!("Paciente;Início;Motivo\nAna Nova;2015-01-01 10:00;{}\n", "a".repeat(4_001));
        let fields = [
            ("kind", "appointments"), ("practitioner_id", &*office.practitioner), ("service_id", &*office.service),
            ("clinic_id", &*office.clinic), ("mapping", r#"{"Motivo":"appointment_notes"}"#),
        ];
        let import = imported(app, &staff, &fields, &file).await;
        let failed = rows(&staff, &import, "outcome=failed").await;
        assert_eq!((&failed[0]["code"], &failed[0]["column"]), (&json!("invalid_notes"), &json!("Motivo")));
    }
}
