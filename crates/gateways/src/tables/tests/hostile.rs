//! Files that mean harm: each is refused, or read for what it really holds, in little memory and time.

use std::io::{Cursor, Write};
use std::process::Command;

use patients::ports::tables::{TableAsk, TableReader};
use proptest::prelude::*;

use super::super::Tables;
use super::makers::{Book, END, MAIN, RELATIONS, archive, compound, number, ods, record, sheet, text, xls};

/// A file, and its refusal; none where it is read for what it holds.
type Case = (&'static str, fn() -> Vec<u8>, Option<&'static str>);

const CASES: &[Case] = &[
    ("a million columns", || ["1"; 1_000_000].join(";").into_bytes(), Some("imports.too_many_columns")),
    (
        "a million columns of a sheet",
        || Book::of(&row(&number("BDWGN1", "1", 0))).xlsx(),
        Some("imports.too_many_columns"),
    ),
    ("an endless line", || vec![b'a'; 8 << 20], Some("imports.row_too_long")),
    (
        "an open quotation mark",
        || ["a;b\n1;\"2\n".into(), "3;4\n".repeat(1_500_000)].concat().into_bytes(),
        Some("imports.row_too_long"),
    ),
    ("a small open quotation mark", || b"a;b\n1;\"2\n3;4\n".to_vec(), Some("imports.unclosed_quote")),
    ("NULs", || b"a;b\n1;\0\n".to_vec(), Some("imports.not_a_table")),
    ("two encodings", || b"a;b\nJo\xC3\xA3o;x\nJo\xE3o;y\n".to_vec(), Some("imports.unknown_encoding")),
    ("half a character of UTF-16", || b"\xFF\xFEa\0;\0\x00\xD8a\0".to_vec(), Some("imports.unknown_encoding")),
    ("nothing", Vec::new, Some("imports.empty")),
    ("blanks", || b" \n\n ; ;\n".to_vec(), Some("imports.empty")),
    ("a web page", || b"\xEF\xBB\xBF <HTML><table><tr><td>1".to_vec(), Some("imports.not_a_table")),
    ("a PDF", || b"%PDF-1.7 ...".to_vec(), Some("imports.not_a_table")),
    ("deep JSON", || format!(r#"[{{"a":{}"#, r#"{"a":"#.repeat(100_000)).into_bytes(), Some("imports.too_deep")),
    ("deep lists", || [b'['; 200_000].to_vec(), Some("imports.not_a_table")),
    (
        "a long JSON text",
        || [r#"[{"a":""#.into(), "x".repeat(8 << 20), r#""}]"#.into()].concat().into_bytes(),
        Some("imports.row_too_long"),
    ),
    ("broken JSON", || br#"[{"a":1},{"a":]"#.to_vec(), Some("imports.broken_file")),
    ("a sheet that unpacks to much", bomb, Some("imports.zip_bomb")),
    ("a claim of four thousand million bytes", claimed_size, Some("imports.claims_too_much")),
    ("thousands of entries", many_entries, Some("imports.claims_too_much")),
    ("entities", entities, Some("imports.entities")),
    ("a name that leads away", || Book::of("").xlsx_with(&[("../../etc/passwd", b"x")]), Some("imports.bad_path")),
    ("a sheet under another ending", elsewhere, Some("imports.bad_path")),
    ("17 thousand million cells claimed", huge_dimension, None),
    ("a short text a million times", repeated_string, Some("imports.claims_too_much")),
    ("a claim of strings", claimed_strings, Some("imports.claims_too_much")),
    (
        "a long text between tags",
        || Book::of(&row(&text("A1", &"x".repeat(3 << 20)))).xlsx(),
        Some("imports.claims_too_much"),
    ),
    ("many texts in one cell", many_runs, Some("imports.claims_too_much")),
    ("a row of long texts", long_row, Some("imports.row_too_long")),
    ("a shared text of forty runs", || runs_of_a_text(40), Some("imports.claims_too_much")),
    ("a long shared text in a thousand cells", || runs_of_a_text(3), Some("imports.row_too_long")),
    ("a long text in a thousand cells of OpenDocument", repeated_text, Some("imports.row_too_long")),
    ("a long key around a thousand short ones", long_key, Some("imports.claims_too_much")),
    ("hundreds of sheets", || sheets_of_one_part(300, &row(&text("A1", "x"))), Some("imports.claims_too_much")),
    ("a long empty sheet many times", || sheets_of_one_part(200, &empty_rows()), Some("imports.claims_too_much")),
    ("hundreds of sheets of OpenDocument", sheets_of_ods, Some("imports.claims_too_much")),
    ("hundreds of sheets of an older workbook", || sheets_of_xls(300, 0), Some("imports.claims_too_much")),
    ("a long sheet of an older workbook many times", || sheets_of_xls(250, 50_000), Some("imports.claims_too_much")),
    ("a hundred thousand relations", many_relations, Some("imports.claims_too_much")),
    (
        "17 thousand million cells of OpenDocument",
        || repeated_cells(1_048_576, 16_384),
        Some("imports.too_many_columns"),
    ),
    ("a thousand million cells of OpenDocument", || repeated_cells(1_048_576, 1_000), Some("imports.claims_too_much")),
    ("rows without end", || repeated_cells(u64::MAX, 1), Some("imports.too_many_rows")),
    ("an encrypted workbook", || compound("EncryptedPackage", b"secret"), Some("imports.encrypted")),
    ("an encrypted older workbook", || xls(&[record(0x002F, &[1, 0, 1, 0])], &[]), Some("imports.encrypted")),
    ("a chain of sectors in a circle", circle, Some("imports.broken_file")),
    ("a compound file without a workbook", || compound("WordDocument", b"letter"), Some("imports.not_a_table")),
    ("a hundred thousand honest rows", honest, None),
    ("an older workbook that claims all rows", claimed_rows, None),
];

fn row(cells: &str) -> String {
    format!(r#"<row r="1">{cells}</row>"#)
}

fn honest() -> Vec<u8> {
    let row = |at: u32| format!("{at};Maria da Silva {at};{:011};03/04/1985;São Paulo\n", u64::from(at) * 7_919);
    ["id;nome;cpf;nascimento;cidade\n".to_owned()]
        .into_iter()
        .chain((0..100_000).map(row))
        .collect::<String>()
        .into_bytes()
}

fn bomb() -> Vec<u8> {
    Book::of(&row(&" ".repeat(900_000)).repeat(12)).xlsx()
}

fn claimed_size() -> Vec<u8> {
    let mut file = Book::of(&row(&text("A1", "x"))).xlsx();
    let name = b"xl/worksheets/sheet1.xml";
    let directory = file.windows(4).rposition(|window| window == b"PK\x05\x06").unwrap();
    let entry = file[..directory].windows(name.len()).rposition(|window| window == name).unwrap() - 46;
    file[entry + 24..entry + 28].copy_from_slice(&4_000_000_000_u32.to_le_bytes());
    file
}

fn many_entries() -> Vec<u8> {
    let names: Vec<String> = (0..5_000).map(|at| format!("xl/{at}.xml")).collect();
    archive(&names.iter().map(|name| (name.as_str(), &b""[..])).collect::<Vec<_>>())
}

fn entities() -> Vec<u8> {
    let bomb = r#"<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>"#;
    let sheet = sheet(&row(&text("A1", "&b;"))).replace("<worksheet", &format!("{bomb}<worksheet"));
    Book { sheets: vec![("Plan1", false, sheet)], ..Book::default() }.xlsx()
}

fn elsewhere() -> Vec<u8> {
    let workbook = br#"<workbook><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    let office =
        r#"<Relationships><Relationship Id="rId1" Type="x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
    let target = r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="media/a.png"/></Relationships>"#;
    archive(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", office.as_bytes()),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", target.as_bytes()),
        ("xl/media/a.png", &vec![b' '; 1 << 20]),
    ])
}

fn huge_dimension() -> Vec<u8> {
    let rows = format!(r#"{}<row r="1048576">{}</row>"#, row(&text("A1", "Nome")), text("B1048576", "Ana"));
    let sheet = sheet(&rows).replace("<sheetData>", r#"<dimension ref="A1:XFD1048576"/><sheetData>"#);
    Book { sheets: vec![("Plan1", false, sheet)], ..Book::default() }.xlsx()
}

fn repeated_string() -> Vec<u8> {
    let cell = |at: u32| format!(r#"<row r="{at}"><c r="A{at}" t="s"><v>0</v></c></row>"#);
    let cells = (1..=40_000).map(cell).collect::<Vec<_>>().concat();
    Book { strings: format!("<sst><si><t>{}</t></si></sst>", "x".repeat(30_000)), ..Book::of(&cells) }.xlsx()
}

fn claimed_strings() -> Vec<u8> {
    let strings = r#"<sst a="&gt;" uniqueCount = "99999999999"><si><t>x</t></si></sst>"#;
    Book { strings: strings.into(), ..Book::of(&row(r#"<c r="A1" t="s"><v>0</v></c>"#)) }.xlsx()
}

fn many_runs() -> Vec<u8> {
    let runs = format!("<r><t>{}</t></r>", "x".repeat(100_000)).repeat(80);
    Book::of(&row(&format!(r#"<c r="A1" t="inlineStr"><is>{runs}</is></c>"#))).xlsx()
}

fn long_row() -> Vec<u8> {
    let cell = |at: u8| format!(r#"<c r="{}1" t="s"><v>0</v></c>"#, char::from(b'A' + at));
    let cells = (0..26).map(cell).collect::<Vec<_>>().concat();
    Book { strings: format!("<sst><si><t>{}</t></si></sst>", "x".repeat(90_000)), ..Book::of(&row(&cells)) }.xlsx()
}

fn runs_of_a_text(runs: usize) -> Vec<u8> {
    let strings = format!("<sst><si>{}</si></sst>", format!("<r><t>{}</t></r>", "x".repeat(1_000_000)).repeat(runs));
    let cell = r#"<c t="s"><v>0</v></c>"#;
    Book { strings, ..Book::of(&row(&cell.repeat(1_024))) }.xlsx()
}

fn repeated_text() -> Vec<u8> {
    ods(&format!(
        r#"<table:table table:name="T"><table:table-row><table:table-cell office:value-type="string" table:number-columns-repeated="1024"><text:p>{}</text:p></table:table-cell></table:table-row></table:table>"#,
        "x".repeat(1_000_000)
    ))
}

fn long_key() -> Vec<u8> {
    let inner: Vec<String> = (0..1_000).map(|at| format!(r#""k{at}":{at}"#)).collect();
    format!(r#"[{{"{}":{{{}}}}}]"#, "x".repeat(900_000), inner.join(",")).into_bytes()
}

fn empty_rows() -> String {
    (1..=40_000_u32)
        .map(|at| format!(r#"<row r="{at}" spans="{}"></row>"#, at.wrapping_mul(2_654_435_761)))
        .collect::<Vec<_>>()
        .concat()
}

fn sheets_of_one_part(count: usize, rows: &str) -> Vec<u8> {
    let sheet_of = |at: usize| format!(r#"<sheet name="S{at}" sheetId="{}" r:id="rId1"/>"#, at + 1);
    let sheets = (0..count).map(sheet_of).collect::<Vec<_>>().concat();
    let workbook = format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{sheets}</sheets></workbook>"#);
    let relation = |kind: &str, target: &str| {
        format!(
            r#"<Relationships><Relationship Id="rId1" Type="{RELATIONS}/{kind}" Target="{target}"/></Relationships>"#
        )
    };
    archive(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml").as_bytes()),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml").as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet(rows).as_bytes()),
    ])
}

fn sheets_of_ods() -> Vec<u8> {
    ods(&(0..300).map(|at| format!(r#"<table:table table:name="S{at}"></table:table>"#)).collect::<Vec<_>>().concat())
}

/// An older workbook of so many sheets, all of which are the same run of empty cells.
fn sheets_of_xls(sheets: usize, bytes: usize) -> Vec<u8> {
    let bound = |place: u32| record(0x0085, &[&place.to_le_bytes()[..], b"\0\0\x05\0Plan1"].concat());
    let before = 12 + sheets * bound(0).len() + 4;
    let place = u32::try_from(before).unwrap();
    xls(&vec![bound(place); sheets - 1], &vec![record(0x0201, &[0; 6]); bytes / 10])
}

fn many_relations() -> Vec<u8> {
    let relation = r#"<Relationship Id="r" Type="x/image" Target="media/a.png"/>"#;
    let root = format!("<Relationships>{}</Relationships>", relation.repeat(110_000));
    archive(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", b"<workbook/>"),
    ])
}

fn repeated_cells(rows: u64, columns: u64) -> Vec<u8> {
    ods(&format!(
        r#"<table:table table:name="T"><table:table-row table:number-rows-repeated="{rows}"><table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="{columns}"><text:p>1</text:p></table:table-cell></table:table-row></table:table>"#
    ))
}

fn circle() -> Vec<u8> {
    let mut file = compound("Workbook", b"x");
    // The chain of the directory leads back to itself.
    file[512 + 4..512 + 8].copy_from_slice(&1_u32.to_le_bytes());
    assert_ne!(u32::from_le_bytes(file[512 + 4..512 + 8].try_into().unwrap()), END);
    file
}

fn claimed_rows() -> Vec<u8> {
    let claim = record(0x0200, &[0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0, 0]);
    let cell = |row: u16| record(0x0203, &[&row.to_le_bytes()[..], &[0; 4], &1.0_f64.to_le_bytes()].concat());
    xls(&[], &[claim, cell(0), cell(u16::MAX)])
}

/// Reads a file as far as it is read, and says what came of it.
fn outcome(bytes: Vec<u8>) -> Option<&'static str> {
    match Tables.inspect(&mut Cursor::new(bytes), &TableAsk::default()) {
        Ok(_) => None,
        Err(error) => Some(error.code().expect("a refusal, no failure")),
    }
}

#[test]
fn pt8_hostile_files_are_refused() {
    for (name, make, refusal) in CASES {
        let file = make();
        assert_eq!(outcome(file), *refusal, "{name}");
    }
}

/// The most memory that this process ever held, in KiB.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

/// Each case alone, in a process of its own, takes less than 64 MiB beyond what it took to make it.
#[cfg(target_os = "linux")]
#[test]
fn pt8_hostile_files_are_read_in_little_memory() {
    if let Ok(only) = std::env::var(PEAK) {
        let (_, make, refusal) = CASES.iter().find(|(name, ..)| *name == only).unwrap();
        let file = make();
        let before = peak();
        assert_eq!(outcome(file), *refusal);
        writeln!(std::io::stdout(), "peak {before} {}", peak()).unwrap();
        return;
    }
    for (name, ..) in CASES {
        let this = std::env::current_exe().unwrap();
        let test = "tables::tests::hostile::pt8_hostile_files_are_read_in_little_memory";
        let child = Command::new(this).args(["--exact", test, "--nocapture"]).env(PEAK, name).output().unwrap();
        let output = String::from_utf8_lossy(&child.stdout).into_owned();
        let figures = output.split("peak ").nth(1).unwrap_or_else(|| panic!("{name}: {output}"));
        let mut figures = figures.split_whitespace().map(|figure| figure.parse::<u64>().unwrap());
        let (before, after) = (figures.next().unwrap(), figures.next().unwrap());
        assert!(after < before + (64 << 10), "{name}: {before} KiB to make, {after} KiB to read");
    }
}

#[cfg(target_os = "linux")]
const PEAK: &str = "TABLES_TEST_PEAK";

fn valid() -> [Vec<u8>; 5] {
    let cell = record(0x0203, &[0; 14]);
    [
        Book::of(&row(&[text("A1", "Nome"), number("B1", "1", 0)].concat())).xlsx(),
        repeated_cells(2, 2),
        xls(
            &[record(0x00FC, b"\x01\0\0\0\x01\0\0\0\x02\0\x01a\0b\0")],
            &[cell.clone(), record(0x00FD, &[0; 10]), cell],
        ),
        b"nome;cidade\nJo\xE3o;\"S\xE3o\nPaulo\"\n".to_vec(),
        br#"[{"a":1,"b":{"c":[1,"x"]}},{"a":null}]"#.to_vec(),
    ]
}

#[test]
fn pt8_a_part_that_is_packed_in_an_unknown_way_is_a_broken_file() {
    for file in valid().into_iter().take(2) {
        let places: Vec<usize> =
            (0..file.len() - 4).filter(|place| file[*place..].starts_with(b"PK\x01\x02")).collect();
        for place in places {
            for method in [1, 12, 99] {
                let mut file = file.clone();
                // How a part is packed, as the archive's list of parts says it.
                file[place + 10] = method;
                let mut bytes = Cursor::new(file);
                let refused = Tables.inspect(&mut bytes, &TableAsk::default()).err();
                assert!(refused.is_none_or(|error| error.code().is_some()), "{place} {method}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn pt8_no_damage_to_a_file_breaks_its_reader(
        which in 0_usize..5, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(), whole in any::<bool>(),
    ) {
        let mut file = valid()[which].clone();
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if !whole {
            file.truncate(cut.index(file.len()).max(1));
        }
        let mut bytes = Cursor::new(file);
        match Tables.inspect(&mut bytes, &TableAsk::default()) {
            Ok(sheet) => {
                let mut rows = 0;
                Tables.rows(&mut bytes, &sheet, &mut |_| {
                    rows += 1;
                    std::ops::ControlFlow::Continue(())
                }).unwrap();
                prop_assert_eq!(rows, sheet.rows);
            }
            Err(error) => prop_assert!(error.code().is_some()),
        }
    }
}
