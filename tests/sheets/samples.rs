//! The sample sets of 60 borrowers: clean ones give no note, every fault that was put into the
//! dirty one is found on its line, and nothing else is.

use std::collections::BTreeSet;
use std::path::Path;

use zhuxue::imports::layout::{Column, Layout, RowMessage, Severity};

use super::{Said, import, table};

fn said(folder: &Path, layout: Layout) -> Said {
    let path = folder.join(layout.as_text()).with_extension("csv");
    let said = import(&table(&std::fs::read(path).unwrap()));
    assert_eq!(said.binding.layout, layout);
    assert_eq!(said.binding.extra, Vec::<String>::new());
    said
}

#[test]
fn a_clean_set_gives_no_note() {
    let folder = Path::new("tests/sample/clean_plain");
    let counts: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("summary.json")).unwrap()).unwrap();
    for layout in Layout::ALL {
        if counts["rows_clean"][layout.as_text()] == 0 {
            continue;
        }
        let said = said(folder, layout);
        assert_eq!(said.notes(), [], "{layout:?}");
        assert_eq!(said.rows.len(), counts["rows_clean"][layout.as_text()]);
        assert!(said.rows.iter().all(|(_, parsed)| parsed.row.is_some()));
    }
}

/// The layouts here are those of the generator, heading by heading.
#[test]
fn the_columns_are_those_of_the_sample() {
    let file = std::fs::read("tests/sample/clean_plain/columns.json").unwrap();
    let all: serde_json::Value = serde_json::from_slice(&file).unwrap();
    for layout in Layout::ALL {
        let theirs = &all[layout.as_text()];
        assert_eq!(theirs["title"], layout.title());
        let theirs = theirs["columns"].as_array().unwrap();
        let is_theirs = |key: &str| theirs.iter().any(|theirs| theirs["key"] == key);
        // What the program reads besides must not be missed in the sample.
        let (ours, besides): (Vec<&Column>, Vec<&Column>) =
            layout.columns().iter().partition(|column| is_theirs(column.key));
        assert!(besides.iter().all(|column| !column.required), "{layout:?}");
        let besides: Vec<&str> = besides.iter().map(|column| column.key).collect();
        let known: &[&str] = match layout.as_text() {
            "receipts" => &["tuition", "lodging", "entered_on"],
            "preapply" => &["holds_grant"],
            _ => &[],
        };
        assert_eq!(besides, known, "{layout:?}");
        assert_eq!(theirs.len(), ours.len());
        for (column, theirs) in ours.into_iter().zip(theirs) {
            assert_eq!(
                (&theirs["key"], &theirs["heading"]),
                (&column.key.into(), &column.heading.into())
            );
            let kind = format!("{:?}", column.kind).to_lowercase();
            assert_eq!(theirs["type"], kind, "{layout:?} {}", column.key);
        }
    }
}

/// Two faults of the generator that leave the same text behind.
fn same_text(fault: &str, clean: &str, dirty: &str) -> &'static [&'static str] {
    match fault {
        "university_variant" if dirty.trim() == clean => &["outer_blanks"],
        "university_variant" if dirty.contains('學') => &["traditional_characters"],
        _ => &[],
    }
}

fn check_dirty(folder: &Path) {
    let manifest = std::fs::read(folder.join("dirty_manifest.csv")).unwrap();
    let mut expected = BTreeSet::new();
    for row in csv::Reader::from_reader(manifest.as_slice()).records() {
        let row = row.unwrap();
        let layout = Layout::from_text(row[0].trim_end_matches(".csv")).unwrap();
        let line: u32 = row[1].parse().unwrap();
        let same = same_text(&row[3], &row[4], &row[5]);
        let fault = same.first().copied().unwrap_or(&row[3]).to_owned();
        let of_line = &row[3] == "duplicate_row" || row[2].is_empty();
        let column = layout.columns().iter().find(|column| !of_line && column.key == &row[2]);
        let heading = column.map_or("", |column| column.heading);
        expected.insert((layout, line, heading, fault));
    }
    assert!(expected.len() > 60, "the manifest is there");
    let mut found = BTreeSet::new();
    for layout in Layout::ALL {
        for (line, note) in said(folder, layout).notes() {
            found.insert((layout, line, note.heading, note.fault.code().to_owned()));
            no_number_is_shown(&note);
        }
    }
    let missed: Vec<_> = expected.difference(&found).collect();
    let invented: Vec<_> = found.difference(&expected).collect();
    assert!(missed.is_empty() && invented.is_empty(), "missed {missed:#?}, invented {invented:#?}");
}

fn no_number_is_shown(note: &RowMessage) {
    let mut run = 0;
    for c in note.message.chars() {
        run = if c.is_ascii_digit() { run + 1 } else { 0 };
        assert!(run < 10, "{}", note.message);
    }
    assert!(note.message.ends_with(['。', '）']), "{}", note.message);
}

#[test]
fn every_fault_of_the_dirty_set_is_found_and_nothing_else() {
    check_dirty(Path::new("tests/sample/dirty_excel"));
}

#[test]
fn the_dirty_set_says_of_which_day_it_is() {
    let said = said(Path::new("tests/sample/dirty_excel"), Layout::CONTRACTS);
    assert_eq!(said.binding.as_of, "2026-10-31".parse().ok());
    assert_eq!(said.binding.heading_line, 2);
    let refused = said.rows.iter().filter(|(_, parsed)| parsed.is_refused()).count();
    let by_note = said.notes().iter().filter(|n| n.1.severity == Severity::Refused).count();
    assert_eq!(refused, by_note);
}
