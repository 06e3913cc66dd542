use chrono::NaiveDate;

use super::super::mapping::proposed;
use super::super::run::ImportKind;
use super::*;
use crate::model::table::{ColumnShape, DateOrder};
use crate::ports::tables::{Column, Sheet, TableFormat};

/// A file of these titles and rows, as a reader would hand it over.
fn plan_of(titles: &[&str], rows: &[Vec<Cell>]) -> Plan {
    plan_as(titles, rows, ImportKind::Patients)
}

fn plan_as(titles: &[&str], rows: &[Vec<Cell>], kind: ImportKind) -> Plan {
    let column = |(index, title): (usize, &&str)| {
        let mut shape = ColumnShape::default();
        rows.iter().filter_map(|row| row.get(index)).for_each(|cell| shape.note(cell));
        Column { title: (*title).to_owned(), shape }
    };
    let columns: Vec<Column> = titles.iter().enumerate().map(column).collect();
    let mapping = proposed(&columns, rows, kind);
    let sheet = Sheet {
        format: TableFormat::Csv,
        encoding: None,
        delimiter: Some(';'),
        sheets: Vec::new(),
        sheet: None,
        header_line: Some(1),
        columns,
        rows: 0,
        epoch: None,
        quirks: Vec::new(),
    };
    Plan::new(&sheet, &mapping, Country::BRAZIL, None, NaiveDate::from_ymd_opt(2027, 3, 10).unwrap())
}

fn texts(row: &[&str]) -> Vec<Cell> {
    row.iter().map(|text| if text.is_empty() { Cell::Empty } else { Cell::Text((*text).to_owned()) }).collect()
}

/// What a single row says under these titles.
fn read(titles: &[&str], row: &[&str]) -> Result<PatientInput, RowFault> {
    let rows = vec![texts(row)];
    read_patient(&rows[0], &plan_of(titles, &rows))
}

fn details(titles: &[&str], row: &[&str]) -> PatientDetails {
    read(titles, row).unwrap().details(NamedBy::Name).unwrap()
}

fn code(titles: &[&str], row: &[&str]) -> (Option<String>, &'static str) {
    let fault = read(titles, row).and_then(|input| input.details(NamedBy::Name)).unwrap_err();
    (fault.column, fault.code)
}

#[test]
fn pt8_a_row_becomes_a_record() {
    let titles = [
        "Código",
        "Nome",
        "CPF",
        "Nascimento",
        "Sexo",
        "Telefone",
        "E-mail",
        "Bairro",
        "Cidade",
        "Convênio",
        "Carteirinha",
        "Etiquetas",
        "Situação",
        "Obs",
    ];
    let row = [
        "17",
        "  Ana  Souza ",
        "093.808.260-44",
        "31/12/1985",
        "feminino",
        "(27) 99999-1111 / 27 3333-4444",
        "Ana@Exemplo.com",
        "Praia do Canto",
        "Vitória",
        "Unimed",
        "00123",
        "vip; retorno",
        "ativo",
        "Alérgica",
    ];
    let d = details(&titles, &row);
    assert_eq!((d.name.as_str(), d.stage), ("Ana Souza", Stage::Active));
    assert_eq!(d.birth_date.unwrap().date().to_string(), "1985-12-31");
    assert_eq!((d.sex, d.identifiers[0].value()), (Some(Sex::Female), "09380826044"));
    let values: Vec<&str> = d.contacts.as_slice().iter().map(Contact::value).collect();
    assert_eq!(values, ["+5527999991111", "+552733334444", "Ana@exemplo.com"]);
    assert_eq!(d.addresses[0].parts().neighbourhood.as_deref(), Some("Praia do Canto"));
    assert_eq!(d.health_plans[0].parts().card_number.as_deref(), Some("00123"));
    assert_eq!((d.tags.len(), d.notes.unwrap().as_str()), (2, "Alérgica"));
    assert_eq!(read(&titles, &row).unwrap().external_id.as_deref(), Some("17"));
}

#[test]
fn pt8_names_in_parts_are_joined() {
    assert_eq!(details(&["LAST", "FIRST"], &["O'Connell601", "José75"]).name.as_str(), "José75 O'Connell601");
}

#[test]
fn pt8_a_cell_that_is_not_acceptable_names_its_column() {
    let of = |column: &str, code| (Some(column.to_owned()), code);
    let titles = ["Nome", "CPF", "Nascimento", "Sexo", "E-mail", "Lat", "Lon"];
    for (row, expected) in [
        (["Ana", "111.111.111-11", "", "", "", "", ""], of("CPF", "invalid_cpf")),
        (["Ana", "1,23457E+10", "", "", "", "", ""], of("CPF", "invalid_cpf")),
        (["Ana", "", "31/02/1985", "", "", "", ""], of("Nascimento", "invalid_date")),
        (["Ana", "", "31/12/2099", "", "", "", ""], of("Nascimento", "in_future")),
        (["Ana", "", "", "", "ana", "", ""], of("E-mail", "invalid_email")),
        (["Ana", "", "", "", "", "13.348.799.999.999.900", "1.5"], of("Lat", "damaged_number")),
        (["", "", "", "f", "", "", ""], (None, "name_required")),
    ] {
        assert_eq!(code(&titles, &row), expected, "{row:?}");
    }
}

#[test]
fn pt8_leading_zeros_of_a_cpf_come_back_when_its_check_digits_say_so() {
    assert_eq!(details(&["Nome", "CPF"], &["Ana", "9380826044"]).identifiers[0].value(), "09380826044");
    assert_eq!(code(&["Nome", "CPF"], &["Ana", "9380826045"]).1, "invalid_cpf");
}

#[test]
fn pt8_an_age_that_is_none_is_left_out() {
    let age = |text: &str| details(&["Nome", "Idade"], &["Ana", text]).custom.as_map().get("age").cloned();
    assert_eq!((age("51"), age("-1"), age("300")), (Some(51.into()), None, None));
}

#[test]
fn pt8_a_date_of_two_readings_goes_by_column_then_sender_then_country() {
    let rows = vec![texts(&["Ana", "03/04/1985"]), texts(&["Bia", "04/25/1985"])];
    let birth =
        |plan: &Plan, row: &[Cell]| read_patient(row, plan).map(|input| input.birth_date.unwrap().date().to_string());
    let told = plan_of(&["Nome", "Nascimento"], &rows);
    assert_eq!(birth(&told, &rows[0]).unwrap(), "1985-03-04");
    let alone = plan_of(&["Nome", "Nascimento"], &rows[..1]);
    assert_eq!(birth(&alone, &rows[0]).unwrap(), "1985-04-03");
    assert_eq!(super::super::plan::default_order(Country::parse("US").unwrap()), DateOrder::MonthFirst);
}

#[test]
fn pt8_an_apostrophe_before_a_formulas_sign_is_left_out() {
    let d = details(&["Nome", "Telefone", "Obs"], &["Ana", "'+5527999991111", "'=1+1"]);
    assert_eq!((d.contacts.as_slice()[0].value(), d.notes.unwrap().as_str()), ("+5527999991111", "=1+1"));
}

#[test]
fn pt8_a_patient_is_named_by_number_only_where_that_is_asked_for() {
    let number = read(&["Código", "Idade"], &["83225", "51"]).unwrap();
    assert_eq!(number.clone().details(NamedBy::Name).unwrap_err().code, "name_required");
    assert_eq!(number.details(NamedBy::Number).unwrap().name.as_str(), "83225");
}

#[test]
fn pt8_what_a_row_does_not_say_stays() {
    let present = details(&["Nome", "CPF", "Telefone", "Etiquetas"], &["Ana", "09380826044", "27999991111", "vip"]);
    let patch = read(&["Nome", "CPF", "Telefone"], &["Ana Lima", "093.808.260-44", "27 3333-4444"])
        .unwrap()
        .patch(&present)
        .unwrap();
    assert_eq!(patch.name.unwrap().as_str(), "Ana Lima");
    assert!(patch.birth_date.is_keep() && patch.notes.is_keep());
    let Patch::Set(contacts) = patch.contacts else { panic!("contacts are kept") };
    assert_eq!(contacts.as_slice().len(), 2);
    let other = read(&["Nome", "CPF"], &["Ana", "158.864.890-70"]).unwrap();
    assert_eq!(other.patch(&present).unwrap_err().code, "identifier_conflict");
}

#[test]
fn pt8_rows_that_say_the_same_have_one_fingerprint() {
    let print = |titles: &[&str], row: &[&str]| {
        let rows = vec![texts(row)];
        fingerprint(&rows[0], &plan_of(titles, &rows))
    };
    let one = print(&["Nome", "Cor", "CPF"], &["Ana", "azul", "09380826044"]);
    assert_eq!(one, print(&["Nome", "Cor", "CPF"], &["Ana", "verde", "09380826044"]), "a column that is not read");
    assert_ne!(one, print(&["Nome", "Cor", "CPF"], &["Bia", "azul", "09380826044"]));
    assert_ne!(print(&["Nome", "Mãe"], &["Ana", "Bia"]), print(&["Nome", "Obs"], &["Ana", "Bia"]));
}

#[test]
fn pt8_a_row_gives_no_patient_more_labels_than_a_record_takes() {
    let many = (0..MOST_TAGS).map(|n| format!("t{n}")).collect::<Vec<_>>().join(";");
    let present = read(&["Nome", "Tags"], &["Ana", &many]).unwrap().details(NamedBy::Name).unwrap();
    let again = read(&["Nome", "Tags"], &["Ana", "t0"]).unwrap().patch(&present);
    assert!(again.is_ok());
    let more = read(&["Nome", "Tags"], &["Ana", "uma a mais"]).unwrap().patch(&present);
    assert_eq!(more.err(), Some(RowFault { column: None, code: "too_many" }));
}

#[test]
fn pt8_midnight_in_greenwich_is_a_day_and_every_other_offset_an_instant() {
    use super::super::appointment_row::{When, read_appointment};
    let when = |text: &str| {
        let rows = vec![texts(&[text])];
        let plan = plan_as(&["Início"], &rows, ImportKind::Appointments);
        read_appointment(&rows[0], &plan, chrono::NaiveTime::from_hms_opt(8, 0, 0).unwrap()).unwrap().start
    };
    let day = NaiveDate::from_ymd_opt(2016, 5, 4).unwrap();
    assert_eq!(when("2016-05-04T00:00:00Z"), When::Local(day.and_hms_opt(8, 0, 0).unwrap()));
    assert_eq!(when("2016-05-04T10:00:00Z"), When::At(day.and_hms_opt(10, 0, 0).unwrap().and_utc()));
    assert_eq!(when("2016-05-04T10:00:00-03:00"), When::At(day.and_hms_opt(13, 0, 0).unwrap().and_utc()));
}
