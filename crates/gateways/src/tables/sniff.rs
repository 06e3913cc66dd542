//! What kind of file it is, by its first bytes; a name that says text settles what braces leave open.

use std::io::{Read, SeekFrom};

use patients::ports::tables::{TableBytes, TableError, TableFormat};

use super::{archive, cells::reading};

const HEAD: u64 = 4_096;

/// The kind of the file. What is known to be no table is named in the refusal.
pub fn format(bytes: &mut dyn TableBytes, name: &str) -> Result<TableFormat, TableError> {
    let head = head(bytes)?;
    if head.is_empty() {
        return Err(TableError::Empty);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return archive::format(bytes);
    }
    if head.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return Ok(TableFormat::Xls);
    }
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(TableError::NotATable(what));
    }
    let text: Vec<u8> = head.iter().copied().filter(|b| *b != 0).collect();
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text);
    let text = text.strip_prefix(b"\xFF\xFE").or(text.strip_prefix(b"\xFE\xFF")).unwrap_or(text);
    let text = text.trim_ascii_start();
    let lower: Vec<u8> = text.iter().take(64).map(u8::to_ascii_lowercase).collect();
    for (start, what) in MARKED_UP {
        if lower.starts_with(start.as_bytes()) {
            return Err(TableError::NotATable(what));
        }
    }
    Ok(match text.first() {
        _ if is_named_text(name) => TableFormat::Csv,
        Some(b'[') if starts_array_of_objects(text) => TableFormat::Json,
        Some(b'{') if lower.get(1..).is_some_and(starts_object) => TableFormat::JsonLines,
        _ => TableFormat::Csv,
    })
}

const OTHERS: &[(&[u8], &str)] = &[
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xBC\xAF", "a 7z archive"),
    (b"\x89PNG", "a picture"),
    (b"\xFF\xD8\xFF", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", "a Parquet file"),
    (b"\x09\x00\x04\x00", "a workbook older than Excel 5"),
    (b"\x09\x02\x06\x00", "a workbook older than Excel 5"),
    (b"\x09\x04\x06\x00", "a workbook older than Excel 5"),
];

const MARKED_UP: &[(&str, &str)] = &[
    ("<!doctype", "a web page"),
    ("<html", "a web page"),
    ("<table", "a web page"),
    ("<?xml", "XML"),
    ("<workbook", "XML"),
    ("{\\rtf", "a text document"),
];

fn head(bytes: &mut dyn TableBytes) -> Result<Vec<u8>, TableError> {
    bytes.seek(SeekFrom::Start(0)).map_err(reading)?;
    let mut head = Vec::new();
    Read::take(&mut *bytes, HEAD).read_to_end(&mut head).map_err(reading)?;
    Ok(head)
}

fn starts_array_of_objects(text: &[u8]) -> bool {
    let inside = text.get(1..).unwrap_or_default().trim_ascii_start();
    inside.is_empty() || matches!(inside.first(), Some(b'{' | b']' | b'['))
}

fn starts_object(inside: &[u8]) -> bool {
    let inside = inside.trim_ascii_start();
    inside.is_empty() || matches!(inside.first(), Some(b'"' | b'}'))
}

/// Whether its name says that it is delimited text, however it begins.
fn is_named_text(name: &str) -> bool {
    let name = name.to_lowercase();
    [".csv", ".tsv", ".txt"].iter().any(|ending| name.ends_with(ending))
}
