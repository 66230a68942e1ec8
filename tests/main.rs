//! The one integration test binary; one module for each subject.
#![expect(missing_docs, reason = "tests")]

mod statement_cli;
