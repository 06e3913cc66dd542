//! `POST /api/v1/imports`

use kernel::{FileKey, StoredReply};
use patients::Imports;
use patients::model::import::Import;
use patients::permission::ImportsManage;
use patients::usecase;

use crate::wire::patients::{ImportForm, ImportWire, import_fields, start_import};
use crate::{Created, Env, Guard, Problem, operation};

/// Import patients or appointments from a file
///
/// A CSV, JSON, XLSX, XLS or ODS file, of at most 25 MiB. What it is and what its columns are taken for is answered at once; a worker
/// then reads its rows, and `GET /api/v1/imports/{import_id}` tells how far it has come. Sending the same file again changes nothing.
#[operation(refuses(Conflict, Invalid))]
pub async fn create_import(
    guard: Guard<ImportsManage>,
    imports: Env<Imports>,
    form: ImportForm,
) -> Result<Created<ImportWire>, Problem> {
    let id = imports.ids.next();
    let key = FileKey::of(guard.reading().scope(), id);
    let country = guard.session()?.principal().country.clone();
    let received = form.0.receive(&*imports.files, &key, &import_fields()).await?;
    let permit = guard.permit(&received);
    let ask = match start_import(&received, id, country) {
        Ok(ask) => ask,
        Err(problem) => {
            imports.files.delete(&key).await?;
            return Err(problem);
        }
    };
    Ok(usecase::start_import(&imports, &permit, ask, created).await?.into())
}

fn created(import: &Import) -> StoredReply {
    Created::reply(&ImportWire::from(import), format!("/api/v1/imports/{}", import.id), Some(import.version))
}
