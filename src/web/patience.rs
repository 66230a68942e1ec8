//! A body comes in within a bounded time, whoever reads it and however it is cut into pieces: a
//! form within `body_timeout_s`, a file at least as fast as [`BYTES_PER_S`]. A body that was not
//! read to its end takes its connection with it: nobody waits for the rest.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::rt::time::{Instant, Sleep, sleep_until};
use actix_web::web::Bytes;
use actix_web::{HttpMessage as _, rt};
use futures_util::Stream;

/// A file may take as long as this many bytes a second need: a county's slowest line.
const BYTES_PER_S: u64 = 8 * 1024;
/// A body that nobody reads any more is held so long, that the answer is sent before: the server
/// closes a connection with an unread body, and waits for the rest of one that was let go.
const HELD_S: u64 = 10;

struct Patient {
    /// Nothing once it is at its end.
    body: Option<Payload>,
    until: Pin<Box<Sleep>>,
    is_file: bool,
    bytes: u64,
}

/// Puts the limit around the body of a request, if there is one.
pub fn limit(req: &mut ServiceRequest, timeout: Duration) {
    let body = req.take_payload();
    if matches!(body, Payload::None) {
        return;
    }
    let kind = req.headers().get(CONTENT_TYPE).map(|kind| kind.as_bytes());
    let patient = Patient {
        body: Some(body),
        until: Box::pin(sleep_until(Instant::now() + timeout)),
        is_file: kind.is_some_and(|kind| kind.starts_with(b"multipart/")),
        bytes: 0,
    };
    req.set_payload(Payload::Stream { payload: Box::pin(patient) });
}

impl Patient {
    /// What has come of a file gives it more time.
    fn count(&mut self, piece: &Bytes) {
        let before = self.bytes / BYTES_PER_S;
        self.bytes = self.bytes.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        let more = self.bytes / BYTES_PER_S - before;
        if self.is_file && more > 0 {
            let until = self.until.deadline() + Duration::from_secs(more);
            self.until.as_mut().reset(until);
        }
    }
}

impl Stream for Patient {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        match Pin::new(body).poll_next(cx) {
            Poll::Ready(Some(Ok(piece))) => {
                this.count(&piece);
                Poll::Ready(Some(Ok(piece)))
            }
            Poll::Ready(None) => {
                this.body = None;
                Poll::Ready(None)
            }
            Poll::Ready(other) => Poll::Ready(other),
            Poll::Pending if this.until.as_mut().poll(cx).is_ready() => {
                let late = io::Error::from(io::ErrorKind::TimedOut);
                Poll::Ready(Some(Err(PayloadError::Io(late))))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for Patient {
    fn drop(&mut self) {
        let Some(body) = self.body.take() else { return };
        rt::spawn(async move {
            rt::time::sleep(Duration::from_secs(HELD_S)).await;
            drop(body);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_file_that_comes_has_its_time_and_a_form_has_no_more() {
        let now = Instant::now();
        for (is_file, seconds) in [(true, 3), (false, 0)] {
            let until = Box::pin(sleep_until(now));
            let mut one = Patient { body: None, until, is_file, bytes: 0 };
            for _ in 0..6 {
                one.count(&Bytes::from_static(&[0; 4 * 1024]));
            }
            assert_eq!(one.until.deadline() - now, Duration::from_secs(seconds));
        }
    }
}
