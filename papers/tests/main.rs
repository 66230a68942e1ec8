//! The program as it is called: a PDF is made, its pages are counted, its text is read and its
//! QR codes are decoded from the picture of the page; and every refusal is one line.
//!
//! Needs pdftotext and pdftoppm (poppler) and a Chinese font: `scripts/test --papers` sees to it.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets a surprise should stop there and say where"
)]

mod refusals;
mod sheets;
mod support;
