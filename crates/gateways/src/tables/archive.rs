//! Archives that workbooks are, looked through before anybody believes them: every part that will be read is unpacked once
//! and measured.

use std::collections::HashSet;
use std::io::{BufReader, Read, SeekFrom};

use patients::ports::tables::{TableBytes, TableError, TableFormat};
use quick_xml::events::Event;
use zip::ZipArchive;
use zip::result::ZipError;

use super::cells::{broken, reading};
use super::markup::{Claims, Markup, Records};
use super::{limits, ods};

/// An archive that is open.
pub type Archive<'a> = ZipArchive<&'a mut dyn TableBytes>;

/// What was seen of an archive.
#[derive(Debug, Default)]
pub struct Facts {
    /// Merged ranges, over all sheets.
    pub merged: u64,
}

/// Which workbook an archive is.
pub fn format(bytes: &mut dyn TableBytes) -> Result<TableFormat, TableError> {
    let mut archive = open(bytes)?;
    let names = names(&archive)?;
    if names.iter().any(|name| name == "content.xml") && ods::is_spreadsheet(&mut archive) {
        return Ok(TableFormat::Ods);
    }
    let has = |part: &str| names.iter().any(|name| name.contains(part));
    match (has("[content_types].xml"), has("workbook.bin"), has("workbook")) {
        (true, true, _) => Ok(TableFormat::Xlsb),
        (true, false, true) => Ok(TableFormat::Xlsx),
        _ => Err(TableError::NotATable("an archive without a workbook")),
    }
}

/// Opens an archive whose list of entries is short and leads nowhere else.
pub fn open(bytes: &mut dyn TableBytes) -> Result<Archive<'_>, TableError> {
    if count_entries(bytes)? > limits::ENTRIES {
        return Err(TableError::ClaimsTooMuch("entries of an archive"));
    }
    bytes.seek(SeekFrom::Start(0)).map_err(reading)?;
    ZipArchive::new(bytes).map_err(refusal)
}

/// Measures every part that will be read, and refuses what is too much.
pub fn prove(bytes: &mut dyn TableBytes, format: TableFormat) -> Result<Facts, TableError> {
    let mut archive = open(bytes)?;
    let mut facts = Facts::default();
    let mut total = 0_u64;
    let sheets = if format == TableFormat::Ods { HashSet::new() } else { targets(&mut archive, &mut total)? };
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at).map_err(refusal)?;
        let (name, packed, claimed) =
            (entry.name().map_err(refusal)?.to_lowercase(), entry.compressed_size(), entry.size());
        let encrypted = entry.encrypted();
        drop(entry);
        let Some(part) = part_of(&name, format, &sheets) else {
            continue;
        };
        if encrypted {
            return Err(TableError::Encrypted);
        }
        if claimed > limits::UNPACKED {
            return Err(TableError::ClaimsTooMuch("unpacked size"));
        }
        let mut entry = archive.by_index(at).map_err(refusal)?;
        measure(&mut entry, part, packed, &mut total, &mut facts)?;
    }
    Ok(facts)
}

/// What a zip archive's reader says, without its words.
pub fn refusal(error: ZipError) -> TableError {
    match error {
        ZipError::Io(error) => reading(error),
        ZipError::InvalidPassword | ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => TableError::Encrypted,
        _ => TableError::Broken("its archive cannot be read"),
    }
}

/// How a part is going to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// As a stream.
    Sheet,
    /// Held at once, the texts of all sheets.
    Strings,
    /// Held at once.
    Held,
    /// As a stream of binary records.
    Binary(u64),
}

fn part_of(name: &str, format: TableFormat, sheets: &HashSet<String>) -> Option<Part> {
    let base = base_name(name);
    match format {
        TableFormat::Ods => match name {
            "content.xml" => Some(Part::Sheet),
            "meta-inf/manifest.xml" => Some(Part::Held),
            _ => None,
        },
        _ if ending(base) == "rels" || base == "styles.xml" || base.starts_with("theme") => Some(Part::Held),
        _ if base == "sharedstrings.xml" => Some(Part::Strings),
        TableFormat::Xlsb if base.starts_with("workbook") => Some(Part::Binary(limits::SMALL_ENTRY)),
        TableFormat::Xlsb if base == "styles.bin" => Some(Part::Binary(limits::SMALL_ENTRY)),
        TableFormat::Xlsb if base == "sharedstrings.bin" => Some(Part::Binary(limits::SHARED_STRINGS)),
        TableFormat::Xlsb if sheets.contains(base) => Some(Part::Binary(limits::UNPACKED)),
        _ if base.starts_with("workbook") => Some(Part::Held),
        _ if sheets.contains(base) => Some(Part::Sheet),
        _ => None,
    }
}

fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn ending(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

fn measure(
    entry: &mut impl Read,
    part: Part,
    packed: u64,
    total: &mut u64,
    facts: &mut Facts,
) -> Result<(), TableError> {
    let mut markup = Markup::default();
    let (mut records, mut claims) = (Records::default(), Claims::default());
    let most = match part {
        Part::Sheet => limits::UNPACKED,
        Part::Strings => limits::SHARED_STRINGS,
        Part::Held => limits::OTHER_PART,
        Part::Binary(most) => most,
    };
    let mut unpacked = 0_u64;
    let mut chunk = vec![0; 64 << 10];
    loop {
        let count = entry.read(&mut chunk).map_err(reading)?;
        let seen = chunk.get(..count).unwrap_or_default();
        unpacked += u64::try_from(count).unwrap_or(u64::MAX);
        *total += u64::try_from(count).unwrap_or(u64::MAX);
        let swells = unpacked > limits::SMALL_ENTRY && unpacked > packed.saturating_mul(limits::RATIO);
        if *total > limits::UNPACKED || unpacked > most || swells {
            return Err(TableError::ZipBomb);
        }
        if matches!(part, Part::Binary(_)) {
            records.feed(seen)?;
        } else {
            markup.feed(seen)?;
        }
        if part == Part::Strings {
            claims.feed(seen);
        }
        let tags = match part {
            Part::Strings => limits::SHARED_STRING_TAGS,
            Part::Held => limits::OTHER_TAGS,
            _ => u64::MAX,
        };
        if markup.tags > tags {
            return Err(TableError::ClaimsTooMuch("parts of a workbook"));
        }
        if count == 0 {
            break;
        }
    }
    markup.finish()?;
    facts.merged += markup.merged;
    if part == Part::Strings && claims.strings > markup.tags {
        return Err(TableError::ClaimsTooMuch("shared strings"));
    }
    Ok(())
}

/// The file names of all parts that a workbook's relations call a sheet. Those that lead to something else than markup or
/// records are refused, so that no part is read that was not measured. Only the relations of the archive and of the workbook
/// count, and they are measured before anything of them is kept.
fn targets(archive: &mut Archive<'_>, total: &mut u64) -> Result<HashSet<String>, TableError> {
    let mut left = limits::OTHER_TAGS;
    let mut workbooks = HashSet::from(["workbook.bin.rels".to_owned()]);
    for (kind, target) in relations_of(archive, |name| name == "_rels/.rels", total, &mut left)? {
        let base = base_name(&target).to_owned();
        if kind.ends_with("/officeDocument") {
            if !(base.starts_with("workbook") && is_part(&base)) {
                return Err(TableError::NotATable("an archive without a workbook"));
            }
            workbooks.insert(format!("{base}.rels"));
        }
    }
    let mut sheets = HashSet::new();
    let of_workbook = |name: &str| name.contains("_rels/") && workbooks.contains(base_name(name));
    for (kind, target) in relations_of(archive, of_workbook, total, &mut left)? {
        if kind.ends_with("sheet") {
            let base = base_name(&target).to_owned();
            if !is_part(&base) {
                return Err(TableError::BadPath);
            }
            sheets.insert(base);
        }
    }
    Ok(sheets)
}

fn is_part(base: &str) -> bool {
    matches!(ending(base), "xml" | "bin")
}

/// Kinds and targets, in lower case, of the relations in the parts of such names.
fn relations_of(
    archive: &mut Archive<'_>,
    is_wanted: impl Fn(&str) -> bool,
    total: &mut u64,
    left: &mut u64,
) -> Result<Vec<(String, String)>, TableError> {
    let mut all = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at).map_err(refusal)?;
        let (name, packed) = (entry.name().map_err(refusal)?.to_lowercase(), entry.compressed_size());
        let encrypted = entry.encrypted();
        drop(entry);
        let name = name.replace('\\', "/");
        if !is_wanted(name.trim_start_matches('/')) {
            continue;
        }
        if encrypted {
            return Err(TableError::Encrypted);
        }
        measure(&mut archive.by_index(at).map_err(refusal)?, Part::Held, packed, total, &mut Facts::default())?;
        all.extend(relations(archive.by_index(at).map_err(refusal)?, left)?);
    }
    Ok(all)
}

fn relations(part: impl Read, left: &mut u64) -> Result<Vec<(String, String)>, TableError> {
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(part));
    xml.config_mut().check_end_names = false;
    let mut relations = Vec::new();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(broken("its relations cannot be read"))? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "Relationship" => {
                let value = |name: &str| tag.try_get_attribute(name).ok().flatten().map(|a| a.value.into_owned());
                if let (Some(kind), Some(target)) = (value("Type"), value("Target")) {
                    *left = left.checked_sub(1).ok_or(TableError::ClaimsTooMuch("relations"))?;
                    relations.push((kind, target.to_lowercase()));
                }
            }
            Event::Eof => return Ok(relations),
            _ => {}
        }
    }
}

/// How often the mark of a directory's entry stands in the file: no archive has more entries.
fn count_entries(bytes: &mut dyn TableBytes) -> Result<usize, TableError> {
    bytes.seek(SeekFrom::Start(0)).map_err(reading)?;
    let mut count = 0;
    let mut held: Vec<u8> = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    loop {
        let read = bytes.read(&mut chunk).map_err(reading)?;
        if read == 0 {
            return Ok(count);
        }
        held.extend(chunk.iter().take(read));
        count += held.windows(4).filter(|window| *window == b"PK\x01\x02").count();
        let done = held.len().saturating_sub(3);
        held.drain(..done);
    }
}

/// The names of all entries in lower case; one that leads out of the archive is refused.
fn names(archive: &Archive<'_>) -> Result<Vec<String>, TableError> {
    let mut names = Vec::new();
    for name in archive.file_names() {
        let name = name.map_err(refusal)?;
        if name.split(['/', '\\']).any(|part| part == "..") || name.contains('\0') || name.contains(':') {
            return Err(TableError::BadPath);
        }
        names.push(name.to_lowercase());
    }
    Ok(names)
}
