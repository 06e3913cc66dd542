//! How much is read of a file, whatever it claims.

/// Columns of a table.
pub const COLUMNS: usize = 1_024;
/// Rows of a table.
pub const ROWS: u64 = 2_000_000;
/// Cells with something in them, over all rows.
pub const CELLS: u64 = 50_000_000;
/// Characters of text, over all rows: short references may stand for long texts.
pub const TEXT: u64 = 512 << 20;
/// Bytes of a row.
pub const ROW_BYTES: usize = 1 << 20;
/// Bytes of a column's title.
pub const TITLE: usize = 200;
/// Sheets of a workbook.
pub const SHEETS: usize = 256;
/// Bytes of a sheet's name.
pub const SHEET_NAME: usize = 1_024;
/// How many times its own size is read of a workbook while it is looked at, whatever its sheets share.
pub const PASSES: u64 = 4;
/// Bytes that are read beyond that.
pub const PASSES_SLACK: u64 = 256 << 10;
/// Rows among which the titles are looked for.
pub const SAMPLE_ROWS: usize = 40;
/// Rows that are remembered to find those that come again.
pub const REMEMBERED_ROWS: usize = 400_000;

/// Entries of an archive.
pub const ENTRIES: usize = 4_000;
/// Bytes that an archive may unpack to.
pub const UNPACKED: u64 = 512 << 20;
/// How many times its packed size an entry may unpack to, beyond [`SMALL_ENTRY`]: rows of a table pack to a thirtieth.
pub const RATIO: u64 = 250;
/// An entry up to here may be packed as well as it likes.
pub const SMALL_ENTRY: u64 = 8 << 20;
/// Bytes of a workbook's shared strings, which are held at once.
pub const SHARED_STRINGS: u64 = 48 << 20;
/// Tags of a workbook's shared strings.
pub const SHARED_STRING_TAGS: u64 = 4_000_000;
/// Bytes of any other part of a workbook that is held at once.
pub const OTHER_PART: u64 = 8 << 20;
/// Tags of such a part.
pub const OTHER_TAGS: u64 = 100_000;
/// Bytes of a tag, and of the text between two tags.
pub const MARKUP: usize = 1 << 20;

/// Bytes of a workbook in binary records.
pub const BINARY_WORKBOOK: u64 = 64 << 20;
