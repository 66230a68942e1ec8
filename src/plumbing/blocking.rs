//! Work that waits for a disk or a database, off the threads that answer. Every work is one type of
//! task: with a type of its own for each of 400 closures the program was 2 MB larger.

use std::any::Any;

use actix_web::rt::task::spawn_blocking;

use crate::error::{AppError, AppResult};

type Made = Box<dyn Any + Send>;

/// Runs `work` on the blocking pool; it ends also when nobody waits for it any more.
///
/// # Errors
/// `Broken` when the work panicked or the program ends.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> AppResult<T> {
    let made = run(Box::new(move || -> Made { Box::new(work()) })).await?;
    let made = made.downcast::<T>().map_err(|_| AppError::broken("a work without its value"))?;
    Ok(*made)
}

async fn run(work: Box<dyn FnOnce() -> Made + Send>) -> AppResult<Made> {
    let ended = |error| AppError::broken(format!("a blocking task ended early: {error}"));
    spawn_blocking(work).await.map_err(ended)
}
