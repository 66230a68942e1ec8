//! The ledger as plain-text double entry: by the command, of one file, read by hledger.

use std::process::Command;

use zhuxue::base::money::Fen;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::loan_position;

use diesel::prelude::*;

use crate::borrower::town::{each, read};
use crate::support::TestApp;

/// What hledger says of a journal; nothing where `scripts/test` has not installed it.
fn hledger(journal: &str, args: &[&str]) -> Option<String> {
    let program = std::env::var_os("TEST_HLEDGER")?;
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("zhuxue.journal");
    std::fs::write(&file, journal).unwrap();
    let mut command = Command::new(program);
    let output = command.env("LANG", "C.UTF-8").arg("-f").arg(&file).args(args).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {error}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The amounts of a journal below an account, in fen.
fn sum_below(journal: &str, account: &str) -> i64 {
    let amount = |line: &str| -> Option<i64> {
        let (name, amount) = line.trim_start().split_once("  CNY ")?;
        let amount = amount.split(' ').next()?.parse::<Fen>().ok()?;
        name.starts_with(account).then_some(amount.get())
    };
    journal.lines().filter_map(amount).sum()
}

fn outstanding(t: &TestApp) -> i64 {
    let all: Vec<Fen> =
        read(t, |db| Ok(loan_position::table.select(loan_position::outstanding_fen).load(db)?));
    all.into_iter().map(Fen::get).sum()
}

#[test]
fn a_county_and_a_file_balance_to_the_fen() {
    each(async |t| {
        let mut whole = String::new();
        let mut auditor = t.sign_in(Role::Auditor);
        let numbers: Vec<String> = read(&t, |db| {
            use zhuxue::plumbing::schema::loan_file;
            Ok(loan_file::table.select(loan_file::file_no).load(db)?)
        });
        for file_no in &numbers {
            let answer = auditor.get(&format!("/loans/{file_no}/journal")).await;
            answer.is(200);
            whole.push_str(&answer.text);
        }
        assert_eq!(sum_below(&whole, "资产:贷款本金"), outstanding(&t));
        assert!(outstanding(&t) > 0);
        if let Some(says) = hledger(&whole, &["check", "--strict"]) {
            assert_eq!(says, "");
            let args = ["balance", "资产:贷款本金", "--depth", "2", "-O", "csv"];
            let says = hledger(&whole, &args).unwrap();
            let yuan = Fen::new(outstanding(&t)).to_yuan_text();
            assert!(says.contains(&yuan), "{yuan}: {says}");
        }
        let file_no: String = read(&t, |db| {
            use zhuxue::plumbing::schema::{loan, loan_file};
            let of = loan_position::table.inner_join(loan::table.inner_join(loan_file::table));
            let owes = of.filter(loan_position::outstanding_fen.gt(Fen::ZERO));
            Ok(owes.select(loan_file::file_no).order(loan_file::file_no).first(db)?)
        });
        let answer = auditor.get(&format!("/loans/{file_no}/working.json")).await;
        let all: Vec<serde_json::Value> = serde_json::from_str(&answer.is(200).text).unwrap();
        let rows = |one: &&serde_json::Value| !one["rows"].as_array().unwrap().is_empty();
        let working = all.iter().find(rows).unwrap();
        assert!(!working["rules"].as_array().unwrap().is_empty());
    });
}
