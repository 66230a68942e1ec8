//! A year's true lists of the bank, in any order, some of them twice, with stops, kills and
//! restarts between: what is in the books in the end is the money of the newest lists.
//!
//! `tests/sample/years/` holds five small counties, each with the lists of six days and the
//! totals of the last (its README says how they were made).

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

use zhuxue::book::staff::Role;
use zhuxue::jobs::close_day;

use super::chance::{Chance, act, jobs, press_on, shared, to_the_end};
use super::county::{compare_totals, number};
use super::instance::Instance;
use super::pages::send_as_of;
use crate::support::county::path;
use crate::support::database::{Kind, on_both};
use crate::support::{Browser, TestApp};

const DAYS: [&str; 6] =
    ["2025-11-30", "2025-12-22", "2026-04-30", "2026-10-31", "2026-12-22", "2027-02-28"];
const NEWEST: &str = DAYS[5];
/// What comes anew every time.
const LISTS: [&str; 3] = ["contracts", "repayments", "overdue"];
/// Lists that come a second time.
const AGAIN: usize = 4;

/// The sheets of a county by day and name.
type County = BTreeMap<String, Vec<u8>>;

fn county(number: u32) -> County {
    let file = std::fs::File::open(path(&format!("tests/sample/years/{number}.gz"))).unwrap();
    let mut whole = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut whole).unwrap();
    whole
        .split("== ")
        .filter_map(|part| part.split_once('\n'))
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .collect()
}

async fn upload(clerk: &mut Browser, county: &County, day: &str, names: &[&str]) {
    let files: Vec<(String, &[u8])> = names
        .iter()
        .map(|name| (format!("{name}-{day}.csv"), county[&format!("{day} {name}")].as_slice()))
        .collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, b)| (name.as_str(), *b)).collect();
    send_as_of(clerk, &files, day).await.is(303);
}

/// Each day once and some twice, in any order.
fn order(c: &mut Chance) -> Vec<&'static str> {
    let mut left: Vec<&'static str> = DAYS.to_vec();
    left.extend((0..AGAIN).map(|_| DAYS[c.below(DAYS.len())]));
    let mut order = Vec::new();
    while !left.is_empty() {
        order.push(left.swap_remove(c.below(left.len())));
    }
    order
}

async fn lived_through(kind: Kind, number_of_county: u32) {
    let mut c = Chance::new();
    eprintln!("seed {}", c.0);
    let (t, county) = (shared(kind), county(number_of_county));
    t.set_day(NEWEST);
    let mut clerk = t.sign_in(Role::Clerk);
    let order = order(&mut c);
    eprintln!("{order:?}");
    upload(&mut clerk, &county, NEWEST, &["borrowers"]).await;
    let mut instances = vec![Instance::start(&t)];
    for day in order {
        upload(&mut clerk, &county, day, &LISTS).await;
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(u64::try_from(c.below(120)).unwrap()));
            act(&t, &mut clerk, &mut instances, &mut c).await;
        }
        press_on(&t, &mut clerk).await;
    }
    drop(instances);
    to_the_end(&t, &mut clerk).await;
    upload(&mut clerk, &county, NEWEST, &["graduation", "enlistment", "receipts"]).await;
    to_the_end(&t, &mut clerk).await;
    is_as_the_newest_list_says(&t, &county);
}

fn is_as_the_newest_list_says(t: &TestApp, county: &County) {
    close_day::refresh_all(&t.app).unwrap();
    let made = serde_json::from_slice(&county[&format!("{NEWEST} summary")]).unwrap();
    compare_totals(&t.app, &made);
    assert_eq!(number(&t.app, "SELECT count(*) AS n FROM bank_difference"), 0);
    // The newest lists themselves had nothing refused.
    for job in jobs(t).iter().filter(|job| job.file_name.contains(NEWEST)) {
        assert_eq!(job.refused_rows, 0, "{job:?}");
    }
}

fn year(number: u32) {
    on_both(|kind| actix_web::rt::System::new().block_on(lived_through(kind, number)));
}

#[test]
fn a_year_of_lists_in_any_order_ends_with_the_newest_1() {
    year(1);
}

#[test]
fn a_year_of_lists_in_any_order_ends_with_the_newest_2() {
    year(2);
}

#[test]
fn a_year_of_lists_in_any_order_ends_with_the_newest_3() {
    year(3);
}

#[test]
fn a_year_of_lists_in_any_order_ends_with_the_newest_4() {
    year(4);
}

#[test]
fn a_year_of_lists_in_any_order_ends_with_the_newest_5() {
    year(5);
}
