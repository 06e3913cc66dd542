//! Markup and records as a stream of bytes, measured before a parser gets to hold any of it.

use patients::ports::tables::TableError;

use super::limits;

/// Markup that passes by.
#[derive(Debug, Default)]
pub struct Markup {
    at: At,
    run: usize,
    since_cell: usize,
    in_data: bool,
    /// The tags that are open.
    open: Vec<Vec<u8>>,
    /// How many of them stand around the text of a cell or a shared string, and that they do.
    around_text: Option<usize>,
    /// Tags that were opened or closed.
    pub tags: u64,
    /// Merged ranges.
    pub merged: u64,
}

#[derive(Debug, Default)]
enum At {
    #[default]
    Text,
    /// The first bytes of a tag.
    Name(Vec<u8>),
    /// The rest of a tag.
    Tag(Tag),
    Doctype,
    /// Until this closes it; so many of its bytes have been seen.
    Until(&'static [u8], usize),
}

/// A tag, up to where it has been read.
#[derive(Debug, Default)]
struct Tag {
    name: Vec<u8>,
    /// The quotation mark that is open: a `>` behind it does not end the tag.
    quote: Option<u8>,
    /// Whether the last byte outside of quotation marks was a slash.
    slash: bool,
}

/// Longest name of a tag.
const NAME: usize = 128;
/// Tags inside each other.
const DEPTH: usize = 256;
/// Bytes between one cell or shared string and the next.
const CELL_BYTES: usize = 4 << 20;

impl Markup {
    /// Takes the next bytes.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), TableError> {
        while !bytes.is_empty() {
            let (taken, next) = match &mut self.at {
                At::Text => skip_to(bytes, b'<', At::Name(Vec::new())),
                At::Tag(tag) => match tag.end(bytes) {
                    Some(taken) => {
                        let tag = std::mem::take(tag);
                        self.tag(&tag)?;
                        (taken, Some(At::Text))
                    }
                    None => (bytes.len(), None),
                },
                At::Name(name) => {
                    let name = std::mem::take(name);
                    self.name(name, bytes)?
                }
                At::Doctype => doctype(bytes)?,
                At::Until(end, seen) => until(bytes, end, *seen),
            };
            self.run += taken;
            self.since_cell += taken;
            if self.run > limits::MARKUP + NAME || (self.in_data && self.since_cell > CELL_BYTES) {
                return Err(TableError::ClaimsTooMuch("text in one place"));
            }
            if let Some(next) = next {
                if matches!(next, At::Text | At::Name(_)) {
                    self.run = 0;
                }
                self.at = next;
            }
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    fn name(&mut self, mut name: Vec<u8>, bytes: &[u8]) -> Result<(usize, Option<At>), TableError> {
        for (at, byte) in bytes.iter().enumerate() {
            let special = match name.as_slice() {
                b"!--" => Some(At::Until(b"-->", 0)),
                b"![CDATA[" => Some(At::Until(b"]]>", 0)),
                b"?" => Some(At::Until(b"?>", 0)),
                b"!DOCTYPE" => Some(At::Doctype),
                name if name.starts_with(b"!E") => return Err(TableError::Entities),
                _ => None,
            };
            if special.is_some() {
                return Ok((at, special));
            }
            if byte.is_ascii_whitespace() || matches!(byte, b'>' | b'"' | b'\'') {
                let slash = name.len() > 1 && name.ends_with(b"/") && *byte == b'>';
                name.truncate(name.len() - usize::from(slash));
                return Ok((at, Some(At::Tag(Tag { name, quote: None, slash }))));
            }
            if name.len() >= NAME {
                return Err(TableError::ClaimsTooMuch("a name"));
            }
            name.push(*byte);
        }
        let taken = bytes.len();
        self.at = At::Name(name);
        Ok((taken, None))
    }

    /// Refuses what ends while tags are open.
    pub fn finish(&self) -> Result<(), TableError> {
        if self.open.is_empty() && matches!(self.at, At::Text) { Ok(()) } else { Err(TableError::Broken(UNBALANCED)) }
    }

    /// Tags have to be closed in the order in which they were opened, so that no parser sees the end of a text elsewhere.
    fn tag(&mut self, tag: &Tag) -> Result<(), TableError> {
        self.tags += 1;
        let (closes, name) = tag.name.strip_prefix(b"/").map_or((false, &*tag.name), |name| (true, name));
        let local = name.rsplit(|b| *b == b':').next().unwrap_or(name);
        if closes {
            if self.open.pop().as_deref() != Some(name) {
                return Err(TableError::Broken(UNBALANCED));
            }
            self.around_text = self.around_text.filter(|around| self.open.len() > *around);
        }
        match local {
            b"c" | b"row" | b"si" if self.around_text.is_none() => self.since_cell = 0,
            b"sheetData" | b"sst" => {
                self.in_data = !closes && !tag.slash;
                self.since_cell = 0;
            }
            b"mergeCell" => self.merged += 1,
            _ => {}
        }
        if !closes && !tag.slash {
            if self.around_text.is_none() && matches!(local, b"is" | b"v" | b"f" | b"si") {
                self.around_text = Some(self.open.len());
            }
            self.open.push(name.to_owned());
            if self.open.len() > DEPTH {
                return Err(TableError::ClaimsTooMuch("depth"));
            }
        }
        Ok(())
    }
}

const UNBALANCED: &str = "its markup is not well-formed";

impl Tag {
    /// How many bytes belong to it, if it ends among these.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            match (self.quote, byte) {
                (None, b'>') => return Some(at + 1),
                (None, b'"' | b'\'') => self.quote = Some(*byte),
                (Some(open), byte) if open == *byte => self.quote = None,
                _ => {}
            }
            self.slash = self.quote.is_none() && *byte == b'/';
        }
        None
    }
}

fn skip_to(bytes: &[u8], what: u8, next: At) -> (usize, Option<At>) {
    match bytes.iter().position(|b| *b == what) {
        Some(at) => (at + 1, Some(next)),
        None => (bytes.len(), None),
    }
}

/// A document type may be named, but not define anything, nor say where it is defined.
fn doctype(bytes: &[u8]) -> Result<(usize, Option<At>), TableError> {
    match bytes.iter().position(|b| matches!(b, b'>' | b'[' | b'<' | b'"' | b'\'')) {
        Some(at) if bytes.get(at) == Some(&b'>') => Ok((at + 1, Some(At::Text))),
        Some(_) => Err(TableError::Entities),
        None => Ok((bytes.len(), None)),
    }
}

fn until(bytes: &[u8], end: &'static [u8], mut seen: usize) -> (usize, Option<At>) {
    for (at, byte) in bytes.iter().enumerate() {
        if end.get(seen) == Some(byte) {
            seen += 1;
            if seen == end.len() {
                return (at + 1, Some(At::Text));
            }
        } else if !(seen > 0 && end.get(seen - 1) == Some(byte) && end.first() == Some(byte)) {
            seen = usize::from(end.first() == Some(byte));
        }
    }
    (bytes.len(), Some(At::Until(end, seen)))
}

/// The number of strings that a table of shared ones claims to hold, wherever it says so.
#[derive(Debug, Default)]
pub struct Claims {
    held: Vec<u8>,
    /// The highest number.
    pub strings: u64,
}

const CLAIM: &[u8] = b"uniqueCount";
/// The claim and its number.
const CLAIM_BYTES: usize = 64;

impl Claims {
    /// Takes the next bytes; none at the end.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.held.extend(bytes);
        let complete = if bytes.is_empty() { 0 } else { CLAIM_BYTES };
        for at in 0..(self.held.len() + 1).saturating_sub(CLAIM.len().max(complete)) {
            let Some(number) = self.held.get(at..).and_then(|here| here.strip_prefix(CLAIM)) else {
                continue;
            };
            let digits: String = number
                .iter()
                .take(CLAIM_BYTES - CLAIM.len())
                .skip_while(|b| !b.is_ascii_digit())
                .take_while(|b| b.is_ascii_digit())
                .map(|b| char::from(*b))
                .collect();
            self.strings = self.strings.max(digits.parse().unwrap_or(u64::MAX));
        }
        let done = (self.held.len() + 1).saturating_sub(CLAIM_BYTES);
        self.held.drain(..done);
    }
}

/// Binary records (MS-XLSB 2.1.4) that pass by.
#[derive(Debug, Default)]
pub struct Records {
    left: usize,
    header: Vec<u8>,
}

/// A name that stands for a formula; formulas are not read, but names are, and each may repeat all others.
const NAME_RECORD: usize = 0x27;
const NAME_RECORD_BYTES: usize = 1_024;

impl Records {
    /// Takes the next bytes.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), TableError> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let taken = self.left.min(bytes.len());
                self.left -= taken;
                bytes = bytes.get(taken..).unwrap_or_default();
                continue;
            }
            self.header.push(*first);
            bytes = rest;
            if let Some((kind, length)) = record_header(&self.header) {
                let most = if kind == NAME_RECORD { NAME_RECORD_BYTES } else { limits::MARKUP };
                if length > most {
                    return Err(TableError::ClaimsTooMuch("length of a record"));
                }
                self.left = length;
                self.header.clear();
            }
        }
        Ok(())
    }
}

/// The kind and the length of a record, once all their bytes are there.
fn record_header(bytes: &[u8]) -> Option<(usize, usize)> {
    let (first, mut rest) = bytes.split_first()?;
    let mut kind = usize::from(first & 0x7F);
    if first & 0x80 != 0 {
        let (second, more) = rest.split_first()?;
        kind += usize::from(second & 0x7F) << 7;
        rest = more;
    }
    let mut length = 0;
    for (at, byte) in rest.iter().enumerate() {
        length += usize::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 || at == 3 {
            return Some((kind, length));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_pieces(text: &str, size: usize) -> Result<Markup, TableError> {
        let mut markup = Markup::default();
        text.as_bytes().chunks(size).try_for_each(|piece| markup.feed(piece))?;
        Ok(markup)
    }

    #[test]
    fn pt8_markup_is_measured_wherever_it_is_cut() {
        let text = "<?xml a?><!-- <!ENTITY --->x<a b='>' c=\"'>/\" ><![CDATA[<!ENTITY]]]><x:mergeCell r='1>'/><mergeCell/></a ><!DOCTYPE b>";
        for size in 1..text.len() {
            let markup = in_pieces(text, size).unwrap();
            markup.finish().unwrap();
            assert_eq!((markup.tags, markup.merged), (4, 2), "{size}");
            assert!(matches!(in_pieces("<!DOCTYPE a [", size), Err(TableError::Entities)));
            assert!(matches!(in_pieces("<!DOCTYPE a \"x>y\">", size), Err(TableError::Entities)));
            assert!(matches!(in_pieces("<!ENTITY a 'b'>", size), Err(TableError::Entities)));
            assert!(matches!(in_pieces("<a><b></a></b>", size), Err(TableError::Broken(_))));
            assert!(in_pieces("<a><b/>", size).unwrap().finish().is_err());
        }
    }

    #[test]
    fn pt8_a_bracket_in_quotes_ends_no_tag() {
        let swallowed = format!("<sheetData><c a='>{}'/></sheetData>", "<c/>".repeat(500_000));
        for size in [1, 7, 1_000] {
            assert!(matches!(in_pieces(&swallowed, size), Err(TableError::ClaimsTooMuch(_))), "{size}");
        }
    }

    #[test]
    fn pt8_long_comments_are_refused_too() {
        let text = format!("<!--{}-->", "<".repeat(2 << 20));
        assert!(matches!(in_pieces(&text, 1_000), Err(TableError::ClaimsTooMuch(_))));
    }

    #[test]
    fn pt8_the_text_of_a_cell_is_measured_whatever_tags_are_in_it() {
        let run = format!("<t>{}</t><c/><row/><si/>", "x".repeat(500_000));
        for (before, after) in [
            ("<sheetData><c><is>", "</is></c></sheetData>"),
            ("<sst><si>", "</si></sst>"),
            ("<x:sst><x:si>", "</x:si></x:sst>"),
        ] {
            assert!(in_pieces(&[before, &run.repeat(7), after].concat(), 9_999).is_ok());
            assert!(in_pieces(&[before, &run.repeat(9), after].concat(), 9_999).is_err());
        }
        let many = format!("<sst>{}</sst>", format!("<si>{run}</si>").repeat(20));
        assert!(in_pieces(&many, 9_999).is_ok());
    }

    #[test]
    fn pt8_claims_are_found_wherever_they_are_cut() {
        let text = format!("<sst a='' uniqueCount = \"1234\">{}", "<si/>".repeat(50));
        for size in 1..text.len() {
            let mut claims = Claims::default();
            text.as_bytes().chunks(size).chain([&b""[..]]).for_each(|piece| claims.feed(piece));
            assert_eq!(claims.strings, 1_234, "{size}");
        }
        let mut claims = Claims::default();
        claims.feed(b"uniqueCount");
        claims.feed(&[b' '; 100]);
        claims.feed(b"");
        assert_eq!(claims.strings, u64::MAX, "a number out of sight is none to trust");
    }

    #[test]
    fn pt8_records_that_claim_too_much_are_refused() {
        let feed = |bytes: &[u8]| Records::default().feed(bytes);
        // A cell of four bytes, then the beginning of one of a quarter of a gigabyte.
        assert!(feed(&[0x07, 4, 0, 0, 0, 0, 0x81, 0x01, 0]).is_ok());
        assert!(feed(&[0x07, 4, 0, 0, 0, 0, 0x07, 0xFF, 0xFF, 0xFF, 0x7F]).is_err());
        assert!(feed(&[0x27, 0xFF, 0x0F]).is_err());
    }
}
