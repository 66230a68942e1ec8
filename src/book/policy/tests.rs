//! The values that rules.md gives, and every fault of a file with its message.

use super::*;

fn d(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn policy() -> Policy {
    Policy::embedded().unwrap()
}

/// Loads with a county's folder that holds one file.
fn with(name: &str, text: &str) -> Result<Policy, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    let prefix = format!("{}/", folder.path().display());
    Policy::load(Some(folder.path())).map_err(|error| error.to_string().replace(&prefix, ""))
}

/// Loads the program's own files after changing the text of one.
fn edited(file: &str, old: &str, new: &str) -> String {
    let mut files = Files::embedded().unwrap();
    let found = files.tables.iter_mut().find(|table| table.0 == file).unwrap();
    assert!(found.2.contains(old), "{old}");
    found.2 = found.2.replacen(old, new, 1);
    Policy::from_files(&files).map(|_| ()).unwrap_err().to_string()
}

fn edited_sheet(name: &str, old: &str, new: &str) -> String {
    let mut files = Files::embedded().unwrap();
    let sheet = files.sheets.get_mut(name).unwrap().first_mut().unwrap();
    let text = String::from_utf8(sheet.bytes.clone()).unwrap();
    assert!(text.contains(old), "{old}");
    sheet.bytes = text.replacen(old, new, 1).into_bytes();
    Policy::from_files(&files).map(|_| ()).unwrap_err().to_string()
}

/// rules.md 0.4, one line per loan year: caps, term, grace, margin in December, risk fund.
#[test]
fn summary_by_loan_year() {
    let policy = policy();
    let lines = "\
2010 6000 6000 +10/14 2 15.00
2014 8000 12000 +10/14 2 15.00
2015 8000 12000 +13/20 3 15.00
2019 8000 12000 +13/20 3 15.00
2020 8000 12000 +15/22 5 15.00
2021 12000 16000 +15/22 5 5.00
2022 12000 16000 +15/22 5 5.00
2023 16000 20000 +15/22 5 5.00
2024 20000 25000 +15/22 5 5.00
2026 20000 25000 +15/22 5 5.00";
    for line in lines.lines() {
        let year: i32 = line.split(' ').next().unwrap().parse().unwrap();
        let autumn = day_in(year, 9, 10);
        let cap = |level| policy.loan_cap(Product::Cdb, level, year).get() / 100;
        let term = policy.term_rule(autumn);
        let shown = format!(
            "{year} {} {} +{}/{} {} {}",
            cap(StudyLevel::Undergraduate),
            cap(StudyLevel::Graduate),
            term.added_years,
            term.max_years,
            policy.grace_years(autumn),
            policy.risk_fund_rate.on(autumn).percent,
        );
        assert_eq!(shown, line);
    }
    assert_eq!(policy.term_rule(d("2026-08-20")).longest(4), 19, "E28 of rules.md 13.1");
    assert_eq!(policy.term_rule(d("2014-09-01")).longest(5), 14);
}

/// rules.md 3.2: resulting rates of a floating contract, by the 12-21 on which they begin.
#[test]
fn rates_of_every_re_pricing_day() {
    let rates = policy().rates();
    let old = "2008 6.12|2009 5.94|2010 6.14|2011 7.05|2012 6.55|2013 6.55|2014 6.15|2015 4.90\
               |2016 4.90|2017 4.90|2018 4.90|2019 4.90|2020 4.35|2021 4.35|2022 4.00|2023 3.60\
               |2024 2.90|2025 2.80";
    for line in old.split('|') {
        let (year, percent) = line.split_once(' ').unwrap();
        let year: i32 = year.parse().unwrap();
        let rate = rates.priced_in_december(d("2007-09-01"), year);
        assert_eq!(rate.to_percent_text(), percent, "12-21 of {year}");
        assert_eq!(rate, rates.priced(d("2007-09-01"), day_in(year, 12, 21)));
        if year >= 2020 {
            assert_eq!(rate, rates.priced_in_december(d("2020-09-01"), year));
        }
    }
    let new = rates.priced(d("2020-08-01"), d("2020-11-20")).to_percent_text();
    assert_eq!(new, "4.35", "a contract of 2020 never uses the benchmark");
    assert_eq!(rates.priced_in_december(d("2026-08-01"), 2200).to_percent_text(), "2.80");
    for (day, margin) in [
        ("2023-08-31", "0.30"),
        ("2023-09-01", "0.60"),
        ("2024-10-31", "0.60"),
        ("2024-11-01", "0.70"),
    ] {
        assert_eq!(policy().margin(d(day)).to_percent_text(), margin, "{day}");
    }
}

/// rules.md 5.2: request day and settlement day.
#[test]
fn early_repayment_settles_on_a_20th_and_never_in_november() {
    let policy = policy();
    let lines = "\
2026-03-15 2026-03-20
2026-03-16 2026-04-20
2026-10-15 2026-10-20
2026-10-16 2026-12-20
2026-11-03 2026-12-20
2026-12-15 2026-12-20
2026-12-16 2027-01-20
2026-09-16 2026-10-20
2012-03-10 2012-03-20
2012-03-11 -
2012-11-05 -";
    for line in lines.lines() {
        let (requested_on, settles) = line.split_once(' ').unwrap();
        let found =
            policy.prepay_window(d(requested_on)).map_or("-".to_owned(), |day| day.to_string());
        assert_eq!(found, settles, "requested {requested_on}");
    }
    let step = policy.prepay_step.on(d("2026-03-01"));
    assert!(step.fits(Fen::from_yuan(500)) && step.fits(Fen::from_yuan(1_200)));
    assert!(!step.fits(Fen::from_yuan(400)) && !step.fits(Fen::from_yuan(550)));
}

#[test]
fn waivers_deferral_receipts_windows_and_the_local_product() {
    let policy = policy();
    let years: Vec<_> = policy.waiver_years().map(|waiver| waiver.year).collect();
    assert_eq!(years, [2022, 2023, 2024, 2025]);
    assert!(policy.is_waived(2025) && !policy.is_waived(2026));
    let events = policy.waiver_events();
    assert_eq!(events.iter().map(|event| event.on.year()).collect::<Vec<_>>(), years);
    assert!(policy.deferral(2025).allowed && !policy.deferral(2026).allowed);
    assert_eq!(policy.receipt_deadline(2026), d("2026-10-10"));
    let window = policy.application_window("512022", 2026);
    assert_eq!(window, (d("2026-07-15"), d("2026-09-20")));
    let signed = d("2026-08-20");
    let local =
        policy.new_terms(Product::Local, "L".into(), StudyLevel::Undergraduate, signed, 2030, 19);
    assert_eq!(policy.loan_cap(Product::Local, StudyLevel::Graduate, 2026), Fen::from_yuan(8_000));
    assert_eq!(local.pricing, Pricing::Fixed(RatePpm::ZERO));
    assert_eq!((local.penalty_ppm, local.grace_years), (0, 5));
    assert_eq!(local.final_due_on, d("2045-09-20"));
    assert_eq!(policy.pricing(Product::Cdb, signed), Pricing::Floating);
    assert_eq!(policy.penalty_ppm(Product::Cdb, signed), 1_300_000);
    assert_eq!(policy.military_cap.on(d("2022-01-24")).graduate, Fen::from_yuan(16_000));
    assert_eq!(policy.military_cap.on(d("2022-01-23")).graduate, Fen::from_yuan(12_000));
    let classes = &policy.relief_classes.on(signed).classes;
    assert_eq!(classes.iter().filter(|class| class.must && class.whole_debt).count(), 2);
    assert_eq!(policy.hardship_levels.on(signed).levels.len(), 3);
}

#[test]
fn schools_enter_candidates_in_a_window_that_may_begin_the_year_before() {
    let policy = policy();
    let window = policy.preapplication_window("512022", 2026);
    assert_eq!(window, (d("2026-03-01"), d("2026-06-30")));
    assert_eq!(policy.preapplication_year("512022", d("2026-10-31")), 2026);
    let own = "[[preapplication_window]]\ncounty = \"512022\"\nfrom_year = 2027\n\
               opens = \"09-01\"\ncloses = \"04-30\"\nsource = \"通知\"\nconfidence = \"S\"\n\
               [[preapplication_columns]]\ncounty = \"512022\"\nfrom_year = 2027\n\
               columns = [{ name = \"学生\", field = \"name\" }]\nsource = \"模板\"\n\
               confidence = \"S\"\n";
    let policy = with("county.toml", own).unwrap();
    let window = policy.preapplication_window("512022", 2027);
    assert_eq!(window, (d("2026-09-01"), d("2027-04-30")));
    assert_eq!(policy.preapplication_year("512022", d("2026-08-31")), 2026);
    assert_eq!(policy.preapplication_year("512022", d("2026-09-01")), 2027);
    assert_eq!(policy.preapplication_columns("512022", 2027).len(), 1);
    assert!(policy.preapplication_columns("512022", 2026).len() > 9);
    let unknown = own.replace("\"name\" }", "\"nmae\" }");
    assert!(with("county.toml", &unknown).unwrap_err().contains("nmae"));
}

#[test]
fn working_days() {
    let policy = policy();
    assert!(!policy.is_working_day(d("2026-10-01")), "National Day");
    assert!(policy.is_working_day(d("2026-09-20")), "a make-up Sunday");
    assert!(!policy.is_working_day(d("2026-11-22")), "a plain Sunday");
    assert!(!policy.is_working_day(d("2027-01-01")), "a legal holiday without a notice yet");
    let calendar = policy.calendar();
    assert_eq!(calendar.working_day_from(d("2026-10-01")), d("2026-10-08"));
    assert_eq!(calendar.add_working_days(d("2026-12-20"), -3), d("2026-12-16"));
    assert_eq!(calendar.add_working_days(d("2026-11-20"), 5), d("2026-11-27"));
}

#[test]
fn a_late_lpr_is_a_warning_and_the_last_value_holds_on() {
    let policy = policy();
    let texts = |day: &str| -> Vec<String> {
        policy.warnings(d(day)).iter().map(ToString::to_string).collect()
    };
    // Whether 2026 is waived is unknown from 02-01 on.
    let unknown = [PolicyWarning::WaiverUnknown { year: 2026 }];
    assert_eq!(policy.warnings(d("2026-08-25")), unknown);
    assert_eq!(policy.warnings(d("2026-09-20")), unknown, "a make-up Sunday: out today");
    let late = texts("2026-09-21");
    assert_eq!(late.len(), 2);
    assert!(late[0].starts_with("2026-09-20 应公布") && late[0].contains("2026-08-20"), "{late:?}");
    assert!(texts("2026-12-01").iter().any(|text| text.starts_with("2027 年节假日")));
}

#[test]
fn a_county_adds_later_values_and_changes_nothing_old() {
    let cap = "[[cdb.loan_cap]]\nfrom = \"2027-09-01\"\nundergraduate = \"22000\"\n\
               graduate = \"28000\"\nsource = \"县〔2027〕1号\"\nconfidence = \"S\"\n";
    let policy = with("county.toml", cap).unwrap();
    let cap_of = |year| policy.loan_cap(Product::Cdb, StudyLevel::Undergraduate, year);
    assert_eq!(cap_of(2026), Fen::from_yuan(20_000));
    assert_eq!(cap_of(2027), Fen::from_yuan(22_000));
    assert_eq!(policy.loan_cap_source(Product::Cdb, 2027), "县〔2027〕1号");
    let past = with("county.toml", &cap.replace("2027-09-01", "2024-09-01")).unwrap_err();
    assert_eq!(
        past,
        "county.toml: cdb.loan_cap: an entry from 2024-09-01 would change the past; it must \
         begin after 2024-09-01"
    );
    let rows = "date_published,lpr_5y_percent\n2026-08-20,3.50\n2026-09-20,3.40\n";
    let policy = with("lpr.csv", rows).unwrap();
    assert_eq!(policy.rates().lpr().on(d("2026-12-21")).to_percent_text(), "3.40");
    assert_eq!(policy.warnings(d("2026-10-10")), [PolicyWarning::WaiverUnknown { year: 2026 }]);
    let changed = with("lpr.csv", "date_published,lpr_5y_percent\n2026-08-20,3.40\n").unwrap_err();
    assert!(
        changed.starts_with("lpr.csv: lpr: an entry from 2026-08-20 would change"),
        "{changed}"
    );
    let window = "[[application_window]]\ncounty = \"512022\"\nfrom_year = 2026\n\
                  opens = \"08-01\"\ncloses = \"09-12\"\nsource = \"公告\"\nconfidence = \"S\"\n";
    let policy = with("county.toml", window).unwrap();
    assert_eq!(policy.application_window("512022", 2027).1, d("2027-09-12"));
    assert_eq!(policy.application_window("340210", 2027).1, d("2027-09-20"));
    assert!(Policy::load(Some(Path::new("/nonexistent-folder"))).is_err());
}

/// Each fault names file, table and dates.
#[test]
fn faults_name_file_key_and_dates() {
    let cap_end = "to = \"2021-08-31\"\nundergraduate = \"8000\"";
    for (new, message) in [
        (
            "to = \"2021-07-31\"\nundergraduate = \"8000\"",
            "policies/cdb.toml: cdb.loan_cap: hole between 2021-07-31 and 2021-09-01",
        ),
        (
            "to = \"2021-09-30\"\nundergraduate = \"8000\"",
            "policies/cdb.toml: cdb.loan_cap: overlap from 2021-09-01 to 2021-09-30",
        ),
        (
            "undergraduate = \"8000\"",
            "policies/cdb.toml: cdb.loan_cap: overlap from 2021-09-01 on (the entry before it \
             has no last day)",
        ),
        (
            "to = \"2013-08-31\"\nundergraduate = \"8000\"",
            "policies/cdb.toml: cdb.loan_cap from 2014-09-01: to: expected a day not before from",
        ),
        (
            "to = \"2021-02-30\"\nundergraduate = \"8000\"",
            "policies/cdb.toml: cdb.loan_cap from 2014-09-01: to: expected a date such as \
             2026-09-01, found \"2021-02-30\"",
        ),
    ] {
        assert_eq!(edited("policies/cdb.toml", cap_end, new), message);
    }
    let lines = [
        ("policies/cdb.toml", "undergraduate = \"6000\"\n", "", "missing field `undergraduate`"),
        ("policies/cdb.toml", "\"6000\"", "\"6,000\"", "expected yuan as text"),
        ("policies/cdb.toml", "\"0.60\"", "\"0.60%\"", "expected percent as text"),
        ("policies/cdb.toml", "margin_percent = \"0.30\"\n", "", "expected reference lpr_5y with"),
        ("policies/cdb.toml", "confidence = \"V3\"\n", "", "confidence: expected this field"),
        ("policies/cdb.toml", "\"V3\"", "\"V1\"", "confidence: expected V2, V3"),
        ("policies/cdb.toml", "[[cdb.loan_cap]]\nfrom", "[[cdb.loan_cap]]\nform", "from: expected"),
        ("policies/contract.toml", "[[loan_step]]", "[[loan_stop]]", "expected this table"),
        ("policies/contract.toml", "\"spread\"", "\"spred\"", "a known word, found \"spred\""),
        ("policies/contract.toml", "years = 2", "years = 2\nyaers = 2", "unknown field `yaers`"),
        ("policies/contract.toml", "\"12-20\"", "\"13-20\"", "a day of the year such as 12-20"),
        ("policies/contract.toml", "[[grace_rule]]", "grace_rule = 1\n[[x]]", "invalid"),
        ("policies/years.toml", "year = 2023", "year = 2022", "overlap from 2022-01-01 to"),
        ("policies/years.toml", "year = 2023\n", "", "missing field `year`"),
        ("policies/desk.toml", "closes = \"09-20\"", "closes = \"06-10\"", "not before opens"),
    ];
    for (file, old, new, part) in lines {
        let message = edited(file, old, new);
        let named = message.starts_with(file) || message.starts_with("policies: loan_step");
        let invalid = part == "invalid" && named;
        assert!(named && (invalid || message.contains(part)), "{part}: {message}");
    }
    let unknown = with("county.toml", "[[loan_cup]]\nfrom = \"2027-01-01\"\n").unwrap_err();
    assert_eq!(unknown, "county.toml: loan_cup: no table of this name is known");
}

#[test]
fn faults_of_sheets_name_file_and_dates() {
    let hole = edited_sheet("lpr.csv", "2020-05-20,3.85,4.65,two_sources,\r\n", "");
    assert_eq!(hole, "data/lpr.csv: lpr: hole between 2020-04-20 and 2020-06-22");
    let twice = edited_sheet("lpr.csv", "2020-05-20", "2020-04-20");
    assert_eq!(twice, "data/lpr.csv: lpr: overlap from 2020-04-20 to 2020-04-20");
    let rate = edited_sheet("lpr.csv", "2020-05-20,3.85,4.65", "2020-05-20,3.85,x");
    assert!(rate.starts_with("data/lpr.csv: lpr from 2020-05-20: lpr_5y_percent: expected"));
    let column = edited_sheet("pboc_benchmark.csv", "effective_date", "date");
    assert!(column.contains("expected the column effective_date"), "{column}");
    let day = edited_sheet("pboc_benchmark.csv", "2015-10-24", "2015-10-32");
    assert!(day.contains("from 2015-10-32: effective_date: expected a date"), "{day}");
    let kind = edited_sheet("holidays.csv", "2015-01-01,holiday", "2015-01-01,feast");
    assert!(kind.contains("holidays from 2015-01-01: kind: expected"), "{kind}");
    let mut files = Files::embedded().unwrap();
    let sheet = files.sheets.get_mut("holidays.csv").unwrap().first_mut().unwrap();
    let text = String::from_utf8(sheet.bytes.clone()).unwrap();
    let newer = |line: &&str| !line.starts_with("2019-");
    sheet.bytes = text.lines().filter(newer).collect::<Vec<_>>().join("\n").into_bytes();
    let hole = Policy::from_files(&files).map(|_| ()).unwrap_err().to_string();
    assert_eq!(hole, "data/holidays.csv: holidays: hole between 2018-12-31 and 2020-01-01");
}

const DECIDED: &str = "confidence = \"S\"\nsource = \"财教〔2026〕1号\"\n";

/// A year is announced, ruled out, or unknown; and unknown is not "none".
#[test]
fn a_waiver_is_announced_none_or_unknown() {
    let policy = policy();
    let waivers: Vec<Waiver> = [2021, 2022, 2025, 2026, 2027].map(|y| policy.waiver(y)).to_vec();
    let (announced, unknown) = (Waiver::Announced, Waiver::Unknown);
    assert_eq!(waivers, [Waiver::None, announced, announced, unknown, unknown]);
    assert_eq!(policy.assumed(d("2026-12-20")), Some("按没有免息政策计算"));
    assert_eq!(policy.assumed(d("2031-09-20")), Some("按没有免息政策计算"));
    assert_eq!(policy.assumed(d("2025-12-20")), None);
    assert_eq!(policy.assumed(d("2019-12-20")), None);
    for (state, then) in [("announced", announced), ("none", Waiver::None)] {
        let entry = format!("[[waiver_year]]\nyear = 2026\nstate = \"{state}\"\n{DECIDED}");
        let later = policy.with_later(&[("by hand".to_owned(), entry.clone())]).unwrap();
        assert_eq!((later.waiver(2026), later.waiver(2027)), (then, unknown));
        assert_eq!(later.is_waived(2026), state == "announced");
        assert_eq!(later.assumed(d("2026-12-20")), None);
        assert_eq!(with("years.toml", &entry).unwrap().waiver(2026), then);
        // What is settled is not settled again.
        let twice = policy.with_later(&[("a".to_owned(), entry.clone()), ("b".to_owned(), entry)]);
        assert_eq!(
            twice.unwrap_err().to_string(),
            "b: waiver_year: overlap from 2026-01-01 to 2026-12-31"
        );
    }
    // A county's file of before this state existed says a year is announced.
    let old = with("years.toml", &format!("[[waiver_year]]\nyear = 2026\n{DECIDED}")).unwrap();
    assert!(old.is_waived(2026));
}

/// The month's LPR and the year's holidays as entries: later ones only, no month and no year left
/// out, nothing of the past changed.
#[test]
fn later_rates_and_holidays() {
    let policy = policy();
    let lpr = |day: &str, percent: &str| {
        let text = format!("[[lpr]]\npublished_on = \"{day}\"\npercent = \"{percent}\"\n{DECIDED}");
        ("by hand".to_owned(), text)
    };
    let both = policy.with_later(&[lpr("2026-09-21", "3.40"), lpr("2026-10-20", "3.45")]).unwrap();
    assert_eq!(both.rates().lpr().on(d("2026-10-19")), "3.40".parse().unwrap());
    assert_eq!(both.rates().lpr().on(d("2026-12-21")), "3.45".parse().unwrap());
    assert_eq!(policy.rates().lpr().on(d("2026-12-21")), "3.50".parse().unwrap());
    let fault = |entries: &[(String, String)]| policy.with_later(entries).unwrap_err().to_string();
    assert_eq!(
        fault(&[lpr("2026-10-20", "3.45")]),
        "by hand: lpr: hole between 2026-08-20 and 2026-10-20"
    );
    assert_eq!(
        fault(&[lpr("2026-08-20", "3.40")]),
        "by hand: lpr: an entry from 2026-08-20 would change the past; it must begin after \
         2026-08-20"
    );
    let year = |year: i32, off: &str, work: &str| {
        let text =
            format!("[[holidays]]\nyear = {year}\noff = [{off}]\nwork = [{work}]\n{DECIDED}");
        ("by hand".to_owned(), text)
    };
    let known = policy
        .with_later(&[year(2027, "\"2027-02-08\", \"2027-02-09\"", "\"2027-02-14\"")])
        .unwrap();
    assert!(known.calendar().knows(2027) && !policy.calendar().knows(2027));
    assert!(!known.is_working_day(d("2027-02-08")) && known.is_working_day(d("2027-02-14")));
    // The days by law alone are put aside.
    assert!(!policy.is_working_day(d("2027-10-01")) && known.is_working_day(d("2027-10-01")));
    assert_eq!(
        fault(&[year(2028, "\"2028-01-03\"", "")]),
        "by hand: holidays: hole between 2026-12-31 and 2028-01-01"
    );
    assert_eq!(
        fault(&[year(2026, "\"2026-10-08\"", "")]),
        "by hand: holidays: overlap from 2026-01-01 to 2026-12-31"
    );
    assert_eq!(
        fault(&[year(2027, "\"2026-12-31\"", "")]),
        "by hand: holidays from 2027: expected days of 2027, found 2026-12-31"
    );
}
