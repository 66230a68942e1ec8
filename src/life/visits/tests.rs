//! Who goes to whom, in which order, under which number; and the workbooks, read back.

use super::cover;
use super::folder::{self, NotWritten};
use super::formats::Wishes;
use super::names::COVER;
use super::purpose::Purpose;
use super::rules::{Arrears, Batch, CoBorrower, Household, ReceiverKind, Selection, batch};
use super::text::Sender;
use super::workbook;
use crate::base::ids::FileId;
use crate::base::money::Fen;
use crate::book::payments_known::BankData;
use crate::book::person::Sex;
use std::io::{Cursor, Read as _};

use calamine::{Data, Reader as _, Xlsx};
use chrono::NaiveDate;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn household(n: i64, name: &str, township: &str, village: &str, road: &str, fen: i64) -> Household {
    let code = match (township, village) {
        ("中天镇", "大楼湾村村民委员会") => "512022111213",
        ("中天镇", "普照村村民委员会") => "512022111201",
        ("宝林镇", _) => "512022105225",
        _ => "",
    };
    Household {
        file_id: FileId::new(n),
        file_no: format!("LZ2015-{n:04}"),
        name: name.to_owned(),
        id_mask: "512***********125X".to_owned(),
        sex: Sex::Female,
        age: 29,
        address: format!("乐至县{township}{road}"),
        township: township.to_owned(),
        village: village.to_owned(),
        village_code: code.to_owned(),
        high_school: if n % 2 == 0 { "乐至县第四中学" } else { "乐至县第一中学" }.to_owned(),
        university: "西岭师范学院".to_owned(),
        graduates_in: Some(2019),
        police_station: String::new(),
        phones: vec!["164****4847".to_owned()],
        co_borrower: Some(CoBorrower {
            name: "郭素琼".to_owned(),
            relation: "母亲".to_owned(),
            phones: vec!["164****4848".to_owned()],
        }),
        is_state_programme: true,
        has_more_due: true,
        arrears: Arrears {
            principal_fen: Fen::new(fen - 100),
            interest_fen: Fen::new(90),
            penalty_fen: Fen::new(10),
            due_days: 1,
            oldest_due_on: day("2025-12-20"),
        },
    }
}

fn county() -> Vec<Household> {
    vec![
        household(1, "廖中旭", "中天镇", "大楼湾村村民委员会", "大楼湾村10组2号", 269_740),
        household(2, "吕凤欢", "宝林镇", "太平寺村村民委员会", "太平寺村6组86号", 113_250),
        household(3, "=HYPERLINK(\"http://x\")", "中天镇", "普照村村民委员会", "普照村1组", 5_010),
        household(4, "周丽莺", "中天镇", "大楼湾村村民委员会", "大楼湾村2组31号", 99_999),
        household(5, "𪚥小明", "中天镇", "", "", 1_000),
        household(6, "赵无村", "", "", "", 2_000),
        household(7, "钱新村", "中天镇", "新合村村民委员会", "新合村3组", 3_000),
    ]
}

fn made(by: ReceiverKind, selection: &Selection) -> Batch {
    batch(by, day("2026-10-31"), county(), selection)
}

fn wishes(amounts: bool) -> Wishes {
    Wishes {
        purpose: Purpose::Overdue,
        amounts,
        assumed: "",
        bank_data: BankData { until: Some(day("2026-10-31")), ahead: None, declared: false },
        return_by: day("2026-11-16"),
        sender: Sender {
            office: "乐至县学生资助管理中心".to_owned(),
            address: "县教育局一楼 3 号窗口".to_owned(),
            phone: "0000-6180312".to_owned(),
            contact: "韦清越".to_owned(),
        },
    }
}

/// One line a sheet: file name, number, name.
fn listed(batch: &Batch) -> String {
    let mut out = String::new();
    for receiver in &batch.receivers {
        out.push_str(&format!("{}:", receiver.stem));
        for sheet in &receiver.sheets {
            let number = sheet.number.rsplit('-').next().unwrap();
            out.push_str(&format!(" {number} {}", sheet.household.name));
        }
        out.push('\n');
    }
    out
}

#[test]
fn villages_come_by_code_and_houses_by_road_those_without_a_village_last() {
    let batch = made(ReceiverKind::Village, &Selection::default());
    assert_eq!(
        listed(&batch),
        "宝林镇-太平寺村村民委员会: 001 吕凤欢\n\
         中天镇-普照村村民委员会: 002 =HYPERLINK(\"http://x\")\n\
         中天镇-大楼湾村村民委员会: 003 周丽莺 004 廖中旭\n\
         中天镇-新合村村民委员会: 005 钱新村\n\
         中天镇-未填写村（社区）: 006 𪚥小明\n\
         未填写村（社区）: 007 赵无村\n"
    );
    assert_eq!(batch.households(), 7);
    assert_eq!(batch.receivers[0].sheets[0].number, "HZ26-1031-001");
    let all: Fen = county().iter().map(|h| h.arrears.total_fen()).sum();
    assert_eq!(batch.total_fen(), all);
}

#[test]
fn a_household_keeps_its_number_however_the_batch_is_narrowed() {
    let one = |selection: Selection| listed(&made(ReceiverKind::Village, &selection));
    let file = Selection { files: vec!["LZ2015-0001".to_owned()], ..Selection::default() };
    assert_eq!(one(file), "中天镇-大楼湾村村民委员会: 004 廖中旭\n");
    let township = Selection { township: Some("宝林镇".to_owned()), ..Selection::default() };
    assert_eq!(one(township), "宝林镇-太平寺村村民委员会: 001 吕凤欢\n");
    let least = Selection { least: Some(Fen::new(113_250)), ..Selection::default() };
    assert_eq!(
        one(least),
        "宝林镇-太平寺村村民委员会: 001 吕凤欢\n中天镇-大楼湾村村民委员会: 004 廖中旭\n"
    );
    let receiver =
        Selection { receiver: Some("未填写村（社区）".to_owned()), ..Selection::default() };
    assert_eq!(one(receiver), "未填写村（社区）: 007 赵无村\n");
}

#[test]
fn schools_and_stations_have_numbers_of_their_own() {
    let schools = made(ReceiverKind::School, &Selection::default());
    assert_eq!(
        listed(&schools),
        "乐至县第一中学: 001 =HYPERLINK(\"http://x\") 002 廖中旭 003 钱新村 004 𪚥小明\n\
         乐至县第四中学: 005 吕凤欢 006 周丽莺 007 赵无村\n"
    );
    assert_eq!(schools.receivers[0].sheets[0].number, "XZ26-1031-001");
    let police = made(ReceiverKind::Police, &Selection::default());
    assert_eq!(police.receivers.len(), 1);
    assert!(police.receivers[0].is_unknown());
    assert_eq!(police.receivers[0].stem, "未填写派出所");
}

fn rows(bytes: Vec<u8>) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let name = book.sheet_names()[0].clone();
    let range = book.worksheet_range(&name).unwrap();
    range.rows().map(<[Data]>::to_vec).collect()
}

fn column(rows: &[Vec<Data>], heading: &str) -> Vec<Data> {
    let head = rows.iter().position(|row| row[0] == "编号").unwrap();
    let at = rows[head].iter().position(|cell| *cell == heading).unwrap();
    rows[head + 1..].iter().map(|row| row[at].clone()).collect()
}

#[test]
fn a_workbook_reads_back_with_the_amounts_as_numbers_and_text_as_text() {
    let batch = made(ReceiverKind::Village, &Selection::default());
    let receiver = &batch.receivers[2];
    let book = workbook::for_receiver(&batch, receiver, &wishes(true)).unwrap();
    let rows = rows(book);
    assert_eq!(rows[0][0], Data::from("助学贷款还款提醒走访名单"));
    assert_eq!(rows[1][0], Data::from("中天镇大楼湾村村民委员会："));
    let text = rows[2][0].to_string();
    assert!(text.contains("2026年11月16日") && text.contains("请勿对外张贴或转发"), "{text}");
    let amounts = column(&rows, workbook::AMOUNT);
    assert_eq!(amounts[..3], [Data::Float(999.99), Data::Float(2697.4), Data::Float(3697.39)]);
    let files = column(&rows, workbook::FILE_NO);
    assert_eq!(files[..2], [Data::from("LZ2015-0004"), Data::from("LZ2015-0001")]);
    assert_eq!(column(&rows, "证件号")[0], Data::from("512***********125X"));
    assert_eq!(column(&rows, "共同借款人")[0], Data::from("母亲 郭素琼\n164****4848"));
}

#[test]
fn amounts_can_be_left_out_and_a_formula_stays_text() {
    let batch = made(ReceiverKind::Village, &Selection::default());
    let book = workbook::for_receiver(&batch, &batch.receivers[1], &wishes(false)).unwrap();
    let xml = part(&book, "xl/worksheets/sheet1.xml");
    assert!(!xml.contains("<f>"), "no formula is ever written");
    let rows = rows(book);
    assert_eq!(column(&rows, "姓名")[0], Data::from("=HYPERLINK(\"http://x\")"));
    assert!(!rows[4].contains(&Data::from(workbook::AMOUNT)));
    assert!(!format!("{rows:?}").contains("50.1"));
    let cover = cover::cover(&batch, &wishes(false)).unwrap();
    assert!(!part(&cover, "xl/worksheets/sheet1.xml").contains("50.1"));
}

/// Saved as CSV and opened again, a text that begins like a formula must still be one.
#[test]
fn what_looks_like_a_formula_is_kept_as_text_in_titles_and_free_cells() {
    let mut all = county();
    all.truncate(1);
    let guarded = |book: Vec<u8>| part(&book, "xl/styles.xml").matches("quotePrefix").count();
    let of = |all: &[Household]| {
        let batch =
            batch(ReceiverKind::Village, day("2026-10-31"), all.to_vec(), &Selection::default());
        let book = workbook::for_receiver(&batch, &batch.receivers[0], &wishes(true)).unwrap();
        [guarded(book), guarded(cover::cover(&batch, &wishes(true)).unwrap())]
    };
    assert_eq!(of(&all), [0, 0]);
    all[0].address = "@SUM(1)".to_owned();
    assert_eq!(of(&all), [1, 0]);
    all[0].township = "=cmd|' /C calc'!A0".to_owned();
    assert_eq!(of(&all), [2, 1], "the addressee above the headings, and the list of receivers");
}

fn part(book: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(book)).unwrap();
    let mut text = String::new();
    zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_workbook_is_ready_to_print_and_to_fill_in() {
    let batch = made(ReceiverKind::Village, &Selection::default());
    let book = workbook::for_receiver(&batch, &batch.receivers[2], &wishes(true)).unwrap();
    let xml = part(&book, "xl/worksheets/sheet1.xml");
    for expected in [
        "orientation=\"landscape\"",
        "paperSize=\"9\"",
        "fitToHeight=\"0\"",
        "<sheetProtection",
        "type=\"list\"",
        "接通本人,见到家人,家中无人",
        "type=\"date\"",
        "hidden=\"1\"",
        "state=\"frozen\"",
        "第 &amp;P 页，共 &amp;N 页",
    ] {
        assert!(xml.contains(expected), "{expected} is missing in {xml}");
    }
    let names = part(&book, "xl/workbook.xml");
    assert!(names.contains("_xlnm.Print_Titles") && names.contains("_xlnm.Print_Area"));
}

#[test]
fn equal_input_gives_equal_bytes() {
    let one = folder::archive(&made(ReceiverKind::Village, &Selection::default()), &wishes(true))
        .unwrap();
    let two = folder::archive(&made(ReceiverKind::Village, &Selection::default()), &wishes(true))
        .unwrap();
    assert!(one == two);
    let mut zip = zip::ZipArchive::new(Cursor::new(one)).unwrap();
    assert_eq!(zip.len(), 7);
    assert_eq!(zip.by_index(0).unwrap().name().unwrap(), COVER);
}

#[test]
fn the_cover_list_adds_up() {
    let batch = made(ReceiverKind::Village, &Selection::default());
    let rows = rows(cover::cover(&batch, &wishes(true)).unwrap());
    let last = rows.last().unwrap();
    assert_eq!(last[1..4], [Data::from("合计"), Data::Float(7.0), Data::Float(4939.99)]);
    assert_eq!(rows[7][5], Data::from("中天镇-大楼湾村村民委员会.xlsx"));
    assert!(rows[10][1].to_string().contains("没有填写村"));
}

#[test]
fn a_folder_is_filled_whole_or_not_at_all() {
    let batch = made(ReceiverKind::Village, &Selection::default());
    let place = tempfile::TempDir::new().unwrap();
    let out = place.path().join("走访表");
    let names = folder::write(&batch, &wishes(true), &out).unwrap();
    assert_eq!(names.len(), 7);
    let mut there: Vec<String> = std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    there.sort();
    let mut expected = names.clone();
    expected.sort();
    assert_eq!(there, expected, "nothing else is left in the folder");

    let file = place.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let refused = folder::write(&batch, &wishes(true), &file).unwrap_err();
    assert!(matches!(refused, NotWritten::BadFolder(line) if line.contains("is a file")));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "x");

    // A folder in the way of the last workbook: the others keep their old bytes or get the new
    // ones, and no hidden file stays.
    let blocked = place.path().join("blocked");
    std::fs::create_dir_all(blocked.join("未填写村（社区）.xlsx/x")).unwrap();
    assert!(folder::write(&batch, &wishes(true), &blocked).is_err());
    let hidden = std::fs::read_dir(&blocked)
        .unwrap()
        .any(|entry| entry.unwrap().file_name().to_string_lossy().ends_with(".part"));
    assert!(!hidden);
}

/// For looking: `WORKSHEETS_OUT=/some/folder cargo test workbooks_to_look_at`.
#[test]
fn workbooks_to_look_at() {
    let Ok(out) = std::env::var("WORKSHEETS_OUT") else { return };
    let mut many = county();
    for n in 8..40 {
        many.push(household(
            n,
            "周丽莺",
            "宝林镇",
            "太平寺村村民委员会",
            "太平寺村6组8号",
            n * 777,
        ));
    }
    let batch = batch(ReceiverKind::Village, day("2026-10-31"), many, &Selection::default());
    folder::write(&batch, &wishes(true), out.as_ref()).unwrap();
}
