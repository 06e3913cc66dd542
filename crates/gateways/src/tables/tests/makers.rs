//! Makers of small workbooks.

use std::fmt::Write as _;
use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// An archive of these parts.
pub fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The parts of a workbook around its sheets.
pub struct Book {
    /// Name, whether it is hidden, and the markup of the whole sheet.
    pub sheets: Vec<(&'static str, bool, String)>,
    /// Shared strings, as markup.
    pub strings: String,
    /// Number formats; cell style n uses the n-th.
    pub formats: Vec<&'static str>,
    /// Whether days are counted from 1904.
    pub from_1904: bool,
}

impl Default for Book {
    fn default() -> Self {
        Self { sheets: Vec::new(), strings: String::new(), formats: vec!["General"], from_1904: false }
    }
}

/// A sheet of these rows of cells, as markup.
pub fn sheet(rows: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    )
}

/// A text cell.
pub fn text(place: &str, text: &str) -> String {
    format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

/// A number in a style.
pub fn number(place: &str, value: &str, style: usize) -> String {
    format!(r#"<c r="{place}" s="{style}"><v>{value}</v></c>"#)
}

impl Book {
    /// A workbook of one sheet of these rows.
    pub fn of(rows: &str) -> Self {
        Self { sheets: vec![("Plan1", false, sheet(rows))], ..Self::default() }
    }

    /// The file.
    pub fn xlsx(&self) -> Vec<u8> {
        self.xlsx_with(&[])
    }

    /// The file, with more parts.
    pub fn xlsx_with(&self, more: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut sheets, mut relations) = (String::new(), String::new());
        for (at, (name, hidden, _)) in self.sheets.iter().enumerate() {
            let state = if *hidden { r#" state="hidden""# } else { "" };
            write!(sheets, r#"<sheet name="{name}" sheetId="{0}"{state} r:id="rId{0}"/>"#, at + 1).unwrap();
            write!(
                relations,
                r#"<Relationship Id="rId{0}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{0}.xml"/>"#,
                at + 1
            )
            .unwrap();
        }
        let workbook = format!(
            r#"<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><workbookPr date1904="{}"/><sheets>{sheets}</sheets></workbook>"#,
            u8::from(self.from_1904)
        );
        let relations = format!("<Relationships>{relations}</Relationships>");
        let root = format!(
            r#"<Relationships><Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
        );
        let styles = self.styles();
        let names: Vec<String> = (1..=self.sheets.len()).map(|at| format!("xl/worksheets/sheet{at}.xml")).collect();
        let mut parts: Vec<(&str, &[u8])> = vec![
            ("[Content_Types].xml", b"<Types/>"),
            ("_rels/.rels", root.as_bytes()),
            ("xl/workbook.xml", workbook.as_bytes()),
            ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
            ("xl/styles.xml", styles.as_bytes()),
        ];
        if !self.strings.is_empty() {
            parts.push(("xl/sharedStrings.xml", self.strings.as_bytes()));
        }
        for (name, (_, _, content)) in names.iter().zip(&self.sheets) {
            parts.push((name, content.as_bytes()));
        }
        parts.extend(more);
        archive(&parts)
    }

    fn styles(&self) -> String {
        let (mut formats, mut cells) = (String::new(), String::new());
        for (at, format) in self.formats.iter().enumerate() {
            let format = format.replace('"', "&quot;");
            write!(formats, r#"<numFmt numFmtId="{}" formatCode="{format}"/>"#, 164 + at).unwrap();
            write!(cells, r#"<xf numFmtId="{}" applyNumberFormat="1"/>"#, 164 + at).unwrap();
        }
        format!(r#"<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts><cellXfs>{cells}</cellXfs></styleSheet>"#)
    }
}

/// The namespace of a workbook.
pub const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
/// The namespace of its relations.
pub const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook of `OpenDocument` with these tables.
pub fn ods(tables: &str) -> Vec<u8> {
    let content = format!(
        r#"<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:automatic-styles><style:style style:name="hid" style:family="table"><style:table-properties table:display="false"/></style:style></office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"#
    );
    archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content.as_bytes()),
        ("META-INF/manifest.xml", b"<manifest:manifest/>"),
    ])
}

/// A record of an older workbook.
pub fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&kind.to_le_bytes(), &length.to_le_bytes(), data].concat()
}

/// An older workbook: what all sheets share, and the records of its one sheet.
pub fn xls(globals: &[Vec<u8>], cells: &[Vec<u8>]) -> Vec<u8> {
    let bof = |kind: u8| record(0x0809, &[0, 6, kind, 0, 0, 0, 0, 0]);
    let name = b"Plan1";
    let head = [bof(5), globals.concat()].concat();
    let bound = |place: usize| {
        let place = u32::try_from(place).unwrap().to_le_bytes();
        record(0x0085, &[&place[..], &[0, 0, 5, 0], name].concat())
    };
    let place = head.len() + bound(0).len() + 4;
    let stream = [head, bound(place), record(0x000A, &[]), bof(0x10), cells.concat(), record(0x000A, &[])].concat();
    compound("Workbook", &stream)
}

/// A compound file with one stream, which is filled up to where it is kept in sectors of its own.
pub fn compound(name: &str, stream: &[u8]) -> Vec<u8> {
    let mut stream = stream.to_vec();
    stream.resize(stream.len().max(4_096).next_multiple_of(512), 0);
    let sectors = u32::try_from(stream.len() / 512).unwrap();
    let mut header = vec![0_u8; 512];
    header[..8].copy_from_slice(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
    header[26] = 3;
    header[30] = 9;
    header[32] = 6;
    header[44] = 1;
    header[48..52].copy_from_slice(&1_u32.to_le_bytes());
    header[56..60].copy_from_slice(&4_096_u32.to_le_bytes());
    header[60..64].copy_from_slice(&END.to_le_bytes());
    header[68..72].copy_from_slice(&END.to_le_bytes());
    header[76..512].fill(0xFF);
    header[76..80].copy_from_slice(&0_u32.to_le_bytes());
    let mut fat: Vec<u32> = vec![0xFFFF_FFFD, END];
    fat.extend((0..sectors).map(|at| if at + 1 == sectors { END } else { at + 3 }));
    assert!(fat.len() <= 128, "one sector of the table is enough for a test");
    fat.resize(128, 0xFFFF_FFFF);
    let fat: Vec<u8> = fat.into_iter().flat_map(u32::to_le_bytes).collect();
    let size = u32::try_from(stream.len()).unwrap();
    let directory = [entry("Root Entry", 5, END, 0), entry(name, 2, 2, size), vec![0; 256]].concat();
    [header, fat, directory, stream].concat()
}

/// The end of a chain of sectors.
pub const END: u32 = 0xFFFF_FFFE;

fn entry(name: &str, kind: u8, start: u32, size: u32) -> Vec<u8> {
    let mut entry = vec![0_u8; 128];
    for (at, unit) in name.encode_utf16().enumerate() {
        entry[2 * at..2 * at + 2].copy_from_slice(&unit.to_le_bytes());
    }
    entry[64] = u8::try_from(2 * name.len() + 2).unwrap();
    entry[66] = kind;
    entry[116..120].copy_from_slice(&start.to_le_bytes());
    entry[120..124].copy_from_slice(&size.to_le_bytes());
    entry
}
