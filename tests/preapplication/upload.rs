//! A school brings its candidates as a sheet: all of them, or none with what is wrong in each line.

use calamine::{Reader as _, Xlsx};
use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::{history, loan_file, person, person_phone, preapplication};

use crate::borrower::town::{STUDENT, each, read};
use crate::counter::{GIRL, id};
use crate::liaison::of_school;
use crate::support::{Answer, Browser, TestApp};

const HOME: &str = "/l/pre-applications";
const UPLOAD: &str = "/l/pre-applications/upload";
const DAY: &str = "2026-05-11";
const HEAD: &str = "学生姓名,身份证号,毕业高中,班级,家庭类型,国家助学金,联系电话,申请日期";

async fn upload(phone: &mut Browser, key: &str, (name, text): (&str, &str)) -> Answer {
    let csrf = phone.csrf.clone();
    let fields = [("csrf", csrf.as_str()), ("key", key)];
    phone.upload(UPLOAD, &fields, &[(name, text.as_bytes())]).await
}

/// Name, class, grant and day of the drafts, by name.
fn drafts(t: &TestApp) -> Vec<(String, String, bool, Option<chrono::NaiveDate>)> {
    let of = preapplication::table
        .inner_join(person::table.on(person::id.eq(preapplication::person_id)))
        .filter(preapplication::is_draft.eq(true))
        .order(person::name);
    read(t, |db| {
        Ok(of
            .select((
                person::name,
                preapplication::class_name,
                preapplication::holds_grant,
                preapplication::applied_on,
            ))
            .load(db)?)
    })
}

#[test]
fn a_sheet_of_a_school_is_entered_as_a_whole_or_not_at_all() {
    each(async |t| {
        t.set_day(DAY);
        let of = loan_file::table.filter(loan_file::high_school.ne(""));
        let of = of.select(loan_file::high_school).distinct().order(loan_file::high_school);
        let all: Vec<String> = read(&t, |db| Ok(of.load(db)?));
        let (school, other) = (all[0].as_str(), all[1].as_str());
        let mut phone = of_school(&t, "xuexiao1", school).await;
        phone.get(HOME).await.is(200).says(&["上传表格登记"]);
        phone.get(UPLOAD).await.is(200).says(&["下载空表", "国家助学金", "最低生活保障"]);
        let blank = phone.get("/l/pre-applications/blank.xlsx").await.is(200).bytes.clone();
        let mut book: Xlsx<_> =
            calamine::open_workbook_from_rs(std::io::Cursor::new(blank)).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        let headings: Vec<String> =
            sheet.rows().nth(2).unwrap().iter().map(|cell| cell.to_string()).collect();
        assert_eq!(headings.join(","), HEAD);

        let (girl, boy) = (id(GIRL), id("51209020080505031"));
        let third = id("51209020080606052");
        let csrf = phone.csrf.clone();
        let nothing = phone.upload(UPLOAD, &[("csrf", csrf.as_str())], &[]).await;
        nothing.is(422).says(&["还没有选择表格"]);
        phone.upload(UPLOAD, &[("key", "0")], &[("a.csv", &b"x"[..])]).await.is(403);
        let strange = upload(&mut phone, "1", ("名单.csv", "姓名,电话\n张三,1\n")).await;
        strange.is(422).says(&["身份证号"]);
        upload(&mut phone, "2", ("名单.csv", &format!("{HEAD}\n"))).await.is(422);

        let bad = format!(
            "{HEAD}\n\
             何知秋,{girl},{school},高三（2）班,最低生活保障,是,16412345678,2026-05-10\n\
             方远,{boy},{other},高三（2）班,最低生活保障,否,16412345679,2026-05-10\n\
             方远,{girl},,,没有的类型,,,2025-05-10\n\
             王明,{STUDENT},,高三（1）班,最低生活保障,否,16412345670,2026-05-10\n\
             李明,123,,高三（1）班,最低生活保障,否,16412345670,2026-05-10\n"
        );
        let refused = upload(&mut phone, "3", ("名单.csv", &bad)).await;
        refused.is(422).says(&[
            "这次一行也没有登记",
            "第 3 行",
            &format!("毕业高中写的是{other}，这里只能登记{school}的学生"),
            "第 4 行",
            "和第 2 行是同一个身份证号",
            "请写班级",
            "请选家庭类型",
            "请写家长手机号",
            "请选高中阶段有没有享受国家助学金",
            "不是 2026 年预申请的",
            "第 6 行",
        ]);
        assert!(!refused.text.contains(&girl) && !refused.text.contains(&boy));
        assert!(drafts(&t).is_empty());
        // What only the database knows is said by line, too.
        let known = format!(
            "{HEAD}\n\
             何知秋,{girl},{school},高三（2）班,最低生活保障,是,16412345678,2026-05-10\n\
             王明,{STUDENT},,高三（1）班,最低生活保障,否,16412345670,2026-05-10\n"
        );
        let refused = upload(&mut phone, "4", ("名单.csv", &known)).await;
        refused.is(422).says(&["第 3 行", "另一个姓名"]);
        assert!(drafts(&t).is_empty());

        let good = format!(
            "{HEAD}\n\
             何知秋,{girl},{school},高三（2）班,最低生活保障,是,16412345678、16412345671,2026-05-10\n\
             方远,{boy},,高三（3）班,其他家庭经济困难,否,16412345679,2026-05-09\n"
        );
        let done = upload(&mut phone, "5", ("名单.csv", &good)).await;
        assert_eq!(done.is(303).header("location"), "/l/pre-applications?done=uploaded");
        upload(&mut phone, "5", ("名单.csv", &good)).await.is(303);
        let day = |text: &str| Some(text.parse().unwrap());
        let mut expected = vec![
            ("何知秋".to_owned(), "高三（2）班".to_owned(), true, day("2026-05-10")),
            ("方远".to_owned(), "高三（3）班".to_owned(), false, day("2026-05-09")),
        ];
        let mut kept = drafts(&t);
        expected.sort();
        kept.sort();
        assert_eq!(kept, expected);
        let phones: i64 = read(&t, |db| {
            let of = person_phone::table
                .inner_join(person::table.on(person::id.eq(person_phone::person_id)));
            Ok(of.filter(person::name.eq("何知秋")).count().get_result(db)?)
        });
        assert_eq!(phones, 2);
        phone
            .get("/l/pre-applications?done=uploaded")
            .await
            .is(200)
            .says(&["表里的学生都已登记", "其中 2 人还没交给中心"]);
        upload(&mut phone, "6", ("名单.csv", &good)).await.is(422).says(&["本校今年已经登记过"]);
        let told: i64 = read(&t, |db| {
            let of = history::table.filter(history::action.eq("preapplication_entered"));
            Ok(of.count().get_result(db)?)
        });
        assert_eq!(told, 2, "as by the form");
        // A draft is the school's until it is handed in.
        let clerk = t.sign_in(Role::Clerk).get("/pre-applications?tab=all").await;
        assert!(!clerk.text.contains("何知秋"));

        t.set_day("2026-07-01");
        let mut phone = of_school(&t, "xuexiao2", school).await;
        let late =
            format!("{HEAD}\n王小小,{third},,高三（2）班,最低生活保障,是,16412345672,2026-05-10\n");
        phone.get(UPLOAD).await.is(200).says(&["现在不能登记"]);
        upload(&mut phone, "7", ("名单.csv", &late)).await.is(422).says(&["已经截止"]);
        let mut village = crate::liaison::ready(&t, "cun01", "宝林镇", &village(&t)).await;
        village.get(UPLOAD).await.is(404);
        village.get("/l/pre-applications/blank.xlsx").await.is(404);
        upload(&mut village, "8", ("名单.csv", &late)).await.is(404);
    });
}

fn village(t: &TestApp) -> String {
    let of = person::table.filter(person::township.eq("宝林镇")).filter(person::village.ne(""));
    read(t, |db| Ok(of.select(person::village).first(db)?))
}
