//! The page behind the code: once, for a while, that sheet only; and everything people may send.

use diesel::prelude::*;
use zhuxue::base::ids::FileId;
use zhuxue::plumbing::schema::{file_position, history, sheet_photo, sheet_return};

use super::{AFTER, count_records, sent, sheets};
use crate::borrower::town::{each, read};
use crate::support::{Answer, Browser, TestApp};

/// A photograph as a telephone makes it: with the place where it was taken.
fn jpeg() -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(60, 40).write_to(&mut out, image::ImageFormat::Jpeg).unwrap();
    let plain = out.into_inner();
    let exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0 GPS 30.28N 105.02E";
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&plain[..2], b"\xFF\xE1", &length, exif, &plain[2..]].concat()
}

const GOOD: [(&str, &str); 6] = [
    ("outcome", "hardship"),
    ("met", "parents"),
    ("family", "有人患重病"),
    ("note", "父亲住院"),
    ("filled_by", "王主任"),
    ("visited_on", "2026-12-21"),
];

async fn hand_in(
    phone: &mut Browser,
    code: &str,
    fields: &[(&str, &str)],
    photo: Option<&[u8]>,
) -> Answer {
    let files: Vec<(&str, &[u8])> = photo.iter().map(|bytes| ("sheet.jpg", *bytes)).collect();
    phone.upload(&format!("/r/{code}"), fields, &files).await
}

fn kept(t: &TestApp) -> (i64, i64) {
    read(t, |db| {
        Ok((
            sheet_return::table.count().get_result(db)?,
            sheet_photo::table.count().get_result(db)?,
        ))
    })
}

#[test]
fn a_code_opens_its_sheet_once_and_says_little() {
    each(async |t| {
        let mut clerk = sent(&t).await;
        let (sheet, code) = sheets(&t).remove(0);
        let mut phone = t.nobody();
        let page = phone.get(&format!("/r/{}", code.to_lowercase())).await;
        page.is(200).says(&["走访结果回报", &sheet.number, "multipart/form-data"]);
        assert!(!page.text.contains('¥') && !page.text.contains("<script"), "{}", page.text);
        assert!(page.text.len() < 20_000, "{} bytes", page.text.len());
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(page.header("x-robots-tag").contains("noindex"));
        let name: String = read(&t, |db| {
            let people = zhuxue::life::visits::sheets::store::people(
                db,
                &zhuxue::base::scope::Scope::of(&sheet.office_code),
                &[sheet.file_id],
            )?;
            Ok(people[&sheet.file_id].name.clone())
        });
        assert!(!page.text.contains(&name), "the name is masked");

        let mut long_ago = GOOD;
        long_ago[5] = ("visited_on", "2020-12-21");
        let old = hand_in(&mut phone, &code, &long_ago, Some(&jpeg())).await;
        old.is(422).says(&["走访日期在做表的日子（12月21日）以前", "父亲住院"]);
        let done = hand_in(&mut phone, &code, &GOOD, Some(&jpeg())).await;
        done.is(303);
        assert_eq!(kept(&t), (1, 1));
        phone.get(done.header("location")).await.is(200).says(&["已经收到，谢谢", "只用一次"]);
        // The same code again: told in one sentence, nothing more is kept.
        let second = hand_in(&mut t.nobody(), &code, &GOOD, None).await;
        second.is(303);
        t.nobody().get(second.header("location")).await.says(&["已经交回", "028-23350000"]);
        assert_eq!(kept(&t), (1, 1));
        assert_eq!(count_records(&t), 0);

        let list = clerk.get("/visits/returns").await;
        list.is(200).says(&["家里有困难", "扫码"]);
        let at = list.text.find("/visits/returns/").unwrap();
        let here = list.text[at..at + list.text[at..].find('"').unwrap()].to_owned();
        let page = clerk.get(&here).await;
        page.is(200).says(&["父亲住院", "有人患重病", "看照片"]);
        let at = page.text.find("/visits/photos/").unwrap();
        let photo = page.text[at..at + page.text[at..].find('"').unwrap()].to_owned();
        let shown = clerk.get(&photo).await;
        assert_eq!((shown.status, shown.header("content-type")), (200, "image/jpeg"));
        let shown = shown.bytes;
        assert!(!shown.windows(3).any(|part| part == b"GPS"), "nobody needs to know where");
        let picture = image::load_from_memory(&shown).unwrap();
        assert_eq!((picture.width(), picture.height()), (60, 40));
        let looks: i64 = read(&t, |db| {
            let seen = history::action.eq("sheet_photo_seen");
            Ok(history::table.filter(seen).count().get_result(db)?)
        });
        assert_eq!(looks, 1, "whoever looks is written down");

        // Refused: the sheet is out again and its code works once more.
        let refuse = [("decision", "refuse"), ("note", "照片看不清")];
        clerk.post(&here, &refuse).await.is(303);
        hand_in(&mut phone, &code, &GOOD, None).await.is(303);
        assert_eq!(kept(&t), (2, 1));
    });
}

#[test]
fn what_is_wrong_is_said_and_what_was_typed_stays() {
    each(async |t| {
        let _ = sent(&t).await;
        let (_, code) = sheets(&t).remove(0);
        let mut phone = t.nobody();
        let empty = hand_in(&mut phone, &code, &[("note", "写了一半")], None).await;
        empty.is(422).says(&["请选一项走访结果", "写了一半", "请写填表人的姓名"]);
        let text = hand_in(&mut phone, &code, &GOOD, Some(b"%PDF-1.7")).await;
        text.is(422).says(&["选的文件不是照片", "父亲住院"]);
        let only_begins = hand_in(&mut phone, &code, &GOOD, Some(&jpeg()[..60])).await;
        only_begins.is(422).says(&["选的文件不是照片", "父亲住院"]);
        let large = [jpeg(), vec![0; 40 << 20]].concat();
        let large = hand_in(&mut phone, &code, &GOOD, Some(&large)).await;
        large.is(422).says(&["照片超过 10 MB", "父亲住院", "checked"]);
        let number = [&GOOD[..], &[("new_phone", "1641099")]].concat();
        hand_in(&mut phone, &code, &number, None).await.is(422).says(&["手机号应为 11 位"]);
        assert_eq!(kept(&t), (0, 0));
        hand_in(&mut phone, &code, &GOOD, None).await.is(303);
    });
}

#[test]
fn guessing_gets_one_answer_and_growing_waits_and_old_codes_open_nothing() {
    each(async |t| {
        let _ = sent(&t).await;
        let (_, code) = sheets(&t).remove(0);
        let mut phone = t.nobody();
        phone.get("/r").await.is(200).says(&["回报码"]);
        phone.post_bare("/r", &[("code", "7K3M")]).await.is(422).says(&["8 位字母和数字"]);
        let typed = format!("{} {}", &code[..4].to_lowercase(), &code[4..]);
        let found = phone.post_bare("/r", &[("code", &typed)]).await;
        assert_eq!(found.header("location"), format!("/r/{code}"));
        let one = phone.get("/r/22222222").await;
        one.is(404).says(&["没有找到这张走访表"]);
        phone.get("/r/nothing").await.is(404).says(&["没有找到这张走访表"]);
        let mut waits = 0;
        for n in 0..40 {
            let path = format!("/r/2222222{}", char::from(b'A' + n % 8));
            waits += i32::from(phone.get(&path).await.status == 429);
        }
        assert!(waits > 5, "{waits} of 40 guesses had to wait");
        phone.get(&format!("/r/{code}")).await.is(429).says(&["试得太多了"]);

        t.set_day("2027-03-20");
        phone.get(&format!("/r/{code}")).await.is(200).says(&["回报码已过期", "打电话"]);
        let late = hand_in(&mut phone, &code, &GOOD, None).await;
        late.is(303);
        assert_eq!(kept(&t), (0, 0));
    });
}

#[test]
fn a_payment_that_comes_while_a_sheet_is_out_is_said() {
    each(async |t| {
        let mut clerk = sent(&t).await;
        let (sheet, code) = sheets(&t).remove(0);
        hand_in(&mut t.nobody(), &code, &GOOD, None).await.is(303);
        clear_arrears(&t, sheet.file_id);
        let list = clerk.get("/visits/returns").await;
        list.is(200).says(&["已经没有逾期"]);
        let at = list.text.find("/visits/returns/").unwrap();
        let here = list.text[at..at + list.text[at..].find('"').unwrap()].to_owned();
        clerk.get(&here).await.is(200).says(&["已经还清，现在没有逾期"]);
        clerk.post(&here, &[("decision", "accept")]).await.is(303);
        assert_eq!(count_records(&t), 1, "nothing that came back is lost");
        let batch = format!("/visits/batches/{}", sheet.batch_id);
        clerk.get(&batch).await.says(&["已经没有逾期"]);
    });
}

/// What the position says once everything is paid.
pub fn clear_arrears(t: &TestApp, file: FileId) {
    t.app
        .db
        .write("paid", |db| {
            diesel::update(file_position::table.filter(file_position::file_id.eq(file)))
                .set((
                    file_position::overdue_principal_fen.eq(0),
                    file_position::overdue_interest_fen.eq(0),
                    file_position::penalty_fen.eq(0),
                    file_position::as_of.eq(AFTER.parse::<chrono::NaiveDate>().unwrap()),
                ))
                .execute(db)?;
            Ok(())
        })
        .unwrap();
}
