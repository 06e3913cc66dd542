//! Tables out of stored files: the file is fetched, and read on a thread that may wait.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;
use kernel::{FileError, FileKey, FileStore};
use patients::model::import::SAMPLE;
use patients::model::table::Cell;
use patients::ports::imports::{ReadFailed, RowPieces, TableSource};
use patients::ports::tables::{Sheet, TableAsk, TableError, TableReader, TableRow};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// Rows of one piece: what an import does in one transaction.
const PIECE: usize = 400;
/// Bytes after which a piece has fewer rows, and after which a sample has.
const PIECE_BYTES: usize = 4 << 20;
/// Pieces that wait to be taken.
const AHEAD: usize = 2;

/// Files of a store, read by a reader of tables.
#[derive(Clone)]
pub struct StoredTables {
    files: Arc<dyn FileStore>,
    reader: Arc<dyn TableReader>,
}

/// Rows that are taken together: so many, or fewer where they are long.
struct Piece {
    rows: Vec<TableRow>,
    bytes: usize,
    most: usize,
}

struct Pieces(mpsc::Receiver<Result<Vec<TableRow>, TableError>>);

impl StoredTables {
    /// The tables of this store.
    pub fn new(files: Arc<dyn FileStore>, reader: Arc<dyn TableReader>) -> Self {
        Self { files, reader }
    }

    /// The whole file: uploads are small enough to be held.
    async fn bytes(&self, key: &FileKey) -> Result<Vec<u8>, FileError> {
        let (mut file, mut bytes) = (self.files.open(key).await?, Vec::new());
        while let Some(piece) = file.read().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}

#[async_trait]
impl TableSource for StoredTables {
    async fn inspect(&self, key: &FileKey, ask: TableAsk) -> Result<(Sheet, Vec<Vec<Cell>>), ReadFailed> {
        let (bytes, reader) = (self.bytes(key).await?, Arc::clone(&self.reader));
        let inspected = spawn_blocking(move || {
            let mut bytes = Cursor::new(bytes);
            let sheet = reader.inspect(&mut bytes, &ask)?;
            let mut sample = Piece::of(SAMPLE);
            reader.rows(&mut bytes, &sheet, &mut |row| {
                if sample.add(row) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            Ok::<_, TableError>((sheet, sample.take().into_iter().map(|row| row.cells).collect()))
        });
        Ok(inspected.await.map_err(|error| ended(&error))??)
    }

    async fn rows(&self, key: &FileKey, sheet: Sheet, after: u64) -> Result<Box<dyn RowPieces>, ReadFailed> {
        let (bytes, reader) = (self.bytes(key).await?, Arc::clone(&self.reader));
        let (sender, receiver) = mpsc::channel(AHEAD);
        spawn_blocking(move || {
            let mut piece = Piece::of(PIECE);
            let read = reader.rows(&mut Cursor::new(bytes), &sheet, &mut |row| {
                let full = row.line > after && piece.add(row);
                // Nobody takes rows any longer: the import was stopped.
                let gone = full && sender.blocking_send(Ok(piece.take())).is_err();
                if gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            let last = match read {
                Ok(()) if piece.rows.is_empty() => return,
                Ok(()) => Ok(piece.take()),
                Err(error) => Err(error),
            };
            // As above.
            let _ = sender.blocking_send(last);
        });
        Ok(Box::new(Pieces(receiver)))
    }
}

impl Piece {
    fn of(most: usize) -> Self {
        Self { rows: Vec::new(), bytes: 0, most }
    }

    /// Adds a row, and says whether that is enough.
    fn add(&mut self, row: TableRow) -> bool {
        let text = |cell: &Cell| match cell {
            Cell::Text(text) | Cell::Number(text) | Cell::Error(text) => text.len(),
            _ => 0,
        };
        self.bytes += size_of_val(row.cells.as_slice()) + row.cells.iter().map(text).sum::<usize>();
        self.rows.push(row);
        self.rows.len() >= self.most || self.bytes >= PIECE_BYTES
    }

    fn take(&mut self) -> Vec<TableRow> {
        self.bytes = 0;
        std::mem::take(&mut self.rows)
    }
}

#[async_trait]
impl RowPieces for Pieces {
    async fn next(&mut self) -> Result<Vec<TableRow>, ReadFailed> {
        match self.0.recv().await {
            Some(piece) => Ok(piece?),
            None => Ok(Vec::new()),
        }
    }
}

/// A reader that panicked has refused the file, whatever it is.
fn ended(error: &tokio::task::JoinError) -> ReadFailed {
    tracing::error!(%error, "a reader of tables ended");
    ReadFailed::Table(TableError::Broken("the reader gave up"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pt8_a_piece_is_full_by_its_rows_or_by_their_bytes() {
        let row = |line: u64, text: usize| TableRow { line, cells: vec![Cell::Text("x".repeat(text)), Cell::Empty] };
        let count = |most: usize, text: usize| {
            let mut piece = Piece::of(most);
            let full = (1..=1_000).find(|line| piece.add(row(*line, text))).unwrap();
            assert_eq!(u64::try_from(piece.take().len()).unwrap(), full);
            assert!(!piece.add(row(1, text)), "it begins anew");
            full
        };
        assert_eq!(count(PIECE, 10), 400);
        assert_eq!(count(SAMPLE, 10), 50);
        assert_eq!((count(PIECE, 1 << 20), count(SAMPLE, 1 << 20)), (4, 4));
        let mut wide = Piece::of(PIECE);
        let cells = || vec![Cell::Empty; 1_024];
        let full = (1..=1_000).find(|line| wide.add(TableRow { line: *line, cells: cells() })).unwrap();
        assert!(full < 200, "empty cells take room too: {full}");
    }
}
