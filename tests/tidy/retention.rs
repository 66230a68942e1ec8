//! The table of how long records are there names every table once, only jobs that there are, and a
//! job where a job removes rows.

use std::collections::BTreeMap;

use zhuxue::desk::jobs::retention::{RULES, Until};
use zhuxue::jobs;

use super::source::{Source, program};
use super::tables::known_tables;

#[test]
fn every_table_has_one_rule_and_its_job_removes_rows_of_it() {
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for table in RULES.iter().flat_map(|rule| rule.tables) {
        *named.entry(table).or_default() += 1;
    }
    let twice: Vec<_> = named.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "in two rules: {twice:?}");
    let known = known_tables();
    let without: Vec<_> =
        known.iter().filter(|table| !named.contains_key(table.as_str())).collect();
    assert!(without.is_empty(), "desk/jobs/retention.rs says nothing of {without:?}");
    let gone: Vec<_> = named.keys().filter(|table| !known.contains(**table)).collect();
    assert!(gone.is_empty(), "desk/jobs/retention.rs names {gone:?}, which are no tables");
    for rule in RULES {
        let what = rule.what;
        assert_eq!(rule.job.is_some(), has_job(rule.until, rule.job), "{what}");
        let Some(job) = rule.job else { continue };
        assert!(jobs::ALL.iter().any(|one| one.name == job), "{what}: no job {job}");
        let deletes = program();
        for table in rule.tables {
            let call = format!("delete({table}::table");
            let plain = |source: &Source| source.program.split_whitespace().collect::<String>();
            let found = deletes.iter().any(|source| plain(source).contains(&call));
            assert!(found, "{what}: nothing deletes from {table}");
        }
    }
}

fn has_job(until: Until, job: Option<&str>) -> bool {
    match until {
        Until::Always => false,
        Until::Days(_) => true,
        Until::Words(_) => job.is_some(),
    }
}
