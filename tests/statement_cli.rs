//! `zhuxue statement`: output as loan-maths section 8 has it, and one line for every bad input.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Runs the program with a file on standard input.
fn run(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_zhuxue"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A usage error ends the program before it reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

const TERMS: &str = r#"{ "contract_no": "X", "signed_on": "2026-08-20", "level": "undergraduate",
    "subsidy_ends_on": "2030-08-31", "final_due_on": "2045-09-20", "grace_years": 5,
    "pricing": {"fixed_percent": "2.80"} }"#;

fn file(events: &str) -> String {
    format!(r#"{{ "terms": {TERMS}, "events": [{events}] }}"#)
}

fn json(input: &str, as_of: &str) -> Value {
    let output = run(&["statement", "-", "--as-of", as_of, "--json"], input);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
    serde_json::from_slice(&output.stdout).unwrap()
}

const DISBURSED: &str = r#"{"on": "2026-11-15", "kind": "disbursed", "amount": "80000.00"}"#;

/// Every key of section 8 and no other, amounts as text with two decimals.
#[test]
fn the_shape_of_the_output() {
    let paid = r#"{"on": "2031-01-05", "kind": "paid", "amount": "100.00"}"#;
    let found = json(&file(&format!("{DISBURSED},{paid}")), "2031-01-05");
    let keys = |value: &Value| -> String {
        let map = value.as_object().unwrap();
        let mut keys: Vec<_> = map.keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys.join(" ")
    };
    assert_eq!(keys(&found), "as_of contract_no instalments position state_paid totals");
    assert_eq!(
        keys(&found["position"]),
        "changes_on days_overdue next_due_amount next_due_on oldest_unpaid_due_on \
         overdue_interest overdue_principal penalty principal_outstanding settled_on stage \
         surplus unapplied"
    );
    assert_eq!(
        keys(&found["totals"]),
        "borrower_interest disbursed penalty state_interest state_penalty"
    );
    let expected = serde_json::json!({
        "due_on": "2030-12-20", "days": 111, "rate_percent": "2.80", "interest": "690.67",
        "principal": "0.00", "paid_interest": "100.00", "paid_principal": "0.00",
        "penalty": "0.00", "paid_penalty": "0.00", "paid_by_state": "0.00", "state": "overdue",
        "balance_after": "80000.00", "because": ["80000.00 x 2.80% x 111/360 = 690.67"]
    });
    assert_eq!(found["instalments"][0], expected);
    assert_eq!(
        found["state_paid"][0],
        serde_json::json!({"settled_on": "2026-12-20", "interest": "217.78"})
    );
    assert_eq!(
        found["position"],
        serde_json::json!({
            "principal_outstanding": "80000.00", "overdue_principal": "0.00",
            "overdue_interest": "590.67", "penalty": "0.00",
            "oldest_unpaid_due_on": "2030-12-20", "days_overdue": 16,
            "next_due_on": "2031-12-20", "next_due_amount": "2271.11", "unapplied": "0.00",
            "surplus": "0.00", "settled_on": null, "changes_on": "2031-12-20", "stage": "grace"
        })
    );
    assert_eq!(found["totals"]["borrower_interest"], "690.67");
}

/// The file of section 8 with all its events, floating, read from a path.
#[test]
fn all_kinds_of_events_from_a_file() {
    let text = r#"{ "terms": { "contract_no": "X", "signed_on": "2026-08-20",
        "level": "graduate", "subsidy_ends_on": "2030-08-31", "final_due_on": "2045-09-20",
        "grace_years": 5, "pricing": "floating", "day_count": "act_360",
        "penalty_percent": "130", "due_month_day": "12-20",
        "switches": {"self_pay_starts": "subsidy_end", "recut_after_prepayment": "spread",
                     "allocation": "penalty_interest_principal"} },
      "events": [ {"on": "2026-09-15", "kind": "amount_raised", "to": "20000.00"},
        {"on": "2026-11-15", "kind": "disbursed", "amount": "20000.00", "id": 1},
        {"on": "2029-07-01", "kind": "subsidy_end_moved", "to": "2033-08-31"},
        {"on": "2030-07-01", "kind": "subsidy_end_moved", "to": "2034-08-31",
         "from": "2034-03-01", "id": "wrong"},
        {"on": "2030-07-01", "kind": "reversed", "of": "wrong"},
        {"on": "2033-03-09", "kind": "study_ended_early"},
        {"year": 2034, "kind": "interest_waived"}, {"year": 2038, "kind": "principal_deferred"},
        {"on": "2034-04-20", "kind": "prepaid", "principal": "5000.00"},
        {"on": "2035-01-05", "kind": "compensated", "amount": "100.00"},
        {"on": "2035-01-06", "kind": "relieved", "amount": "100.00"},
        {"on": "2035-02-06", "kind": "plan_set", "equal_amount": "1000.00", "first_year": 2039},
        {"on": "2035-12-20", "kind": "rate_set", "percent": "3.05"},
        {"on": "2036-01-05", "kind": "paid", "amount": "50"},
        {"on": "2036-01-20", "kind": "prepaid", "all": true} ] }"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("life.json");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let output = run(&["statement", path, "--as-of", "2046-01-01", "--json"], "");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["position"]["stage"], "settled");
    assert_eq!(found["position"]["settled_on"], "2036-01-20");
    let table = run(&["statement", path, "--as-of", "2035-06-01"], "");
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.starts_with("合同 X　截至 2035-06-01　还本宽限期\n"), "{table}");
    assert!(table.contains("由国家付"), "{table}");
}

/// One line on standard error that begins so, exit code 2, nothing on standard output.
fn refused(input: &str, begins: &str) {
    let output = run(&["statement", "-", "--as-of", "2032-01-01", "--json"], input);
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(line.starts_with(&format!("zhuxue: {begins}")), "{begins}: {line}");
    assert_eq!(line.trim_end().lines().count(), 1, "{line}");
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert!(output.stdout.is_empty());
}

/// Terms and frame: what is wrong in the file; what the line begins with.
#[test]
fn bad_terms_are_one_line_and_exit_code_2() {
    let terms = |old: &str, new: &str| {
        assert!(TERMS.contains(old), "{old}");
        format!(r#"{{"terms": {}, "events": []}}"#, TERMS.replace(old, new))
    };
    let cases = [
        ("{".to_owned(), "file: expected JSON"),
        ("[]".to_owned(), "file: expected an object"),
        (r#"{"events": []}"#.to_owned(), "terms: expected an object"),
        (format!(r#"{{"terms": {TERMS}}}"#), "events: expected a list"),
        (format!(r#"{{"terms": {TERMS}, "events": [], "x": 1}}"#), "x: expected terms and events"),
        (terms("\"level\"", "\"levle\""), "terms.level: expected undergraduate or graduate"),
        (terms("undergraduate", "bachelor"), "terms.level: expected undergraduate or graduate"),
        (terms("2026-08-20", "2026-8-20"), "terms.signed_on: expected a date"),
        (
            terms("\"grace_years\": 5", "\"grace_years\": \"5\""),
            "terms.grace_years: expected a whole",
        ),
        (terms("\"grace_years\": 5", "\"grace_years\": 41"), "terms.grace_years: expected a whole"),
        (terms("\"2.80\"", "2.80"), "terms.pricing.fixed_percent: expected percent as text"),
        (
            terms("{\"fixed_percent\": \"2.80\"}", "\"fixed\""),
            "terms.pricing: expected \"floating\"",
        ),
        (terms("\"grace_years\": 5", "\"grace_years\": 5, \"bank\": 1"), "terms.bank: expected no"),
        (
            terms("\"grace_years\": 5", "\"grace_years\": 5, \"switches\": {\"recut\": \"x\"}"),
            "terms.switches.recut: expected self_pay_starts",
        ),
        (
            terms("\"grace_years\": 5", "\"grace_years\": 5, \"due_month_day\": \"12-32\""),
            "terms.due_month_day: expected a day of the year",
        ),
        (terms("2045-09-20", "2026-08-20"), "terms.final_due_on: expected a day after signed_on"),
    ];
    for (input, begins) in cases {
        refused(&input, begins);
    }
}

/// Events, in the same way.
#[test]
fn bad_events_are_one_line_and_exit_code_2() {
    let on = r#""on": "2031-01-05""#;
    let cases = [
        (
            file(&format!(r#"{{{on}, "kind": "payed"}}"#)),
            "events[0].kind: expected one of disbursed",
        ),
        (file(&format!(r#"{{{on}, "kind": "paid"}}"#)), "events[0].amount: expected yuan"),
        (
            file(&format!(r#"{{{on}, "kind": "paid", "amount": 100}}"#)),
            "events[0].amount: expected yuan",
        ),
        (
            file(&format!(r#"{DISBURSED}, {{{on}, "kind": "paid", "amount": "0"}}"#)),
            "events[1].amount: expected more than 0.00",
        ),
        (
            file(&format!(r#"{{{on}, "kind": "paid", "amount": "1", "channel": "x"}}"#)),
            "events[0].channel: expected only fields of paid",
        ),
        (
            file(r#"{"kind": "paid", "amount": "1"}"#),
            "events[0].on: expected a date as text, such as \"2026-08-20\", found nothing",
        ),
        (
            file(&format!(r#"{{{on}, "kind": "interest_waived"}}"#)),
            "events[0].year: expected a year",
        ),
        (
            file(&format!(r#"{{{on}, "kind": "prepaid", "principal": "1", "all": true}}"#)),
            "events[0].principal: expected either",
        ),
        (
            file(&format!(r#"{{{on}, "kind": "reversed", "of": "p"}}"#)),
            "events[0].of: expected the id",
        ),
        (
            file(&format!(
                r#"{{"id": 7, {on}, "kind": "study_ended_early"}},
                   {{"id": "7", {on}, "kind": "paid", "amount": "1"}}"#
            )),
            "events[1].id: expected an id that no other event carries",
        ),
        (
            file(&format!(
                r#"{{{on}, "kind": "rate_set", "percent": "3"}},
                   {{{on}, "kind": "rate_set", "percent": "3"}}"#
            )),
            "events.rate_set: expected at most one for one day, found two on 2031-01-05",
        ),
    ];
    for (input, begins) in cases {
        refused(&input, begins);
    }
}

#[test]
fn bad_usage_is_exit_code_2() {
    for args in [
        &["statement", "-", "--as-of", "2032-13-01", "--json"][..],
        &["statement", "-", "--json"][..],
        &["statement", "/no/such/file.json", "--as-of", "2032-01-01"][..],
        &["statment"][..],
    ] {
        let output = run(args, "");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}");
    }
}

/// The rate tables and margins are the program's own: a floating loan of 2026.
#[test]
fn floating_contracts_use_the_embedded_tables() {
    let text = file(DISBURSED).replace(r#"{"fixed_percent": "2.80"}"#, r#""floating""#);
    let found = json(&text, "2030-09-01");
    assert_eq!(found["instalments"][0]["rate_percent"], "2.80");
    assert_eq!(found["position"]["stage"], "grace");
    assert_eq!(found["position"]["next_due_on"], "2030-12-20");
}

/// Many contracts in one call: an answer for each, in their order, whatever one of them is like.
#[test]
fn a_stream_answers_every_line() {
    let one = file(DISBURSED).replace('\n', " ");
    let wrong = one.replace("2045-09-20", "never");
    let mut lines = vec![one.as_str(); 1_200];
    lines[700] = &wrong;
    let args = ["statement", "-", "--as-of", "2031-01-05", "--stream"];
    let output = run(&args, &lines.join("\n"));
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(answers.len(), 1_200);
    assert_eq!(answers[0], json(&one, "2031-01-05"));
    assert_eq!(answers[1_199], answers[0]);
    assert_eq!(answers[700]["line"], 701);
    assert!(answers[700]["error"].as_str().unwrap().contains("terms.final_due_on"), "{text}");
    let brief = run(&[&args[..], &["--brief"]].concat(), &one);
    let brief: Value = serde_json::from_slice(&brief.stdout).unwrap();
    assert_eq!(brief["totals"], answers[0]["totals"]);
    assert_eq!(brief.get("instalments"), None);
}

/// Each amount as the terms that it is made of, with the rule, its document and the version.
#[test]
fn the_working_names_rules_and_documents() {
    let input = file(DISBURSED);
    let output = run(&["statement", "-", "--as-of", "2031-01-05", "--working"], &input);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["program"], env!("CARGO_PKG_VERSION"));
    let row = &found["rows"][0];
    assert_eq!(row["interest"], "690.67");
    // 80000.00 x 2.80% x 111/360 (loan-maths 8).
    assert_eq!(
        row["interest_is"],
        serde_json::json!([{ "from": "2030-09-01", "days": 111, "principal": "80000.00",
            "rate_percent": "2.80", "year_days": 360, "amount": "690.67", "payer": "borrower" }])
    );
    let rules = found["rules"].as_array().unwrap();
    for key in row["rules"].as_array().unwrap() {
        let rule = rules.iter().find(|rule| rule["key"] == *key);
        let rule = rule.unwrap_or_else(|| panic!("no rule {key}: {rules:?}"));
        assert!(!rule["document"].as_str().unwrap().is_empty(), "{rule}");
        assert!(!rule["value"].as_str().unwrap().is_empty(), "{rule}");
    }
}
