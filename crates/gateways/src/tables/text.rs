//! Encodings of text: which it is, and the text as UTF-8.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, SeekFrom};
use std::rc::Rc;

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use patients::ports::tables::{TableBytes, TableError, TextEncoding};

use super::cells::reading;
use super::limits;

const CHUNK: usize = 64 << 10;

/// The encoding of a text: by its byte-order mark, by where its NULs stand, by being UTF-8 throughout, else Windows-1252.
/// What mixes UTF-8 with bytes that are not, or holds bytes that Windows-1252 does not know, is refused.
pub fn encoding_of(bytes: &mut dyn TableBytes) -> Result<TextEncoding, TableError> {
    bytes.seek(SeekFrom::Start(0)).map_err(reading)?;
    let mut head = Vec::new();
    Read::take(&mut *bytes, 4_096).read_to_end(&mut head).map_err(reading)?;
    let marked = match head.as_slice() {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => return Err(TableError::UnknownEncoding { line: 1 }),
        [0xEF, 0xBB, 0xBF, ..] => Some(TextEncoding::Utf8Bom),
        [0xFF, 0xFE, ..] => Some(TextEncoding::Utf16Le),
        [0xFE, 0xFF, ..] => Some(TextEncoding::Utf16Be),
        _ => utf16_by_nulls(&head),
    };
    match marked {
        Some(encoding @ (TextEncoding::Utf16Le | TextEncoding::Utf16Be)) => {
            prove_utf16(bytes, encoding)?;
            Ok(encoding)
        }
        marked => {
            let census = census(bytes)?;
            match (marked, census.bad) {
                (Some(encoding), 0) => Ok(encoding),
                (None, 0) => Ok(TextEncoding::Utf8),
                (None, bad) if census.good * 10 <= bad && !census.undefined => Ok(TextEncoding::Windows1252),
                _ => Err(TableError::UnknownEncoding { line: census.first_bad }),
            }
        }
    }
}

/// In Latin text every other byte of UTF-16 is a NUL.
fn utf16_by_nulls(head: &[u8]) -> Option<TextEncoding> {
    let nulls = |first: usize| head.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (nulls(0), nulls(1));
    let half = head.len() / 2;
    if head.len() >= 4 && odd * 10 >= half * 4 && even * 20 <= half {
        return Some(TextEncoding::Utf16Le);
    }
    (head.len() >= 4 && even * 10 >= half * 4 && odd * 20 <= half).then_some(TextEncoding::Utf16Be)
}

/// How much of a text is UTF-8.
#[derive(Default)]
struct Census {
    good: u64,
    bad: u64,
    first_bad: u64,
    undefined: bool,
}

fn census(bytes: &mut dyn TableBytes) -> Result<Census, TableError> {
    bytes.seek(SeekFrom::Start(0)).map_err(reading)?;
    let mut census = Census::default();
    let mut lines = 1_u64;
    let mut held: Vec<u8> = Vec::with_capacity(CHUNK + 4);
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = bytes.read(&mut chunk).map_err(reading)?;
        held.extend(chunk.iter().take(count));
        let rest = tally(&held, count == 0, &mut census, &mut lines)?;
        held.drain(..held.len() - rest);
        if count == 0 {
            return Ok(census);
        }
    }
}

/// Counts what is complete, and says how many bytes at the end are not.
fn tally(mut held: &[u8], last: bool, census: &mut Census, lines: &mut u64) -> Result<usize, TableError> {
    loop {
        let (valid, error) = match std::str::from_utf8(held) {
            Ok(_) => (held.len(), None),
            Err(error) => (error.valid_up_to(), Some(error.error_len())),
        };
        let (good, rest) = held.split_at_checked(valid).unwrap_or((held, &[]));
        if good.contains(&0) {
            return Err(TableError::NotATable("it holds NUL bytes"));
        }
        *lines += count(good, |b| b == b'\n');
        census.good += count(good, |b| b >= 0xC0);
        match error {
            None => return Ok(0),
            Some(None) if !last => return Ok(rest.len()),
            Some(length) => {
                census.bad += 1;
                census.first_bad = if census.first_bad == 0 { *lines } else { census.first_bad };
                let (wrong, after) = rest.split_at_checked(length.unwrap_or(rest.len())).unwrap_or((rest, &[]));
                census.undefined |= wrong.iter().any(|b| matches!(b, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D));
                held = after;
            }
        }
    }
}

fn count(bytes: &[u8], which: impl Fn(u8) -> bool) -> u64 {
    u64::try_from(bytes.iter().filter(|b| which(**b)).count()).unwrap_or(u64::MAX)
}

fn prove_utf16(bytes: &mut dyn TableBytes, encoding: TextEncoding) -> Result<(), TableError> {
    let mut line = 1;
    let mut text = Decoded::open(bytes, encoding)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        match text.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(read) => {
                let seen = chunk.get(..read).unwrap_or_default();
                if seen.contains(&0) {
                    return Err(TableError::NotATable("it holds NUL characters"));
                }
                line += count(seen, |b| b == b'\n');
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(TableError::UnknownEncoding { line });
            }
            Err(error) => return Err(reading(error)),
        }
    }
}

/// A text as UTF-8, without its byte-order mark.
pub struct Decoded<'a> {
    bytes: &'a mut dyn TableBytes,
    decoder: Decoder,
    input: Vec<u8>,
    taken: usize,
    output: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<'a> Decoded<'a> {
    /// From the beginning.
    pub fn open(bytes: &'a mut dyn TableBytes, encoding: TextEncoding) -> Result<Self, TableError> {
        bytes.seek(SeekFrom::Start(0)).map_err(reading)?;
        let decoder = decoder_of(encoding).new_decoder_with_bom_removal();
        Ok(Self { bytes, decoder, input: Vec::new(), taken: 0, output: Vec::new(), given: 0, ended: false })
    }

    fn refill(&mut self) -> io::Result<()> {
        while self.given == self.output.len() && !self.ended {
            if self.taken == self.input.len() {
                self.input.resize(CHUNK, 0);
                let count = self.bytes.read(&mut self.input)?;
                self.input.truncate(count);
                self.taken = 0;
            }
            let last = self.input.is_empty();
            self.output.resize(CHUNK + 16, 0);
            self.given = 0;
            let source = self.input.get(self.taken..).unwrap_or_default();
            let (result, read, written, wrong) = self.decoder.decode_to_utf8(source, &mut self.output, last);
            if wrong {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "not in the encoding that was found"));
            }
            self.taken += read;
            self.output.truncate(written);
            self.ended = last && result == CoderResult::InputEmpty;
        }
        Ok(())
    }
}

impl Read for Decoded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.refill()?;
        let mut left = self.output.get(self.given..).unwrap_or_default();
        let count = left.read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

fn decoder_of(encoding: TextEncoding) -> &'static Encoding {
    match encoding {
        TextEncoding::Utf8 | TextEncoding::Utf8Bom => UTF_8,
        TextEncoding::Utf16Le => UTF_16LE,
        TextEncoding::Utf16Be => UTF_16BE,
        TextEncoding::Windows1252 => WINDOWS_1252,
    }
}

/// Reads no more than is left of a budget, which begins anew with each row.
pub struct Budgeted<R> {
    inner: R,
    left: Budget,
}

/// The budget of a row, shared with whoever knows where a row ends.
#[derive(Debug, Clone)]
pub struct Budget(Rc<RefCell<Account>>);

#[derive(Debug)]
struct Account {
    left: usize,
    delimiter: Option<u8>,
    /// Delimiters of the present line.
    delimiters: usize,
    /// Whether a line had more of them than a table has columns.
    wide: bool,
    read: u64,
    /// What was read since the last row, and what is before it in the first piece; of texts with lines only.
    held: Vec<u8>,
    /// Bytes of it that rows have passed.
    passed: usize,
    line: u64,
    /// Whether nothing stands in the present line yet.
    bare: bool,
    /// Where lines end that no row has passed yet, and whether nothing stands in them.
    ends: VecDeque<(u64, bool)>,
}

impl Account {
    fn note_lines(&mut self, seen: &[u8]) {
        for byte in seen {
            match byte {
                b'\n' => {
                    self.ends.push_back((self.read, self.bare));
                    self.bare = true;
                    self.delimiters = 0;
                }
                b'\r' => {}
                _ => {
                    self.bare = false;
                    self.delimiters += usize::from(self.delimiter == Some(*byte));
                    self.wide |= self.delimiters > limits::COLUMNS;
                }
            }
            self.read += 1;
        }
    }
}

/// A row took more than its budget.
#[derive(Debug, thiserror::Error)]
#[error("a row is too long")]
pub struct RowTooLong {
    columns: bool,
}

impl Budget {
    const FULL: usize = limits::ROW_BYTES + 3 * CHUNK;

    /// Of one row and what is read ahead of it; `delimiter` stands between its columns.
    pub fn new(delimiter: Option<u8>) -> Self {
        Self(Rc::new(RefCell::new(Account {
            left: Self::FULL,
            delimiter,
            delimiters: 0,
            wide: false,
            read: 0,
            held: Vec::new(),
            passed: 0,
            line: 1,
            bare: true,
            ends: VecDeque::new(),
        })))
    }

    /// Begins anew.
    pub fn renew(&self) {
        let mut account = self.0.borrow_mut();
        account.left = Self::FULL;
        account.wide = false;
    }

    /// The line of the row that was read from between these bytes, counted from 1; rows are asked for in their order, and
    /// empty lines before a row are not its own.
    pub fn line_of(&self, mut start: u64, end: u64) -> u64 {
        let mut account = self.0.borrow_mut();
        while let Some((at, bare)) = account.ends.front().copied() {
            if at != start && !(bare && at == start + 1) {
                break;
            }
            account.ends.pop_front();
            account.line += 1;
            start = at + 1;
        }
        let line = account.line;
        while account.ends.front().is_some_and(|(at, _)| *at < end) {
            account.ends.pop_front();
            account.line += 1;
        }
        line
    }

    /// Shows the bytes of the row that ends here, with the end of the line before it, and forgets them.
    pub fn pass<T>(&self, end: u64, look: impl FnOnce(&[u8]) -> T) -> T {
        let mut account = self.0.borrow_mut();
        let unread = usize::try_from(account.read.saturating_sub(end)).unwrap_or(usize::MAX);
        let until = account.held.len().saturating_sub(unread).max(account.passed);
        let seen = look(account.held.get(account.passed..until).unwrap_or_default());
        account.passed = until;
        seen
    }
}

impl<R: Read> Budgeted<R> {
    /// Reads from `inner` within `left`.
    pub fn new(inner: R, left: Budget) -> Self {
        Self { inner, left }
    }
}

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut account = self.left.0.borrow_mut();
        if account.left == 0 {
            return Err(io::Error::other(RowTooLong { columns: account.wide }));
        }
        let most = buffer.len().min(account.left);
        let read = self.inner.read(buffer.get_mut(..most).unwrap_or_default())?;
        let seen = buffer.get(..read).unwrap_or_default();
        if account.delimiter.is_some() {
            account.note_lines(seen);
            let passed = std::mem::take(&mut account.passed);
            account.held.drain(..passed);
            account.held.extend_from_slice(seen);
        }
        account.left -= read;
        Ok(read)
    }
}

/// What a failure of reading a text within a budget means; `line` is where the row begins.
pub fn text_failure(error: io::Error, line: u64) -> TableError {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(RowTooLong { columns: true }) => TableError::TooManyColumns { limit: limits::COLUMNS },
        Some(_) => TableError::RowTooLong { line },
        None => reading(error),
    }
}
