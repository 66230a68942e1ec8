//! Files that come with a form (`multipart/form-data`). The token stands first in the form and is
//! checked before a file is read; what is too large is thrown away unread.

use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use futures_util::StreamExt as _;

use super::body::plain;
use super::fields::Fields;
use super::form::check_csrf;
use crate::error::{AppError, AppResult, FieldError};
use crate::web::session::SignedIn;

/// Longest value of a field that is no file.
const VALUE_BYTES_MAX: usize = 4 * 1024;
/// So many times the limit is read and thrown away, so that the browser gets the page that says
/// what is wrong; more than that is cut off.
const PATIENCE: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePart {
    /// Its name, without folders.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// What a form with files brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadForm {
    /// Fields that are no files.
    pub fields: Fields,
    /// The files, none of them without a name.
    pub files: Vec<FilePart>,
    /// The files together were larger than allowed; none was kept.
    pub too_large: bool,
}

impl UploadForm {
    /// The sentence about files that were too large.
    pub fn problem(&self, upload_mb: usize) -> Option<FieldError> {
        self.too_large.then(|| FieldError {
            field: "files".to_owned(),
            message: format!("文件合计超过 {upload_mb} MB，没有收下。请分几次选择文件"),
        })
    }
}

/// Reads the form. Refuses one whose token is missing, wrong, or stands behind a file.
pub async fn read(
    req: &HttpRequest,
    me: &SignedIn,
    payload: Multipart,
    upload_mb: usize,
) -> AppResult<UploadForm> {
    read_as(Some((req, me)), payload, upload_mb).await
}

/// Reads the form of somebody who is not signed in. Only for an address that is a secret by
/// itself: whoever can send this form knew the code in it.
pub async fn read_open(payload: Multipart, upload_mb: usize) -> AppResult<UploadForm> {
    read_as(None, payload, upload_mb).await
}

async fn read_as(
    whose: Option<(&HttpRequest, &SignedIn)>,
    mut payload: Multipart,
    upload_mb: usize,
) -> AppResult<UploadForm> {
    let most = upload_mb.saturating_mul(1024 * 1024);
    let mut form = UploadForm::default();
    let mut seen = 0_usize;
    let mut checked = whose.is_none();
    while let Some(part) = payload.next().await {
        let mut part = part.map_err(|_| broken_off())?;
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.content_disposition().and_then(|d| d.get_filename()).map(bare_name);
        let Some(file) = file else {
            let mut unseen = 0;
            let bytes = bytes(&mut part, &mut unseen, VALUE_BYTES_MAX).await?;
            let value = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            let value = value.ok_or_else(|| AppError::refused("填的内容太长或看不懂"))?;
            if let (Some((req, me)), "csrf") = (whose, name.as_str()) {
                check_csrf(me, req, Some(&value))?;
                checked = true;
            }
            form.fields = form.fields.with(&name, plain(&value));
            continue;
        };
        if !checked {
            return Err(AppError::Stale);
        }
        match bytes(&mut part, &mut seen, most).await? {
            Some(bytes) if !file.is_empty() => form.files.push(FilePart { name: file, bytes }),
            Some(_) => {}
            None => form.too_large = true,
        }
    }
    if !checked {
        return Err(AppError::Stale);
    }
    if form.too_large {
        form.files.clear();
    }
    Ok(form)
}

/// The bytes of a part; `None` when they, with those `seen` before, are more than allowed.
async fn bytes(part: &mut Field, seen: &mut usize, most: usize) -> AppResult<Option<Vec<u8>>> {
    let mut all = Vec::new();
    while let Some(piece) = part.next().await {
        let piece = piece.map_err(|_| broken_off())?;
        *seen = seen.saturating_add(piece.len());
        if *seen > most.saturating_mul(PATIENCE) {
            return Err(AppError::refused("内容太大，请分几次提交"));
        }
        if *seen <= most {
            all.extend_from_slice(&piece);
        }
    }
    Ok((*seen <= most).then_some(all))
}

fn broken_off() -> AppError {
    AppError::refused("文件没有传完，什么都没有改动。请再选择一次")
}

/// Old browsers send the whole path.
fn bare_name(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or(name).chars().take(120).collect()
}
