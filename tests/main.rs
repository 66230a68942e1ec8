//! All integration tests in one binary: one link, one list. A new part is one line below, in
//! alphabetical order.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that meets a surprise should stop there and say where"
)]

mod access;
mod act;
mod bank_data;
mod bench_cli;
mod booking;
mod borrower;
mod browser;
mod closing;
mod contact;
mod counter;
mod hardship;
mod disbursement;
mod early;
mod graduation;
mod imports;
mod jobs;
mod liaison;
mod matching;
mod new_stage;
mod notices;
mod outbox;
mod overdue;
mod pages;
mod peers;
mod policy;
mod preapplication;
mod receipt;
mod rehearsal;
mod relief;
mod repayment;
mod reports;
mod season;
mod sheets;
mod statement_cli;
mod story;
mod study;
mod support;
mod tidy;
mod two_databases;
mod visits;
mod worksheets;
