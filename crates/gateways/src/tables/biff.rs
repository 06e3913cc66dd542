//! Records of older workbooks (MS-XLS 2.3) and the strings in them.

use encoding_rs::Encoding;

use super::compound::u16_at;

/// A record.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// What it is.
    pub kind: u16,
    /// What it holds.
    pub data: &'a [u8],
    /// Where it begins in the stream.
    pub at: usize,
}

/// The continuation of the record before.
pub const CONTINUE: u16 = 0x003C;

/// The records from a place of a stream on.
pub fn records(stream: &[u8], from: usize) -> impl Iterator<Item = Record<'_>> {
    let mut at = from;
    std::iter::from_fn(move || {
        let kind = u16_at(stream, at)?;
        let length = usize::from(u16_at(stream, at + 2)?);
        let rest = stream.get(at + 4..)?;
        let record = Record { kind, data: rest.get(..length).unwrap_or(rest), at };
        at += 4 + length;
        Some(record)
    })
}

/// The contents of a record and of those that continue it.
pub struct Pieces<'a> {
    all: Vec<&'a [u8]>,
    piece: usize,
    at: usize,
}

impl<'a> Pieces<'a> {
    /// Of the record at this place.
    pub fn at(stream: &'a [u8], place: usize) -> Self {
        let mut records = records(stream, place);
        let mut pieces: Vec<&[u8]> = records.next().map(|record| record.data).into_iter().collect();
        pieces.extend(records.take_while(|record| record.kind == CONTINUE).map(|record| record.data));
        Self { all: pieces, piece: 0, at: 0 }
    }

    /// Leaves out so many bytes.
    pub fn skip(&mut self, mut count: usize) -> Option<()> {
        while count > 0 {
            let left = self.left()?;
            let taken = left.len().min(count);
            self.at += taken;
            count -= taken;
        }
        Some(())
    }

    fn left(&mut self) -> Option<&'a [u8]> {
        loop {
            let piece = self.all.get(self.piece)?;
            match piece.get(self.at..) {
                Some(left) if !left.is_empty() => return Some(left),
                _ => {
                    self.piece += 1;
                    self.at = 0;
                }
            }
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.left()?.first()?;
        self.at += 1;
        Some(byte)
    }

    fn word(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    /// A string with its length before it (MS-XLS 2.5.293), appended to `text`.
    pub fn string(&mut self, text: &mut String) -> Option<()> {
        let count = self.word()?;
        let flags = self.byte()?;
        let runs = if flags & 8 != 0 { self.word()? } else { 0 };
        let more = if flags & 4 != 0 { usize::from(self.word()?) | usize::from(self.word()?) << 16 } else { 0 };
        self.characters(usize::from(count), flags & 1 != 0, text)?;
        // What follows is missing only where the file is cut short; the text is there.
        self.skip(usize::from(runs) * 4 + more).or(Some(()))
    }

    /// So many characters. Where a piece ends among them the next one begins with a byte that says how wide they are.
    fn characters(&mut self, mut count: usize, mut wide: bool, text: &mut String) -> Option<()> {
        let mut units = Vec::new();
        while count > 0 {
            if self.all.get(self.piece).is_none_or(|piece| self.at >= piece.len()) {
                self.piece += 1;
                self.at = 0;
                wide = self.all.get(self.piece)?.first()? & 1 != 0;
                self.at = 1;
            }
            let left = self.all.get(self.piece)?.get(self.at..)?;
            let width = if wide { 2 } else { 1 };
            let fit = (left.len() / width).min(count);
            if fit == 0 && !left.is_empty() {
                return None;
            }
            let taken = left.get(..fit * width)?;
            if wide {
                units.extend(taken.chunks_exact(2).filter_map(|pair| u16_at(pair, 0)));
            } else {
                units.extend(taken.iter().map(|byte| u16::from(*byte)));
            }
            self.at += fit * width;
            count -= fit;
        }
        text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
        Some(())
    }
}

/// The encoding of a code page; Windows-1252 where the page is unknown.
pub fn code_page(page: u16) -> &'static Encoding {
    let label: &[u8] = match page {
        874 => b"windows-874",
        932 => b"shift_jis",
        936 => b"gbk",
        949 => b"euc-kr",
        950 => b"big5",
        1250 => b"windows-1250",
        1251 => b"windows-1251",
        1253 => b"windows-1253",
        1254 => b"windows-1254",
        1255 => b"windows-1255",
        1256 => b"windows-1256",
        1257 => b"windows-1257",
        1258 => b"windows-1258",
        10_000 | 32_768 => b"macintosh",
        _ => b"windows-1252",
    };
    Encoding::for_label(label).unwrap_or(encoding_rs::WINDOWS_1252)
}

/// The strings that the cells of all sheets share, in one piece of memory.
#[derive(Debug, Default)]
pub struct Shared {
    text: String,
    ends: Vec<usize>,
}

impl Shared {
    /// Reads them from the record at this place; as many as are whole.
    pub fn read(stream: &[u8], place: usize) -> Self {
        let mut shared = Self::default();
        let mut pieces = Pieces::at(stream, place);
        if pieces.skip(8).is_none() {
            return shared;
        }
        while pieces.string(&mut shared.text).is_some() {
            shared.ends.push(shared.text.len());
        }
        shared
    }

    /// One of them.
    pub fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(start..end)
    }
}
