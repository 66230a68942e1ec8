//! The one error of the program, and the page each kind becomes.
//!
//! A refusal is not an error: rules return small enums, shown in plain Chinese. What arrives
//! here is either the reader's to mend (Refused, Invalid, Changed ...) or ours (Broken), and
//! then the reader gets a number to quote and the log gets the detail. A cause never reaches
//! the page. (`plumbing/http.rs` turns these into responses.)

use std::fmt;

/// One field of a form that cannot be taken, and what to do, in Chinese.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// The name of the form field, for the link from the summary.
    pub field: String,
    /// What is wrong and what to do: 「共同借款人身份证号对不上，请对照证件重输」.
    pub message: String,
}

/// Why something did not happen.
#[derive(Debug)]
pub enum AppError {
    /// A rule says no; the sentence says why and what can be done. 422.
    Refused(String),
    /// Fields of a form that cannot be taken. 422.
    Invalid(Vec<FieldError>),
    /// The body came packed: unpacked it may be a thousand times as long. 415.
    Packed,
    /// Nobody is signed in; the page asks for it. 303 to the sign-in page.
    NotSignedIn,
    /// A form whose token is missing or old, or that comes from elsewhere: nothing was done. 403.
    Stale,
    /// Signed in, but this is not theirs to see or do. Shown as NotFound to outsiders. 403.
    Forbidden,
    /// There is no such thing (or not in this person's offices). 404.
    NotFound,
    /// Somebody else saved first; the page shows what is there now. 409.
    Changed,
    /// Too many at once, try again. 503.
    TooBusy(String),
    /// The database could not do it: no room, no connection, no time. What was asked may be quite
    /// right and is done when it is asked again. To the reader the same as Broken. 500.
    Database(String),
    /// Somebody else changed what was read, or holds the lock: `Database::write` runs the body
    /// again. What still comes out of it is to the reader the same as Database. 500.
    Conflict(String),
    /// Our fault: 500 with a reference number; the detail goes to the log only.
    Broken(String),
}

/// What nearly every function here returns.
pub type AppResult<T> = Result<T, AppError>;

impl AppError {
    /// Ours to mend: what happened, for the log.
    pub fn broken(what: impl fmt::Display) -> Self {
        AppError::Broken(what.to_string())
    }

    /// True when the same thing asked again later may well be done: the cause is the disk, the
    /// connection or the time, not what was asked.
    pub fn is_of_database(&self) -> bool {
        matches!(self, AppError::Database(_) | AppError::Conflict(_) | AppError::TooBusy(_))
    }

    /// A rule says no, in a Chinese sentence.
    pub fn refused(why: impl Into<String>) -> Self {
        AppError::Refused(why.into())
    }

    /// One field that cannot be taken.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        AppError::Invalid(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AppError::Refused(why) => f.write_str(why),
            AppError::Invalid(errors) => {
                let all: Vec<&str> = errors.iter().map(|e| e.message.as_str()).collect();
                f.write_str(&all.join("；"))
            }
            AppError::Packed => f.write_str("压缩过的请求不收"),
            AppError::NotSignedIn => f.write_str("请先登录"),
            AppError::Stale => f.write_str("页面开得太久，请刷新后再提交"),
            AppError::Forbidden => f.write_str("没有权限"),
            AppError::NotFound => f.write_str("没有找到"),
            AppError::Changed => f.write_str("别人刚刚改过，请刷新后再改"),
            AppError::TooBusy(what) => write!(f, "too busy: {what}"),
            AppError::Database(what) | AppError::Conflict(what) | AppError::Broken(what) => {
                f.write_str(what)
            }
        }
    }
}

impl std::error::Error for AppError {}

/// A deadlock and a locked file have no kind of their own in diesel; the text of the first follows
/// the server's language.
fn is_conflict(text: &str) -> bool {
    ["deadlock detected", "检测到死锁", "database is locked", "database table is locked"]
        .iter()
        .any(|sign| text.contains(sign))
}

impl From<diesel::result::Error> for AppError {
    /// `NotFound` from a query is a missing row. What the database says of the statement itself
    /// (a key that is there twice, a value that a check refuses) is ours to mend. All else it says
    /// is taken for its own trouble: a full disk and a server that was stopped have no kind of
    /// their own, and their words follow the server's language. A conflict is retried by
    /// `Database::write` before it ever becomes this.
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::DatabaseErrorKind::{
            CheckViolation, ExclusionViolation, ForeignKeyViolation, NotNullViolation,
            RestrictViolation, SerializationFailure, UniqueViolation,
        };
        use diesel::result::Error;
        match error {
            Error::NotFound => AppError::NotFound,
            Error::DatabaseError(SerializationFailure, _) => {
                AppError::Conflict(format!("database: {error}"))
            }
            Error::DatabaseError(
                UniqueViolation | ForeignKeyViolation | NotNullViolation | CheckViolation
                | RestrictViolation | ExclusionViolation,
                _,
            ) => AppError::Broken(format!("database: {error}")),
            Error::DatabaseError(_, ref cause) if is_conflict(cause.message()) => {
                AppError::Conflict(format!("database: {error}"))
            }
            Error::DatabaseError(..)
            | Error::RollbackErrorOnCommit { .. }
            | Error::BrokenTransactionManager => AppError::Database(format!("database: {error}")),
            other => AppError::Broken(format!("database: {other}")),
        }
    }
}
