//! Workbooks of each kind.

use patients::model::table::Cell;
use patients::ports::tables::{Epoch, QuirkKind, TableAsk, TableFormat};

use super::makers::{Book, number, ods, record, sheet, text, xls};
use super::{quirk, read, read_as, shown, titles};

fn people() -> String {
    let header = [text("A2", "Nome"), text("B2", "CPF"), text("C2", "Nascimento")].concat();
    let ana = [text("A3", "Ana"), number("B3", "191", 1), number("C3", "31141", 2)].concat();
    format!(r#"<row r="1">{}</row><row r="2">{header}</row><row r="3">{ana}</row>"#, text("A1", "Pacientes"))
}

/// Numbers in their styles, one below the other.
fn column(values: &[(&str, usize)]) -> String {
    let row = |(at, (value, style)): (usize, &(&str, usize))| {
        format!("<row r=\"{0}\">{1}</row>", at + 1, number(&format!("A{}", at + 1), value, *style))
    };
    values.iter().enumerate().map(row).collect::<Vec<_>>().concat()
}

fn book(rows: &str) -> Book {
    Book { formats: vec!["General", "000\".\"000\".\"000-00", "dd/mm/yyyy", "hh:mm", "[h]:mm"], ..Book::of(rows) }
}

#[test]
fn pt8_a_workbook_is_read_below_its_titles() {
    let (sheet, rows) = read(book(&people()).xlsx());
    assert_eq!((sheet.format, sheet.header_line), (TableFormat::Xlsx, Some(2)));
    assert_eq!((sheet.epoch, sheet.sheet.as_deref()), (Some(Epoch::Y1900), Some("Plan1")));
    assert_eq!(titles(&sheet), ["Nome", "CPF", "Nascimento"]);
    assert_eq!(shown(&rows), ["Ana|00000000191|1985-04-04"]);
    assert_eq!(rows[0].line, 3);
}

#[test]
fn pt8_numbers_of_a_workbook_are_exact() {
    let values = ["52998224725", "1126000100027.0", "1334.8799999999999", "9.0051505E7", "0.1", "-3.50", "1E+15"];
    let cells = column(&values.map(|value| (value, 0)));
    let (_, rows) = read(book(&cells).xlsx());
    assert_eq!(
        shown(&rows),
        ["52998224725", "1126000100027", "1334.88", "90051505", "0.1", "-3.5", "1000000000000000"]
    );
}

#[test]
fn pt8_days_are_counted_from_both_epochs() {
    let (morning, long) = ("0.354166666666667", "1.1041666666666667");
    let days = column(&[("1", 2), ("59", 2), ("60", 2), ("61", 2), ("31141", 2), (morning, 3), (long, 4)]);
    let (sheet, rows) = read(book(&days).xlsx());
    assert_eq!(
        shown(&rows),
        ["1900-01-01", "1900-02-28", "1900-02-29", "1900-03-01", "1985-04-04", "08:30", "26:30:00"]
    );
    assert_eq!(rows[2].cells[0], Cell::Text("1900-02-29".into()));
    assert_eq!(quirk(&sheet, QuirkKind::ImpossibleDays), Some((1, 3)));
    let (sheet, rows) = read(Book { from_1904: true, ..book(&days) }.xlsx());
    assert_eq!(sheet.epoch, Some(Epoch::Y1904));
    assert_eq!(shown(&rows)[..5], ["1904-01-02", "1904-02-29", "1904-03-01", "1904-03-02", "1989-04-05"]);
}

#[test]
fn pt8_formulas_count_by_their_saved_result() {
    let row = r#"<row r="1"><c r="A1" t="str"><f>A2&amp;"x"</f><v>saved</v></c><c r="B1"><f>1+1</f><v>2</v></c><c r="C1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="D1"><f>NOW()</f></c></row>"#;
    let (sheet, rows) = read(book(row).xlsx());
    assert_eq!(shown(&rows), ["saved|2|#DIV/0!"]);
    assert_eq!(rows[0].cells[2], Cell::Error("#DIV/0!".into()));
    assert_eq!(quirk(&sheet, QuirkKind::ErrorCells), Some((1, 1)));
}

#[test]
fn pt8_the_first_visible_sheet_with_rows_is_read() {
    let mut workbook = book("");
    workbook.sheets = vec![
        ("Oculta", true, sheet(&format!("<row r=\"1\">{}</row>", text("A1", "segredo")))),
        ("Vazia", false, sheet("")),
        ("Lista", false, sheet(&people())),
        ("Outra", false, sheet(&format!("<row r=\"1\">{}</row>", text("A1", "mais")))),
    ];
    let file = workbook.xlsx();
    let (sheet, rows) = read(file.clone());
    assert_eq!((sheet.sheet.as_deref(), rows.len()), (Some("Lista"), 1));
    assert_eq!(sheet.sheets.iter().map(|sheet| sheet.visible).collect::<Vec<_>>(), [false, true, true, true]);
    assert_eq!(quirk(&sheet, QuirkKind::HiddenSheets), Some((1, 0)));
    assert_eq!(quirk(&sheet, QuirkKind::OtherSheets), Some((1, 0)));
    let ask = |name: &str| TableAsk { sheet: Some(name.to_owned()), ..TableAsk::default() };
    let asked = read_as(file.clone(), &ask("Oculta")).unwrap().0;
    assert_eq!(asked.sheet.as_deref(), Some("Oculta"));
    assert_eq!(read_as(file, &ask("Nenhuma")).unwrap_err().code(), Some("imports.no_such_sheet"));
}

#[test]
fn pt8_of_merged_cells_the_first_holds_the_value() {
    let markup = sheet(&people())
        .replace("</worksheet>", r#"<mergeCells count="1"><mergeCell ref="A1:C1"/></mergeCells></worksheet>"#);
    let (sheet, _) = read(Book { sheets: vec![("Plan1", false, markup)], ..book("") }.xlsx());
    assert_eq!(quirk(&sheet, QuirkKind::MergedCells), Some((1, 0)));
    let table = r#"<table:table table:name="T"><table:table-row>
        <table:table-cell table:number-columns-spanned="2" office:value-type="string"><text:p>um</text:p></table:table-cell>
        <table:covered-table-cell office:value-type="string"><text:p>coberto</text:p></table:covered-table-cell>
        <table:table-cell office:value-type="float" office:value="3"><text:p>3</text:p></table:table-cell>
        </table:table-row></table:table>"#;
    let (sheet, rows) = read(ods(table));
    assert_eq!(shown(&rows), ["um||3"]);
    assert_eq!(quirk(&sheet, QuirkKind::MergedCells), Some((1, 0)));
}

#[test]
fn pt8_opendocument_cells_are_read_by_their_types() {
    let cell = |attributes: &str, shown: &str| {
        format!("<table:table-cell {attributes}><text:p>{shown}</text:p></table:table-cell>")
    };
    let row = [
        cell(r#"office:value-type="string""#, "Ana &amp; <text:span>B<text:s text:c=\"2\"/>C</text:span>"),
        cell(r#"office:value-type="float" office:value="191""#, "00000000191"),
        cell(r#"office:value-type="currency" office:value="1334.88""#, "R$ 1.334,88"),
        cell(r#"office:value-type="date" office:date-value="1985-04-03""#, "03/04/85"),
        cell(r#"office:value-type="date" office:date-value="2026-03-01T08:30:00""#, "1/3/26 8:30"),
        cell(r#"office:value-type="time" office:time-value="PT08H30M00S""#, "8:30"),
        cell(r#"office:value-type="boolean" office:boolean-value="true""#, "VERDADEIRO"),
        cell(r#"office:value-type="string" calcext:value-type="error""#, "#REF!"),
        r#"<table:table-cell table:number-columns-repeated="16376"/>"#.to_owned(),
    ]
    .concat();
    let tables = format!(
        r#"<table:table table:name="H" table:style-name="hid"><table:table-row>{0}</table:table-row></table:table>
        <table:table table:name="T"><table:table-row table:number-rows-repeated="2">{1}</table:table-row>
        <table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
        <table:table-row>{0}</table:table-row></table:table>"#,
        cell("", "solto"),
        row
    );
    let (sheet, rows) = read(ods(&tables));
    assert_eq!((sheet.format, sheet.sheet.as_deref()), (TableFormat::Ods, Some("T")));
    let first = "Ana & B  C|00000000191|1334.88|1985-04-03|2026-03-01T08:30|08:30|true|#REF!";
    assert_eq!(shown(&rows), [first, first, "solto|||||||"]);
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 2, 1_048_003]);
}

fn word(value: u16) -> [u8; 2] {
    value.to_le_bytes()
}

fn cell_of(kind: u16, row: u16, column: u16, style: u16, data: &[u8]) -> Vec<u8> {
    record(kind, &[&word(row), &word(column), &word(style), data].concat())
}

#[test]
fn pt8_older_workbooks_are_read_record_by_record() {
    let format = |id: u16, code: &str| {
        record(0x041E, &[&word(id)[..], &word(u16::try_from(code.len()).unwrap()), &[0], code.as_bytes()].concat())
    };
    let style = |id: u16| record(0x00E0, &[&[0, 0][..], &word(id), &[0; 16]].concat());
    // Two shared strings, the second cut in two by a continuation that goes on with wide characters.
    let strings =
        record(0x00FC, &[&[2, 0, 0, 0, 2, 0, 0, 0][..], &word(4), &[0], b"Nome", &word(4), &[0], b"Jo"].concat());
    let continued = record(0x003C, &[&[1][..], &word(0x00E3), &word(0x006F)].concat());
    let globals =
        [format(164, "dd/mm/yyyy"), format(165, "00000000000"), style(0), style(164), style(165), strings, continued];
    let text_result = cell_of(6, 2, 3, 0, &[&[0, 0, 0, 0, 0, 0, 0xFF, 0xFF][..], &[0; 8]].concat());
    let text_behind = record(0x0207, &[&word(3)[..], &[0], b"fim"].concat());
    let cells = [
        cell_of(0x00FD, 0, 0, 0, &0_u32.to_le_bytes()),
        cell_of(0x00FD, 1, 0, 0, &1_u32.to_le_bytes()),
        cell_of(0x0203, 1, 1, 1, &31_141.0_f64.to_le_bytes()),
        cell_of(0x027E, 1, 2, 2, &(191_u32 << 2 | 2).to_le_bytes()),
        record(
            0x00BD,
            &[
                &word(2)[..],
                &word(0),
                &word(0),
                &(133_488_u32 << 2 | 3).to_le_bytes(),
                &word(0),
                &(7_u32 << 2 | 2).to_le_bytes(),
                &word(1),
            ]
            .concat(),
        ),
        cell_of(0x0205, 2, 2, 0, &[0x2A, 1]),
        text_result,
        text_behind,
        record(0x00E5, &[&word(1)[..], &[0; 8]].concat()),
    ];
    let (sheet, rows) = read_as(
        xls(&globals, &cells),
        &TableAsk { header: patients::ports::tables::HeaderAsk::Line(1), ..TableAsk::default() },
    )
    .unwrap();
    assert_eq!((sheet.format, titles(&sheet)[0]), (TableFormat::Xls, "Nome"));
    assert_eq!(shown(&rows), ["João|1985-04-04|00000000191|", "1334.88|7|#N/A|fim"]);
    assert_eq!(quirk(&sheet, QuirkKind::MergedCells), Some((1, 0)));
}

#[test]
fn pt8_a_workbook_that_ends_too_soon_is_refused() {
    let refusal = |file: Vec<u8>| read_as(file, &TableAsk::default()).unwrap_err().code();
    let number = cell_of(0x0203, 0, 0, 0, &1.0_f64.to_le_bytes());
    assert_eq!(read(xls(&[], std::slice::from_ref(&number))).1.len(), 1);
    // A record that claims what follows swallows the end of the sheet.
    assert_eq!(refusal(xls(&[], &[number.clone(), vec![0x01, 0x02, 0xFF, 0x7F]])), Some("imports.broken_file"));
    assert_eq!(
        refusal(xls(&[vec![0x01, 0x02, 0xFF, 0x7F]], std::slice::from_ref(&number))),
        Some("imports.broken_file")
    );
    // A shared string that is not there, and a number that is cut.
    let shared = cell_of(0x00FD, 1, 0, 0, &7_u32.to_le_bytes());
    assert_eq!(refusal(xls(&[], &[number.clone(), shared])), Some("imports.broken_file"));
    assert_eq!(refusal(xls(&[], &[number, cell_of(0x0203, 1, 0, 0, &[0; 4])])), Some("imports.broken_file"));
    let cell = r#"<table:table-cell office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell>"#;
    for cut in ["</table:table-row></table:table>", "</table:table>", ""] {
        let table = format!(r#"<table:table table:name="T"><table:table-row>{cell}{cut}"#);
        assert_eq!(read_as(ods(&table), &TableAsk::default()).is_ok(), cut.len() > 20, "{cut}");
    }
}

#[test]
fn pt8_zeros_that_a_format_of_open_document_shows_are_kept() {
    let cell = |(value, shown): (&str, &str)| {
        format!(
            r#"<table:table-row><table:table-cell office:value-type="float" office:value="{value}"><text:p>{shown}</text:p></table:table-cell></table:table-row>"#
        )
    };
    let values = [
        ("1310100", "01310-100"),
        ("191", "000.000.001-91"),
        ("1234567000199", "01.234.567/0001-99"),
        ("5", "(05)"),
        ("0", "000"),
        ("1310.5", "1.310,50"),
        ("1310", "1.310"),
        ("0.5", "0.50"),
        ("7", "R$ 07"),
    ];
    let cells: String = values.into_iter().map(cell).collect();
    let (_, rows) = read(ods(&format!(r#"<table:table table:name="T">{cells}</table:table>"#)));
    assert_eq!(shown(&rows), ["01310100", "00000000191", "01234567000199", "05", "000", "1310.5", "1310", "0.5", "7"]);
}

#[test]
fn pt8_the_sheets_of_open_document_are_known_after_one_pass() {
    let table = |name: &str, cell: &str| {
        format!(r#"<table:table table:name="{name}"><table:table-row>{cell}</table:table-row></table:table>"#)
    };
    let (full, gone) = (
        r#"<table:table-cell office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell>"#,
        r#"<table:covered-table-cell office:value-type="string"><text:p>Bia</text:p></table:covered-table-cell>"#,
    );
    let blank = "<table:table-cell><text:p> </text:p></table:table-cell>";
    let tables = [table("A", blank), table("B", gone), table("C", full), table("D", ""), table("E", full)].concat();
    let (sheet, rows) = read(ods(&tables));
    assert_eq!((sheet.sheet.as_deref(), sheet.sheets.len(), rows.len()), (Some("C"), 5, 1));
    assert_eq!(quirk(&sheet, QuirkKind::OtherSheets), Some((1, 0)));
}
