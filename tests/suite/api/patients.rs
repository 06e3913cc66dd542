//! The registry: identifiers, telephone numbers, search, pages, and changes by merge patch.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Caller, at_once, text};

const PATIENTS: &str = "/api/v1/patients";

/// The `number`th valid CPF, with its punctuation.
fn cpf(number: u32) -> String {
    let mut digits: Vec<u32> =
        format!("{:09}", 200_000_000 + number).chars().filter_map(|digit| digit.to_digit(10)).collect();
    for first in [10, 11] {
        let sum: u32 = digits.iter().zip((2..=first).rev()).map(|(digit, weight)| digit * weight).sum();
        let rest = sum % 11;
        digits.push(if rest < 2 { 0 } else { 11 - rest });
    }
    let digits: String = digits.iter().filter_map(|digit| char::from_digit(*digit, 10)).collect();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
    format!("{}.{}.{}-{}", part(0, 3), part(3, 6), part(6, 9), part(9, 11))
}

async fn register(staff: &Caller, patient: &Value) -> String {
    text(&staff.post(PATIENTS, patient).await.expect(201)["id"])
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|patient| text(&patient["id"])).collect()
}

/// The patients that a search finds, in its order.
async fn found(staff: &Caller, words: &str) -> Vec<String> {
    let encoded = words.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    ids(&staff.get(&format!("{PATIENTS}?search={encoded}")).await.expect(200))
}

both! {
    async fn pt1_the_same_cpf_twice_is_refused_with_the_patient_who_has_it(app) {
        let staff = app.receptionist().await;
        let with = |name: &str, value: &str| json!({ "name": name, "identifiers": [{ "kind": "cpf", "value": value }] });
        let first = register(&staff, &with("Primeira", &cpf(1))).await;
        let bare: String = cpf(1).chars().filter(char::is_ascii_digit).collect();
        let before = app.entries().await;
        let refused = staff.post(PATIENTS, &with("Segunda", &bare)).await.refused(409, "patients.duplicate_identifier");
        assert_eq!((text(&refused["existing_id"]), app.entries().await), (first, before));
        let other = app.other_admin().await;
        register(&other, &with("Terceira", &bare)).await;
    }

    async fn pt1_of_two_that_come_at_once_one_is_registered(app) {
        let staff = app.receptionist().await;
        for number in 0..4 {
            let ask = json!({ "name": "Gêmea", "identifiers": [{ "kind": "cpf", "value": cpf(100 + number) }] });
            let send = |staff: Caller, ask: Value| async move { staff.post(PATIENTS, &ask).await };
            let answers = at_once((0..6).map(|_| send(staff.clone(), ask.clone()))).await;
            let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
            let won: Vec<Value> = won.into_iter().map(|answer| answer.json()["id"].clone()).collect();
            assert_eq!((won.len(), lost.len()), (1, 5));
            for refused in lost {
                let refused = refused.refused(409, "patients.duplicate_identifier");
                assert_eq!(Some(&refused["existing_id"]), won.first());
            }
        }
    }

    async fn pt1_what_does_not_check_is_named(app) {
        let staff = app.receptionist().await;
        let ask = json!({ "name": "Errada", "identifiers": [
            { "kind": "cpf", "value": "111.111.111-11" }, { "kind": "cpf", "value": cpf(7) }, { "kind": "cns", "value": "123" }
        ] });
        let places: Vec<_> = staff.post(PATIENTS, &ask).await.faults().into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(places, ["/identifiers/0/value", "/identifiers/2/value"]);
    }

    async fn pt2_a_mobile_number_is_found_with_and_without_the_ninth_digit(app) {
        let staff = app.receptionist().await;
        let with = |name: &str, phone: &str| json!({ "name": name, "contacts": [{ "kind": "phone", "value": phone }] });
        let new = register(&staff, &with("Nono", "(27) 99123-4567")).await;
        let old = register(&staff, &with("Antiga", "27 9234-5678")).await;
        let fixed = register(&staff, &with("Fixo", "(27) 3345-6789")).await;
        for typed in ["27991234567", "(27) 9123-4567", "+55 27 99123 4567", "0055 27 91234567", "99123-4567"] {
            assert_eq!(found(&staff, typed).await, std::slice::from_ref(&new), "{typed}");
        }
        for typed in ["27 9234-5678", "27 99234-5678", "+55 (27) 99234-5678"] {
            assert_eq!(found(&staff, typed).await, std::slice::from_ref(&old), "{typed}");
        }
        assert_eq!(found(&staff, "27 3345-6789").await, [fixed]);
        assert_eq!(found(&staff, "27 93345-6789").await, Vec::<String>::new(), "a landline never gains a digit");
    }

    async fn pt2_an_odd_number_is_kept_and_never_refused(app) {
        let staff = app.receptionist().await;
        let ask = json!({ "name": "Estranha", "contacts": [{ "kind": "whatsapp", "value": "+55 27 1234-5678" }] });
        let patient = staff.post(PATIENTS, &ask).await.expect(201);
        assert_eq!(patient["contacts"][0]["raw"], "+55 27 1234-5678");
    }

    async fn pt3_any_part_of_any_name_in_any_order_finds(app) {
        let staff = app.receptionist().await;
        let ask = json!({
            "name": "José Antônio da Conceição-Quixadá", "social_name": "Zezé Xique", "mother_name": "Não Procurada",
            "identifiers": [{ "kind": "cpf", "value": cpf(42) }],
            "contacts": [{ "kind": "email", "value": "Ze.Quixada@example.org" }],
            "health_plans": [{ "operator": "Unimed", "card_number": "0034.5567.889" }]
        });
        let id = register(&staff, &ask).await;
        let bare: String = cpf(42).chars().filter(char::is_ascii_digit).collect();
        let words = [
            "jose conceicao quixada", "quixadá josé", "QUIXADA", "conceição de quixadá antônio", "uixad", "ze xique",
            "Conceição-Quixadá", "conceicaoquixada", "ze.quixada@example.org", "00345567889", &cpf(42), &bare,
        ];
        for typed in words {
            assert!(found(&staff, typed).await.contains(&id), "{typed}");
        }
        for typed in ["quixada pereira", "quixada josefina", "quixadas", "xquixada"] {
            assert!(!found(&staff, typed).await.contains(&id), "{typed}");
        }
    }

    async fn pt3_the_beginning_of_a_word_ranks_before_its_inside(app) {
        let staff = app.receptionist().await;
        let inside = register(&staff, &json!({ "name": "Aa Bwxyzt" })).await;
        let beginning = register(&staff, &json!({ "name": "Zz Wxyztron" })).await;
        let both = register(&staff, &json!({ "name": "Mm Wxyzta" })).await;
        assert_eq!(found(&staff, "wxyzt").await, [both, beginning, inside]);
    }

    async fn c4_pages_hold_everybody_once_while_rows_arrive(app) {
        let staff = app.receptionist().await;
        let mut there = BTreeSet::new();
        for number in 0..20 {
            there.insert(register(&staff, &json!({ "name": format!("Quirinus {number:02}") })).await);
        }
        let (mut seen, mut cursor, mut arrived) = (Vec::new(), None::<String>, 0);
        loop {
            let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = staff.get(&format!("{PATIENTS}?search=quirinus&limit=6{after}")).await.expect(200);
            seen.extend(ids(&page));
            for name in ["Quirinus 00 antes", "Quirinus 99 depois"] {
                register(&staff, &json!({ "name": format!("{name} {arrived}") })).await;
            }
            arrived += 1;
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() || arrived > 20 {
                break;
            }
        }
        let once: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(once.len(), seen.len(), "somebody twice");
        assert!(there.is_subset(&once), "somebody missing");
        let total = staff.get(&format!("{PATIENTS}?search=quirinus&limit=1&include=total")).await.expect(200);
        assert_eq!(total["total"], 20 + 2 * arrived);
    }

    async fn c4_what_is_no_page_is_refused(app) {
        let staff = app.receptionist().await;
        for query in ["limit=0", "limit=201", "limit=x", "cursor=nonsense", "sort=shoe_size", "colour=red", "limit=1&limit=2", "page=0"] {
            let problem = staff.get(&format!("{PATIENTS}?{query}")).await.expect(422);
            assert_eq!(problem["errors"].as_array().map(Vec::len), Some(1), "{query}: {problem:#}");
        }
    }

    async fn c9_a_change_needs_the_version_that_was_seen(app) {
        let staff = app.receptionist().await;
        let id = register(&staff, &json!({ "name": "Mutável", "social_name": "Muti", "tags": ["vip"] })).await;
        let path = format!("{PATIENTS}/{id}");
        let change = json!({ "social_name": null, "gender": "não-binária" });
        let send = async |tag: Option<&str>| {
            let condition = tag.map(|tag| ("if-match", tag));
            staff.send(Method::PATCH, &path, Some(&change), condition.as_slice()).await
        };
        send(None).await.refused(428, "precondition_required");
        send(Some("\"2\"")).await.refused(412, "stale");
        send(Some("\"zero\"")).await.refused(412, "stale");
        send(Some("1")).await.refused(400, "malformed_condition");
        let answer = send(Some("\"1\"")).await;
        assert_eq!(answer.header("etag"), Some("\"2\""));
        let changed = answer.expect(200);
        assert_eq!((&changed["social_name"], &changed["gender"], &changed["tags"]), (&Value::Null, &json!("não-binária"), &json!(["vip"])));
        send(Some("\"1\"")).await.refused(412, "stale");
        let before = app.entries().await;
        assert_eq!(send(Some("*")).await.expect(200)["version"], 2, "naming what is there changes nothing");
        assert_eq!(app.entries().await, before);
        let known = staff.send(Method::GET, &path, None, &[("if-none-match", "\"2\"")]).await;
        assert_eq!((known.status, known.bytes.len()), (304, 0));
    }

    async fn c3_an_unknown_field_is_refused_with_its_pointer(app) {
        let staff = app.receptionist().await;
        let ask = json!({ "nome": "Ana", "contacts": [{ "kind": "phone", "value": "27 99999-0000", "valor": 1 }] });
        let mut places = staff.post(PATIENTS, &ask).await.faults();
        places.sort();
        let told = [("/contacts/0/valor", "unknown_field"), ("/name", "required"), ("/nome", "unknown_field")];
        assert_eq!(places, told.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
        let id = register(&staff, &json!({ "name": "Ana" })).await;
        let refused = staff.patch(&format!("{PATIENTS}/{id}"), "\"1\"", &json!({ "apelido": "Aninha" })).await.faults();
        assert_eq!(refused, [("/apelido".to_owned(), "unknown_field".to_owned())]);
    }

    async fn c3_every_field_of_an_answer_is_there(app) {
        let staff = app.receptionist().await;
        let patient = staff.post(PATIENTS, &json!({ "name": "Só Nome" })).await.expect(201);
        for field in ["social_name", "birth_date", "sex", "gender", "mother_name", "notes"] {
            assert_eq!(patient.get(field), Some(&Value::Null), "{field}");
        }
        for field in ["identifiers", "contacts", "addresses", "health_plans", "tags", "emergency_contacts"] {
            assert_eq!(patient.get(field), Some(&json!([])), "{field}");
        }
    }
}
