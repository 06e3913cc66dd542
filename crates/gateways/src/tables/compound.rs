//! Compound files (MS-CFB), in which older workbooks are kept. A chain of sectors is followed only as far as the file has
//! sectors, so a chain in a circle ends.

use std::collections::HashSet;
use std::io::{Read, SeekFrom};

use patients::ports::tables::{TableBytes, TableError};

use super::cells::{broken, reading};
use super::limits;

const END: u32 = 0xFFFF_FFFE;
const LARGEST: u32 = 0xFFFF_FFFA;
const ENTRY: usize = 128;
const MINI: usize = 64;
/// Streams below this are kept in small sectors.
const CUTOFF: usize = 4_096;

/// The bytes of the workbook in a compound file.
pub fn workbook(bytes: &mut dyn TableBytes) -> Result<Vec<u8>, TableError> {
    let mut file = Vec::new();
    bytes.seek(SeekFrom::Start(0)).map_err(reading)?;
    Read::take(&mut *bytes, limits::BINARY_WORKBOOK + 1).read_to_end(&mut file).map_err(reading)?;
    if u64::try_from(file.len()).unwrap_or(u64::MAX) > limits::BINARY_WORKBOOK {
        return Err(TableError::ClaimsTooMuch("size of an older workbook"));
    }
    let compound = Compound::parse(&file)?;
    if compound.entry("EncryptedPackage").is_some() {
        return Err(TableError::Encrypted);
    }
    let stream = compound.entry("Workbook").or_else(|| compound.entry("Book"));
    compound.stream(stream.ok_or(TableError::NotATable("a compound file without a workbook"))?)
}

struct Compound<'a> {
    file: &'a [u8],
    sector: usize,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini: Vec<u8>,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    start: u32,
    size: usize,
}

impl<'a> Compound<'a> {
    fn parse(file: &'a [u8]) -> Result<Self, TableError> {
        let sector = match u16_at(file, 30) {
            Some(9) => 512,
            Some(12) => 4_096,
            _ => return Err(damaged()),
        };
        let mut compound =
            Self { file, sector, fat: Vec::new(), mini_fat: Vec::new(), mini: Vec::new(), entries: Vec::new() };
        for id in compound.fat_sectors()? {
            let numbers = compound.numbers(id)?;
            compound.fat.extend(numbers);
        }
        let directory = compound.chain(word(file, 48)?, usize::MAX)?;
        compound.entries = directory.chunks_exact(ENTRY).filter_map(|entry| Entry::parse(entry, sector)).collect();
        let root = directory.get(..ENTRY).and_then(|root| Entry::parse(root, sector));
        if let (Some(root), 1..) = (root, word(file, 64)?) {
            compound.mini = compound.chain(root.start, root.size)?;
            let mini_fat = compound.chain(word(file, 60)?, usize::MAX)?;
            compound.mini_fat = numbers(&mini_fat);
        }
        Ok(compound)
    }

    /// The sectors that the table of sectors itself takes; each is there once, so the table is no longer than the file.
    fn fat_sectors(&self) -> Result<Vec<u32>, TableError> {
        let mut ids: Vec<u32> = numbers(self.file.get(76..512).unwrap_or_default());
        let mut next = word(self.file, 68)?;
        let mut steps = 0;
        while next < LARGEST {
            let mut more = self.numbers(next)?;
            next = more.pop().unwrap_or(END);
            ids.extend(more);
            steps += 1;
            if steps > self.sectors() {
                return Err(damaged());
            }
        }
        ids.retain(|id| *id < LARGEST);
        let once: HashSet<&u32> = ids.iter().collect();
        if once.len() < ids.len() { Err(damaged()) } else { Ok(ids) }
    }

    fn sectors(&self) -> usize {
        self.file.len() / self.sector + 1
    }

    /// A sector; the last one may be cut short.
    fn sector(&self, id: u32) -> Result<&'a [u8], TableError> {
        let id = usize::try_from(id).map_err(broken(DAMAGED))?;
        let start = id.checked_add(1).and_then(|id| id.checked_mul(self.sector)).ok_or_else(damaged)?;
        let rest = self.file.get(start..).filter(|rest| !rest.is_empty()).ok_or_else(damaged)?;
        Ok(rest.get(..self.sector).unwrap_or(rest))
    }

    fn numbers(&self, id: u32) -> Result<Vec<u32>, TableError> {
        self.sector(id).map(numbers)
    }

    fn chain(&self, start: u32, size: usize) -> Result<Vec<u8>, TableError> {
        let mut bytes = Vec::new();
        let mut id = start;
        let mut steps = 0;
        while id < LARGEST && bytes.len() < size {
            bytes.extend_from_slice(self.sector(id)?);
            if bytes.len() >= size {
                break;
            }
            id = next(&self.fat, id)?;
            steps += 1;
            if steps > self.sectors() {
                return Err(damaged());
            }
        }
        bytes.truncate(size);
        Ok(bytes)
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    fn stream(&self, entry: &Entry) -> Result<Vec<u8>, TableError> {
        if entry.size >= CUTOFF {
            return self.chain(entry.start, entry.size);
        }
        let mut bytes = Vec::new();
        let mut id = entry.start;
        while id < LARGEST && bytes.len() < entry.size {
            let start = usize::try_from(id).map_err(broken(DAMAGED))?.checked_mul(MINI).ok_or_else(damaged)?;
            let rest = self.mini.get(start..).filter(|rest| !rest.is_empty()).ok_or_else(damaged)?;
            bytes.extend_from_slice(rest.get(..MINI).unwrap_or(rest));
            if bytes.len() < entry.size {
                id = next(&self.mini_fat, id)?;
            }
        }
        bytes.truncate(entry.size);
        Ok(bytes)
    }
}

impl Entry {
    fn parse(entry: &[u8], sector: usize) -> Option<Self> {
        let units: Vec<u16> =
            entry.get(..64)?.chunks_exact(2).filter_map(|pair| u16_at(pair, 0)).take_while(|unit| *unit != 0).collect();
        let name = String::from_utf16_lossy(&units);
        let low = u64::from(u32_at(entry, 120)?);
        let high = if sector == 512 { 0 } else { u64::from(u32_at(entry, 124)?) };
        let size = usize::try_from(high << 32 | low).unwrap_or(usize::MAX);
        (!name.is_empty()).then_some(Self { name, start: u32_at(entry, 116)?, size })
    }
}

const DAMAGED: &str = "its compound file is damaged";

fn damaged() -> TableError {
    TableError::Broken(DAMAGED)
}

fn next(table: &[u32], id: u32) -> Result<u32, TableError> {
    let at = usize::try_from(id).map_err(broken(DAMAGED))?;
    table.get(at).copied().ok_or_else(damaged)
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).filter_map(|four| u32_at(four, 0)).collect()
}

fn word(bytes: &[u8], at: usize) -> Result<u32, TableError> {
    u32_at(bytes, at).ok_or_else(damaged)
}

/// Two bytes, the low one first.
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    two.try_into().ok().map(u16::from_le_bytes)
}

/// Four bytes, the lowest first.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    four.try_into().ok().map(u32::from_le_bytes)
}

/// Eight bytes of a floating-point number, the lowest first.
pub fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    let eight = bytes.get(at..at.checked_add(8)?)?;
    eight.try_into().ok().map(f64::from_le_bytes)
}
