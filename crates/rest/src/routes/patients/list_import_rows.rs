//! `GET /api/v1/imports/{import_id}/rows`

use std::collections::VecDeque;

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::{Error, HttpRequest, HttpResponse, Responder, web};
use futures_util::stream;
use kernel::ids::ImportId;
use kernel::{PageAsk, Permit, Start, Total};
use patients::Imports;
use patients::model::import::{Import, ImportRow, Plan, RowOutcome};
use patients::permission::ImportsManage;
use patients::ports::imports::{ImportRowKey, ImportRowList};
use patients::usecase;
use serde::Serialize;
use utoipa::ToSchema;

use crate::download::{csv_field, streamed};
use crate::openapi::{Described, Sketch};
use crate::wire::patients::{ImportOutcome, ImportRowPage, ImportRowWire};
use crate::{Env, FromJson, FromQuery, Guard, Id, PageParams, Params, Problem, Read, operation};

/// Which rows
#[derive(Debug, FromQuery)]
pub struct ImportRowFilter {
    /// Only these outcomes.
    outcome: Vec<ImportOutcome>,
    /// `csv` gives the rows that failed as a file, ready to be corrected and sent again; so does `Accept: text/csv`.
    format: Option<ImportRowFormat>,
    #[query(flatten)]
    page: PageParams,
}

/// How the rows of an import are written
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, FromJson, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportRowFormat {
    /// As a page of a list
    Json,
    /// As a file of those that failed
    Csv,
}

/// Rows as a page or as a file.
pub enum ImportRows {
    /// A page.
    Page(Read<ImportRowPage>),
    /// A file.
    File(HttpResponse),
}

/// The media type of the file.
const CSV: &str = "text/csv; charset=utf-8";
/// A row whose CPF has a wrong check digit.
const EXAMPLE: &str = "Nome,CPF,import_line,import_code,import_column\r\n\
    Maria da Silva,529.982.247-26,17,patients.invalid_cpf,CPF\r\n";
/// Rows of one read.
const PIECE: u16 = 200;

/// List the rows of an import
///
/// In the order of the file, with what became of each. As CSV, the rows that failed come with their original cells, dates as `YYYY-MM-DD`,
/// followed by line, code and column; what a spreadsheet would take for a formula has an apostrophe before it, which an import leaves out again.
#[operation]
pub async fn list_import_rows(
    guard: Guard<ImportsManage>,
    imports: Env<Imports>,
    id: Id<ImportId>,
    params: Params<ImportRowFilter>,
    request: HttpRequest,
) -> Result<ImportRows, Problem> {
    let ImportRowFilter { outcome, format, page } = params.0;
    let permit = guard.reading();
    if format == Some(ImportRowFormat::Csv) || (format.is_none() && prefers_csv(&request)) {
        let import = usecase::read_import(&imports, &permit, id.0).await?;
        return Ok(ImportRows::File(file(imports.as_ref().clone(), permit, &import)));
    }
    let outcomes = outcome.into_iter().map(|outcome| outcome.0).collect();
    let ask = ImportRowList { import_id: id.0, outcomes, page: page.ask()? };
    let (_, rows) = usecase::list_import_rows(&imports, &permit, &ask).await?;
    Ok(ImportRows::Page(Read::page(rows, ImportRowWire::from)))
}

fn prefers_csv(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.trim_start().starts_with("text/csv")
}

/// The file in the making: pages of rows that failed, one after the other.
struct Writing {
    imports: Imports,
    permit: Permit<ImportsManage>,
    import: ImportId,
    plan: Plan,
    start: Option<Start<ImportRowKey>>,
    lines: VecDeque<String>,
}

fn file(imports: Imports, permit: Permit<ImportsManage>, import: &Import) -> HttpResponse {
    let titles = import.mapping.labels().chain(["import_line", "import_code", "import_column"]).map(csv_field);
    let head = titles.collect::<Vec<_>>().join(",") + "\r\n";
    let lines = VecDeque::from([head]);
    let plan = import.plan(imports.clock.now().date_naive());
    let writing = Writing { imports, permit, import: import.id, plan, start: Some(Start::First), lines };
    let stem = import.file_name.rsplit_once('.').map_or(import.file_name.as_str(), |(stem, _)| stem);
    let name = format!("{stem} - failed.csv");
    streamed(CSV, &name, stream::unfold(writing, |writing| Box::pin(next(writing))))
}

async fn next(mut writing: Writing) -> Option<(Result<web::Bytes, Error>, Writing)> {
    if writing.lines.is_empty() {
        let page = PageAsk { limit: PIECE, start: writing.start.take()?, total: Total::Skip };
        let ask = ImportRowList { import_id: writing.import, outcomes: vec![RowOutcome::Failed], page };
        match usecase::list_import_rows(&writing.imports, &writing.permit, &ask).await {
            Ok((_, rows)) => {
                let last = rows.items.last().map(|row| ImportRowKey { line: row.line });
                writing.start = rows.next.and(last).map(Start::After);
                writing.lines.extend(rows.items.into_iter().map(|row| line(row, &writing.plan)));
            }
            Err(error) => return Some((Err(Problem::from(error).into()), writing)),
        }
    }
    let text = writing.lines.drain(..).collect::<String>();
    if text.is_empty() { None } else { Some((Ok(web::Bytes::from(text)), writing)) }
}

fn line(row: ImportRow, plan: &Plan) -> String {
    let cells = row.cells.map(|cells| plan.plain(cells.0)).unwrap_or_default();
    let told = [row.line.to_string(), row.code.unwrap_or_default(), row.column.unwrap_or_default()];
    cells.iter().chain(&told).map(|text| csv_field(text)).collect::<Vec<_>>().join(",") + "\r\n"
}

impl Responder for ImportRows {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Page(page) => page.respond_to(request),
            Self::File(response) => response,
        }
    }
}

impl Described for ImportRows {
    fn describe(sketch: &mut Sketch) {
        Read::<ImportRowPage>::describe(sketch);
        sketch.also_answers(StatusCode::OK, CSV);
        sketch.example(StatusCode::OK, CSV, EXAMPLE);
    }
}
