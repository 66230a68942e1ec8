//! 名单比对: lists of other offices in their real layouts, who is found on them, what schools answer,
//! and that a list goes when its day has passed; on both databases.

mod partners;

use diesel::prelude::*;
use rust_xlsxwriter::Workbook;
use zhuxue::book::policy::{MatchingList, Policy, column_place};
use zhuxue::book::staff::Role;
use zhuxue::jobs;
use zhuxue::life::matching::upload::{read_list, read_roster};
use zhuxue::plumbing::schema::{
    history, matching_entry as entries, matching_hit as hits, matching_list as lists,
};

use crate::borrower::town::{PARENT, STRANGER, STUDENT, each, read};
use crate::hardship::{LIST, MONDAY, new_key, open, upload as apply};
use crate::support::county::day;
use crate::support::{Answer, Browser, TestApp};

mod school;

/// The other two of [`LIST`].
const SECOND: &str = "110101200802020024";
const THIRD: &str = "110101200801010019";
/// As on the page.
const LISTS: &str = "/matching/lists";

/// Cells by sheet (from 1), line (from 1) and column.
type Cells<'a> = &'a [(u32, u32, &'a str, &'a str)];

fn workbook(cells: Cells<'_>) -> Vec<u8> {
    let mut book = Workbook::new();
    for sheet in 1..=cells.iter().map(|cell| cell.0).max().unwrap_or(1) {
        let page = book.add_worksheet();
        page.write(0, 0, "名单").unwrap();
        for (_, line, column, text) in cells.iter().filter(|cell| cell.0 == sheet) {
            let column = u16::try_from(column_place(column).unwrap()).unwrap();
            page.write(line - 1, column, *text).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

fn kind(key: &str) -> MatchingList {
    let policy = Policy::embedded().unwrap();
    let found = policy.matching_lists(day(MONDAY)).into_iter().find(|one| one.key == key).cloned();
    found.unwrap()
}

/// Sends a list; the last of `fields` wins nothing, so each is given once.
async fn send(clerk: &mut Browser, kind: &str, file: (&str, &[u8]), until: &str) -> Answer {
    let (csrf, key) = (clerk.csrf.clone(), new_key());
    let fields = [
        ("csrf", csrf.as_str()),
        ("key", key.as_str()),
        ("kind", kind),
        ("source", "县民政局"),
        ("expires_on", until),
    ];
    clerk.upload(LISTS, &fields, &[file]).await
}

async fn roster(clerk: &mut Browser, file: (&str, &[u8])) -> Answer {
    let csrf = clerk.csrf.clone();
    clerk.upload("/matching/roster", &[("csrf", csrf.as_str())], &[file]).await
}

/// Name, kind, place and whether it is a member of the family, of every hit.
type Hit = (String, String, (i32, i32, i32), bool);

fn found(t: &TestApp) -> Vec<Hit> {
    let of = (hits::name, hits::kind, (hits::sheet, hits::line, hits::col), hits::is_member);
    read(t, |db| Ok(hits::table.order((hits::kind, hits::id)).select(of).load(db)?))
}

fn ticked(t: &TestApp, kind: &str) -> String {
    let of = hits::table.filter(hits::kind.eq(kind)).select((hits::id, hits::version));
    let (id, version): (i64, i32) = read(t, |db| Ok(of.first(db)?));
    format!("{id}.{version}")
}

async fn answer(clerk: &mut Browser, one: &str, fields: [&str; 3]) -> Answer {
    let (key, [answer, by, note]) = (new_key(), fields);
    let all =
        [("key", key.as_str()), ("one", one), ("answer", answer), ("by_name", by), ("note", note)];
    clerk.post("/matching/answers", &all).await
}

/// Three pupils have applied.
async fn with_pupils(t: &TestApp) -> Browser {
    t.set_day(MONDAY);
    let mut clerk = t.sign_in(Role::Clerk);
    let at = open(&mut clerk).await;
    apply(&mut clerk, &at, LIST).await.is(303);
    clerk
}

#[test]
fn each_of_the_ten_layouts_is_read() {
    let policy = Policy::embedded().unwrap();
    let today = day(MONDAY);
    for kind in policy.matching_lists(today) {
        let mut cells = Vec::new();
        for sheet in &kind.sheets {
            for (at, column) in kind.id_columns.iter().enumerate() {
                let number = if at == 0 { STRANGER } else { STUDENT };
                cells.push((*sheet, kind.first_line, column.as_str(), number));
            }
        }
        let read = read_list(("名单.xlsx", &workbook(&cells)), kind, today).unwrap();
        assert_eq!(read.numbers.len(), cells.len(), "{}", kind.key);
        let members = read.numbers.iter().filter(|one| one.is_member).count();
        assert_eq!(members, (kind.id_columns.len() - 1) * kind.sheets.len(), "{}", kind.key);
        assert_eq!(
            (read.lines, read.unreadable),
            (cells.len() as i32 / kind.places().len() as i32, vec![])
        );
        // The same on the first sheet alone is another layout where the second is asked for.
        if kind.sheets == [2] {
            let first: Vec<_> = cells.iter().map(|one| (1, one.1, one.2, one.3)).collect();
            let why = read_list(("名单.xlsx", &workbook(&first)), kind, today).unwrap_err();
            assert!(why.contains("第 2 张工作表"), "{why}");
        }
    }
    let xls = std::fs::read("tests/sample/matching/rural_allowance.xls").unwrap();
    let read = read_list(("农村低保备案表.xls", &xls), &kind("rural_allowance"), today).unwrap();
    let places: Vec<_> =
        read.numbers.iter().map(|one| (one.sheet, one.line, one.col, one.is_member)).collect();
    assert_eq!(places, [(2, 3, 6, false), (2, 3, 15, true), (2, 4, 6, false)]);
    assert_eq!(read.unreadable.len(), 1);
    assert!(read.unreadable[0].starts_with("第 2 张表第 4 行 P 列：身份证号的校验码对不上"));
}

#[test]
fn pupils_and_members_of_families_are_found_and_answered() {
    each(async |t| {
        let mut clerk = with_pupils(&t).await;
        clerk.get("/matching").await.is(200).says(&["还没有可以比对的名单"]);
        let xls = std::fs::read("tests/sample/matching/rural_allowance.xls").unwrap();
        let sent = send(&mut clerk, "rural_allowance", ("低保.xls", &xls), "2026-12-31").await;
        let at = sent.is(303).header("location").to_owned();
        clerk.get(&at).await.says(&["读出 3 个身份证号，1 处读不懂", "第 2 张表第 4 行 P 列"]);
        let over = workbook(&[(1, 2, "L", SECOND), (1, 3, "L", PARENT)]);
        let sent = send(&mut clerk, "monitored_over", ("监测.xlsx", &over), "2026-12-31").await;
        sent.is(303);
        let expected = [
            ("李秋生".to_owned(), "monitored_over".to_owned(), (1, 2, 11), false),
            ("吕凤欢".to_owned(), "rural_allowance".to_owned(), (2, 3, 15), true),
            ("周小满".to_owned(), "rural_allowance".to_owned(), (2, 4, 6), false),
        ];
        assert_eq!(found(&t), expected);
        let page = clerk.get("/matching").await;
        page.says(&["吕凤欢", "第 2 张表第 3 行 P 列", "家庭成员", "县民政局", "本人"]);
        assert!(!page.text.contains("李秋生") && !page.text.contains(STUDENT));
        clerk.get("/matching?tab=shown").await.says(&["李秋生", "只作参考", "不用核实"]);
        clerk.get("/home").await.says(&["条名单比对结果等核实"]);

        let one = ticked(&t, "rural_allowance");
        answer(&mut clerk, "", ["at_school", "周敏", ""]).await.is(422).says(&["还没有选人"]);
        answer(&mut clerk, &one, ["", "周敏", ""]).await.is(422).says(&["请选核实结果"]);
        answer(&mut clerk, &one, ["guest", "", ""]).await.is(422).says(&[
            "请写是谁核实的",
            "借读的请写学籍在哪所学校",
            "吕凤欢",
        ]);
        answer(&mut clerk, &one, ["guest", "周敏", "学籍在安岳中学"]).await.is(303);
        answer(&mut clerk, &one, ["moved", "周敏", "成都"]).await.is(409).says(&["一条也没有保存"]);
        let shown = ticked(&t, "monitored_over");
        let refused = answer(&mut clerk, &shown, ["at_school", "周敏", ""]).await;
        refused.is(422).says(&["只作参考，不用核实"]);
        let page = clerk.get("/matching?tab=answered").await;
        page.says(&["吕凤欢", "借读", "学籍在安岳中学", "周敏", MONDAY]);
        let book = clerk.get("/matching.xlsx?tab=answered").await;
        assert!(book.is(200).bytes.starts_with(b"PK"));
        // Nothing new is found twice, and no number is in the audit log.
        let key = new_key();
        clerk.post("/matching/compare", &[("key", &key)]).await.is(303);
        assert_eq!(found(&t).len(), 3);
        let told: Vec<String> =
            read(&t, |db| Ok(history::table.select(history::summary).load(db)?));
        assert!(told.iter().any(|text| text.contains("借读（周敏）")));
        assert!(!told.iter().any(|text| text.contains(STUDENT) || text.contains(STRANGER)));
        t.sign_in(Role::Auditor).post("/matching/compare", &[("key", "1")]).await.is(403);
    });
}

#[test]
fn a_list_goes_when_its_day_has_passed_and_answers_stay() {
    each(async |t| {
        let mut clerk = with_pupils(&t).await;
        let old = workbook(&[(1, 2, "B", STUDENT), (1, 3, "B", SECOND)]);
        send(&mut clerk, "disabled", ("残联.xlsx", &old), "2026-09-30").await.is(303);
        let one = ticked(&t, "disabled");
        answer(&mut clerk, &one, ["at_school", "周敏", ""]).await.is(303);
        let run = || (jobs::follow_matching::JOB.run)(&t.app, t.app.clock.today()).unwrap();
        t.set_day("2026-09-30");
        assert_eq!(run().done, 0);

        t.set_day("2026-10-01");
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get(LISTS).await.is(200).says(&["已到期，不再比对，今晚清除"]);
        let csv = format!("姓名,身份证号,学校\n李秋生,{SECOND},乐至中学\n");
        roster(&mut clerk, ("花名册.csv", csv.as_bytes())).await.is(200);
        assert_eq!(run().done, 1);
        assert_eq!(run().done, 0);
        let left: i64 = read(&t, |db| Ok(entries::table.count().get_result(db)?));
        let names: Vec<String> = found(&t).into_iter().map(|one| one.0).collect();
        assert_eq!((left, names), (0, vec!["吕凤欢".to_owned()]));
        clerk.get(LISTS).await.says(&["没有正在用的名单", "清除到期的比对名单清除：到期"]);

        // What was answered is not asked again; by hand a list goes with a reason.
        let sent = send(&mut clerk, "disabled", ("残联2.xlsx", &old), "2026-10-31").await;
        let at = sent.is(303).header("location").to_owned();
        assert_eq!(found(&t).len(), 2);
        clerk.get("/matching").await.says(&["李秋生"]);
        let again = send(&mut clerk, "disabled", ("残联3.xlsx", &old), "2026-10-31").await;
        again.is(303);
        let page = clerk.get(&at).await;
        let (version, key) = (page.hidden("version"), page.hidden("key"));
        let mut fields = vec![("version", version.as_str()), ("key", key.as_str()), ("reason", "")];
        clerk.post(&at, &fields).await.is(422).says(&["请写为什么清除"]);
        fields[2].1 = "传错了";
        clerk.post(&at, &fields).await.is(303);
        // The other list of the kind has the same pupil.
        clerk.get("/matching").await.says(&["李秋生"]);
        fields[1].1 = "other";
        clerk.post(&at, &fields).await.is(409);
        let gone = lists::table.filter(lists::removed_on.is_not_null()).count();
        let gone: i64 = read(&t, |db| Ok(gone.get_result(db)?));
        assert_eq!(gone, 2);
    });
}

#[test]
fn each_wrong_file_has_a_sentence_of_its_own_and_changes_nothing() {
    each(async |t| {
        let mut clerk = with_pupils(&t).await;
        let good = workbook(&[(1, 2, "H", STUDENT)]);
        let no_number = workbook(&[(1, 2, "H", "张三")]);
        let mixed = workbook(&[(1, 2, "H", STUDENT), (1, 3, "H", "1"), (1, 4, "H", "2")]);
        let elsewhere = workbook(&[(1, 2, "L", STUDENT)]);
        for (kind, file, until, why) in [
            ("poverty_policy", ("名单.exe", &good[..]), "2026-12-31", "“名单.exe”不是表格"),
            ("poverty_policy", ("名单.xlsx", b"MZ\x90\0"), "2026-12-31", "这是程序，不是表格"),
            ("poverty_policy", ("名单.xlsx", b""), "2026-12-31", "文件是空的"),
            (
                "poverty_policy",
                ("名单.xlsx", &elsewhere),
                "2026-12-31",
                "第 1 张表 H 列从第 2 行起没有能读的身份证号，不是“脱贫户（继续享受政策）”的样子；\
                 身份证号像是在 L 列",
            ),
            ("poverty_policy", ("名单.xlsx", &no_number), "2026-12-31", "整张表没有身份证号"),
            (
                "poverty_policy",
                ("名单.xlsx", &mixed),
                "2026-12-31",
                "H 列一多半读不出身份证号，例如第 1 张表第 3 行 H 列",
            ),
            ("orphan", ("名单.xlsx", &good), "2026-12-31", "没有能读的身份证号"),
            ("", ("名单.xlsx", &good), "2026-12-31", "请选是哪一种名单"),
            ("poverty_policy", ("名单.xlsx", &good), "", "请写用到哪一天"),
            ("poverty_policy", ("名单.xlsx", &good), "2026-09-06", "到期日不能早于今天"),
            ("poverty_policy", ("名单.xlsx", &good), "2028-01-01", "最多留 365 天"),
        ] {
            let sent = send(&mut clerk, kind, file, until).await;
            sent.is(422).says(&[why, "县民政局"]);
        }
        let (csrf, key) = (clerk.csrf.clone(), new_key());
        let nothing = [("csrf", csrf.as_str()), ("key", key.as_str())];
        let sent = clerk.upload(LISTS, &nothing, &[]).await;
        sent.is(422).says(&["还没有选择名单", "请写名单来自哪个单位"]);
        for (file, why) in [
            (("花名册.csv", "姓名,电话\n张三,1\n".as_bytes()), "没有找到表头"),
            (("花名册.csv", "姓名,身份证号\n张三,1\n".as_bytes()), "B 列没有能读的身份证号"),
            (("花名册.csv", "姓名,身份证号\n".as_bytes()), "花名册里没有学生"),
            (("花名册.exe", b"MZ"), "“花名册.exe”不是表格"),
        ] {
            roster(&mut clerk, file).await.is(422).says(&[why]);
        }
        let stored: i64 = read(&t, |db| Ok(lists::table.count().get_result(db)?));
        assert_eq!((stored, found(&t).len()), (0, 0));
    });
}

#[test]
fn a_roster_comes_back_with_a_result_for_each_pupil() {
    each(async |t| {
        let mut clerk = with_pupils(&t).await;
        let book = workbook(&[(1, 2, "D", PARENT), (1, 3, "D", THIRD)]);
        send(&mut clerk, "low_income", ("低收入.xlsx", &book), "2026-12-31").await.is(303);
        let head = "乐至县学生花名册\n姓名,身份证号,性别,民族,学校,,,,年级,班级,全国学籍号\n";
        let csv = format!(
            "{head}周小满,{THIRD},女,汉,吴仲良中学,,,,高三,3班,G{THIRD}\n\
             周成,{PARENT},男,汉,吴仲良中学,,,,高三,3班,L0001\n\
             李秋生,{SECOND},女,汉,吴仲良中学,,,,高三,3班,G{SECOND}\n\
             王五,123,女,汉,吴仲良中学,,,,高三,3班,\n"
        );
        let read_back = read_roster(("花名册.csv", csv.as_bytes()), day(MONDAY)).unwrap();
        assert_eq!(read_back.len(), 4);
        assert_eq!(read_back[0].line, 3);
        let answer = roster(&mut clerk, ("花名册.csv", csv.as_bytes())).await;
        let bytes = answer.is(200).bytes.clone();
        let table = crate::sheets::table(&bytes);
        let text: Vec<String> = table
            .rows
            .iter()
            .map(|row| row.cells.iter().map(|cell| &*cell.text).collect::<Vec<_>>().join("|"))
            .collect();
        let text = text.join("\n");
        for words in [
            "周小满|110***********0019|比中|低收入人口|第 1 张表第 3 行 D 列|本人|乐至中学",
            "周成|512***********193X|比中|低收入人口|第 1 张表第 2 行 D 列|本人",
            "学籍号不是 G 加身份证号，学籍可能在别处",
            "李秋生|110***********0024|没有比中",
            "读不懂",
        ] {
            assert!(text.contains(words), "no {words} in\n{text}");
        }
        // Those who are found wait for an answer, and where they have applied is seen.
        let page = clerk.get("/matching").await;
        page.says(&["吴仲良中学", "周成", "也在乐至中学登记"]);
    });
}
