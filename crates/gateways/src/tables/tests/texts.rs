//! Delimited text and JSON.

use std::io::Cursor;
use std::ops::ControlFlow;

use patients::model::table::{Cell, DateOrder, DecimalMark, NumberError};
use patients::ports::tables::{HeaderAsk, QuirkKind, TableAsk, TableFormat, TableReader, TextEncoding};

use super::super::Tables;
use super::{quirk, read, read_as, shown, titles};

fn utf16(text: &str, little: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

#[test]
fn pt8_encodings_are_found_by_the_text_itself() {
    let text = "nome;cidade\nJoão Conceição;São Paulo\nMaria;Belém\n";
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    let marked = |mark: &[u8], text: Vec<u8>| [mark, &text].concat();
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), TextEncoding::Utf8),
        (marked(b"\xEF\xBB\xBF", text.into()), TextEncoding::Utf8Bom),
        (latin.to_vec(), TextEncoding::Windows1252),
        (utf16(text, true), TextEncoding::Utf16Le),
        (utf16(text, false), TextEncoding::Utf16Be),
        (marked(b"\xFF\xFE", utf16(text, true)), TextEncoding::Utf16Le),
        (marked(b"\xFE\xFF", utf16(text, false)), TextEncoding::Utf16Be),
    ] {
        let (sheet, rows) = read(bytes);
        assert_eq!(sheet.encoding, Some(encoding));
        assert_eq!(titles(&sheet), ["nome", "cidade"], "{encoding:?}");
        assert_eq!(shown(&rows), ["João Conceição|São Paulo", "Maria|Belém"], "{encoding:?}");
    }
}

#[test]
fn pt8_delimiters_are_found_beside_decimal_commas_and_quotes() {
    for (text, delimiter, row) in [
        ("nome;peso\nAna;60,5\nBia;70,25\n", ';', "Ana|60,5"),
        ("nome,peso\nAna,60.5\n\"Silva, Bia\",70\n", ',', "Ana|60.5"),
        ("nome\tpeso\nAna\t60,5\n", '\t', "Ana|60,5"),
        ("nome|peso\nAna|60,5\n", '|', "Ana|60,5"),
        ("sep=;\nnome;peso\nAna;1\n", ';', "Ana|1"),
        ("nome\nAna\nBia\n", ',', "Ana"),
        ("\"nome\";\"nota\"\r\n\"Ana\";\"diz \"\"oi\"\"\r\ne sai\"\r\n", ';', "Ana|diz \"oi\"\r\ne sai"),
    ] {
        let (sheet, rows) = read(text);
        assert_eq!(sheet.delimiter, Some(delimiter), "{text}");
        assert_eq!(titles(&sheet)[0], "nome", "{text}");
        assert_eq!(shown(&rows)[0], row, "{text}");
    }
}

#[test]
fn pt8_titles_are_found_below_other_lines() {
    let text = "Clínica Boa Vista;;\nRelatório de pacientes;;\n\nNome;CPF;Nascimento\nAna;529.982.247-25;03/04/1985\n";
    let (sheet, rows) = read(text);
    assert_eq!((sheet.header_line, sheet.rows), (Some(4), 1));
    assert_eq!(titles(&sheet), ["Nome", "CPF", "Nascimento"]);
    assert_eq!(rows[0].line, 5);
    assert_eq!(quirk(&sheet, QuirkKind::LinesAboveHeader), Some((2, 1)));
    let (sheet, rows) = read("Ana;1\nBia;2\n");
    assert_eq!((sheet.header_line, rows.len()), (None, 2));
    assert_eq!(quirk(&sheet, QuirkKind::NoHeader), Some((1, 0)));
}

#[test]
fn pt8_the_sender_may_say_where_the_titles_stand() {
    let text = "a;b\nc;d\ne;f\n";
    let ask = |header| TableAsk { header, ..TableAsk::default() };
    let (sheet, rows) = read_as(text, &ask(HeaderAsk::Line(2))).unwrap();
    assert_eq!((titles(&sheet), shown(&rows)), (vec!["c", "d"], vec!["e|f".to_owned()]));
    let (sheet, rows) = read_as(text, &ask(HeaderAsk::Absent)).unwrap();
    assert_eq!((sheet.header_line, rows.len()), (None, 3));
    let long = ["x;y\n".repeat(60), "a;b\n1;2\n".to_owned()].concat();
    let (sheet, rows) = read_as(long, &ask(HeaderAsk::Line(61))).unwrap();
    assert_eq!((titles(&sheet), shown(&rows)), (vec!["a", "b"], vec!["1|2".to_owned()]));
    assert_eq!(quirk(&sheet, QuirkKind::LinesAboveHeader), Some((60, 1)));
    let ask = TableAsk { delimiter: Some(','), ..TableAsk::default() };
    assert_eq!(read_as(text, &ask).unwrap().0.columns.len(), 1);
}

#[test]
fn pt8_zeros_before_a_number_are_kept() {
    let (_, rows) = read("cpf;cep\n00000000191;01310-100\n");
    assert_eq!(rows[0].cells, [Cell::Text("00000000191".into()), Cell::Text("01310-100".into())]);
}

#[test]
fn pt8_day_and_month_follow_from_the_columns_own_values() {
    let mut text = String::from("nascimento;visita\n");
    text.push_str(&"03/04/1985;4/3/26\n".repeat(300));
    text.push_str("25/12/1990;4/28/26\n");
    let (sheet, _) = read(text);
    assert_eq!(sheet.columns[0].shape.date_order(), DateOrder::DayFirst);
    assert_eq!(sheet.columns[1].shape.date_order(), DateOrder::MonthFirst);
    let (sheet, _) = read("nascimento;visita\n03/04/1985;25/12/1990\n05/06/1990;12/25/1990\n");
    assert_eq!(quirk(&sheet, QuirkKind::AmbiguousDates), Some((2, 0)));
    assert_eq!(sheet.columns[1].shape.date_order(), DateOrder::Contradictory);
    assert_eq!(quirk(&sheet, QuirkKind::ContradictoryDates), Some((2, 0)));
}

#[test]
fn pt8_numbers_that_a_spreadsheet_damaged_are_reported_and_refused() {
    let (sheet, rows) = read("id;gasto;lat\na;13.348.799.999.999.900;-36.884.548\nb;1.234,50;-3,5\n");
    let shape = &sheet.columns[1].shape;
    assert_eq!(shape.decimal_mark(), Some(DecimalMark::Comma));
    assert_eq!(quirk(&sheet, QuirkKind::DamagedNumbers), Some((1, 2)));
    assert!(matches!(shape.read_number(&rows[0].cells[1].shown()), Err(NumberError::Damaged(_))));
    assert_eq!(shape.read_number(&rows[1].cells[1].shown()).as_deref(), Ok("1234.50"));
}

#[test]
fn pt8_odd_rows_are_read_and_reported() {
    let text =
        "PatientId,Age,No-show\n9377952927E-5,-1,No\n29872499824296,62,No\n29872499824296,62,No\n1,2\n 7 ,8,#REF!\n";
    let (sheet, rows) = read(text);
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[0].cells[0].shown(), "9377952927E-5");
    assert_eq!(quirk(&sheet, QuirkKind::Exponents), Some((1, 2)));
    assert_eq!(quirk(&sheet, QuirkKind::NegativeNumbers), Some((1, 2)));
    assert_eq!(quirk(&sheet, QuirkKind::RepeatedRows), Some((1, 4)));
    assert_eq!(quirk(&sheet, QuirkKind::RaggedRows), Some((1, 5)));
    assert_eq!(quirk(&sheet, QuirkKind::PaddedValues), Some((1, 6)));
    assert_eq!(quirk(&sheet, QuirkKind::ErrorCells), Some((1, 6)));
    assert_eq!(rows[4].cells[0], Cell::Text("7".into()));
}

#[test]
fn pt8_titles_that_repeat_or_lack_are_reported() {
    let (sheet, _) = read("Nome;Telefone;Telefone;\nAna;11;12;13\n");
    assert_eq!(quirk(&sheet, QuirkKind::RepeatedTitle), Some((1, 1)));
    assert_eq!(quirk(&sheet, QuirkKind::UntitledColumn), Some((1, 1)));
    assert_eq!(sheet.columns.len(), 4);
}

#[test]
fn pt8_json_is_read_as_a_list_and_by_lines() {
    let list = r#"[{"nome":"Ana","cpf":52998224725,"peso":60.5,"ok":true,"endereco":{"cidade":"Belém"},"tel":["11","12"]},
        {"nome":"Bia","nota":1e3,"cpf":null}]"#;
    let (sheet, rows) = read(list);
    assert_eq!(sheet.format, TableFormat::Json);
    assert_eq!(titles(&sheet), ["nome", "cpf", "peso", "ok", "endereco.cidade", "tel", "nota"]);
    assert_eq!(shown(&rows), ["Ana|52998224725|60.5|true|Belém|11; 12|", "Bia||||||1000"]);
    assert_eq!((rows[0].line, rows[1].line), (1, 2));
    let (sheet, rows) = read("{\"nome\":\"Ana\"}\n\n{\"nome\":\"Bia\",\"id\":18446744073709551615}\n");
    assert_eq!(sheet.format, TableFormat::JsonLines);
    assert_eq!(shown(&rows), ["Ana|", "Bia|18446744073709551615"]);
}

#[test]
fn pt8_a_stray_quotation_mark_swallows_no_record() {
    let refusal = |text: &str| read_as(text, &TableAsk::default()).map(|_| ()).map_err(|error| error.to_string());
    let unclosed = |line: u64| Err(format!("a quotation mark at line {line} is never closed"));
    for text in [
        "Nome,End\nAna,\"Rua X\nBeto,Rua Y\nCarla,\"Rua Z\"\nDora,Rua W\n",
        "Nome,End\nAna,\"Rua X\nBeto,Rua Y\nCarla,\"Rua Z\nDora,Rua W\n",
        "Nome,End\r\nAna,\"Rua X\r\nBeto,Rua Y\r\nCarla,\"Rua Z\"\r\n",
        "Nome,End\nAna,\"Rua X\nBeto,Rua Y\n",
        "Nome,End\nAna,\"Rua \"\"X\nBeto,\"\"Rua Y\"\"\n",
    ] {
        assert_eq!(refusal(text), unclosed(2), "{text}");
    }
    let (_, rows) = read("Nome;Obs\nAna;tubo 12\"\nBeto;\"a\nb\"\n");
    assert_eq!(shown(&rows), ["Ana|tubo 12\"", "Beto|a\nb"]);
    let (_, rows) = read("Nome;Obs;X\n\n\nAna;12\" e 7\";\"a\r\nb \"\"c\"\"\"\r\n\r\nBeto;x;y\n\"C\nD\";;\"\"");
    assert_eq!(shown(&rows), ["Ana|12\" e 7\"|a\r\nb \"c\"", "Beto|x|y", "C\nD||"]);
    let many = "x;\"a\nb \"\"c\"\"\";y\n".repeat(50_000);
    assert_eq!(read(format!("p;q;r\n{many}")).1.len(), 50_000);
    let last = format!("p;q;r\n{many}z;\"a\nb\"c;y\n");
    assert_eq!(refusal(&last), unclosed(100_002));
}

#[test]
fn pt8_reading_stops_when_no_more_is_wanted() {
    for text in ["a;b\n1;2\n3;4\n5;6\n", r#"[{"a":1},{"a":2},{"a":3}]"#, "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n"] {
        let mut bytes = Cursor::new(text.as_bytes().to_vec());
        let sheet = Tables.inspect(&mut bytes, &TableAsk::default()).unwrap();
        let mut seen = 0;
        Tables
            .rows(&mut bytes, &sheet, &mut |_| {
                seen += 1;
                if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
        assert_eq!((seen, sheet.rows), (2, 3), "{text}");
    }
}
