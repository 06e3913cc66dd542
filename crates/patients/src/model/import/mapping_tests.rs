use super::*;
use crate::model::table::ColumnShape;

fn columns(titles: &[&str]) -> Vec<Column> {
    titles.iter().map(|title| Column { title: (*title).to_owned(), shape: ColumnShape::default() }).collect()
}

fn rows(rows: &[&[&str]]) -> Vec<Vec<Cell>> {
    rows.iter().map(|row| row.iter().map(|text| Cell::Text((*text).to_owned())).collect()).collect()
}

fn fields(titles: &[&str], sample: &[&[&str]], kind: ImportKind) -> Vec<String> {
    proposed(&columns(titles), &rows(sample), kind).columns().map(|(_, field)| field.to_string()).collect()
}

#[test]
fn pt8_columns_are_proposed_by_their_titles() {
    let titles = ["Nome", "CPF", "Nascimento", "Telefone", "Telefone", "Nome", "Cor favorita"];
    let mapping = proposed(&columns(&titles), &[], ImportKind::Patients);
    let found: Vec<(String, String)> = mapping.columns().map(|(label, f)| (label.to_owned(), f.to_string())).collect();
    let expected = [
        ("Nome", "name"),
        ("CPF", "cpf"),
        ("Nascimento", "birth_date"),
        ("Telefone", "phone"),
        ("Telefone (2)", "phone"),
        ("Nome (2)", "ignore"),
        ("Cor favorita", "ignore"),
    ];
    assert_eq!(found, expected.map(|(label, field)| (label.to_owned(), field.to_owned())));
}

#[test]
fn pt8_a_french_name_beside_first_names_is_the_last_name() {
    assert_eq!(
        fields(&["Nom", "Prénom", "Né(e) le"], &[], ImportKind::Patients),
        ["last_name", "first_name", "birth_date"]
    );
    assert_eq!(fields(&["Nom", "Ville"], &[], ImportKind::Patients), ["name", "city"]);
}

#[test]
fn pt8_gender_is_the_sex_where_it_is_letters() {
    let letters: &[&[&str]] = &[&["F"], &["M"]];
    let words: &[&[&str]] = &[&["mulher trans"], &["não-binária"]];
    assert_eq!(fields(&["Gender"], letters, ImportKind::Patients), ["sex"]);
    assert_eq!(fields(&["Gender"], words, ImportKind::Patients), ["gender"]);
}

#[test]
fn pt8_untitled_columns_are_proposed_by_their_values() {
    let sample: &[&[&str]] = &[
        &["Ana Souza", "093.808.260-44", "ana@exemplo.com", "(27) 99999-1111", "x1"],
        &["Bia Lima", "158.864.890-70", "bia@exemplo.com", "+55 27 99999-2222", "x2"],
        &["Caio Reis", "09380826044", "caio@exemplo.com", "(11) 3333-4444", "x3"],
    ];
    let found = fields(&["", "", "", "", ""], sample, ImportKind::Patients);
    assert_eq!(found, ["name", "cpf", "email", "phone", "ignore"]);
}

#[test]
fn pt8_the_columns_of_real_files_are_understood() {
    let synthea = [
        "Id",
        "BIRTHDATE",
        "DEATHDATE",
        "SSN",
        "FIRST",
        "LAST",
        "GENDER",
        "ADDRESS",
        "CITY",
        "STATE",
        "ZIP",
        "LAT",
        "LON",
    ];
    let row: &[&str] = &[
        "d9937c56",
        "1981-07-17",
        "",
        "999-24-4444",
        "Dario75",
        "Breitenberg711",
        "M",
        "300 Stehr",
        "Franklin",
        "MA",
        "",
        "42.1",
        "-71.4",
    ];
    assert_eq!(
        fields(&synthea, &[row], ImportKind::Patients),
        [
            "external_id",
            "birth_date",
            "death_date",
            "ignore",
            "first_name",
            "last_name",
            "sex",
            "street",
            "city",
            "region",
            "postal_code",
            "latitude",
            "longitude"
        ]
    );
}

#[test]
fn pt8_the_columns_of_appointments_are_understood() {
    let noshow = [
        "PatientId",
        "AppointmentID",
        "Gender",
        "ScheduledDay",
        "AppointmentDay",
        "Age",
        "Neighbourhood",
        "Scholarship",
        "No-show",
    ];
    assert_eq!(
        fields(&noshow, &[], ImportKind::Appointments),
        ["external_id", "appointment_id", "sex", "booked_at", "start", "age", "neighbourhood", "ignore", "no_show"]
    );
}

#[test]
fn pt8_the_sender_has_the_last_word() {
    let mapping = proposed(&columns(&["Nome", "Apelido", "Cor"]), &[], ImportKind::Patients);
    let says = [("Apelido".to_owned(), Field::Known("name")), ("Cor".to_owned(), Field::Custom("cor".to_owned()))];
    let found: Vec<String> = mapping.clone().overridden(&says).unwrap().columns().map(|(_, f)| f.to_string()).collect();
    assert_eq!(found, ["ignore", "name", "custom.cor"]);
    let unknown = [("Idade".to_owned(), Field::Known("age"))];
    assert_eq!(mapping.clone().overridden(&unknown), Err(vec!["Idade".to_owned()]));
    let twice = [("Nome".to_owned(), Field::Known("cpf")), ("Cor".to_owned(), Field::Known("cpf"))];
    assert!(mapping.overridden(&twice).is_err());
}

#[test]
fn pt8_a_title_that_is_a_number_of_a_column_is_none() {
    let sample: &[&[&str]] = &[&["Ana Souza Lima", "azul"]];
    assert_eq!(fields(&["#1", "#2"], sample, ImportKind::Patients), ["name", "ignore"]);
    let mapping = proposed(&columns(&["#1", "#2"]), &rows(sample), ImportKind::Patients);
    assert_eq!(mapping.labels().collect::<Vec<_>>(), ["#1", "#2"]);
}
