//! 扫描件: what is taken and what is refused, who opens it, and that it comes back from a backup.

use diesel::prelude::*;
use zhuxue::base::ids::RowId;
use zhuxue::base::scope::Scope;
use zhuxue::book::attachment as scans;
use zhuxue::book::staff::Role;
use zhuxue::command::restore::Restore;
use zhuxue::command::verify::Verify;
use zhuxue::jobs::back_up;
use zhuxue::plumbing::attached::folder;
use zhuxue::plumbing::schema::{attachment, history};

use super::{FATHER, GIRL, begin, fill, id, people, review_of, send, submit, version_in};
use crate::borrower::town::{each, read};
use crate::support::database::{Kind, kinds};
use crate::support::{Answer, Browser, OFFICE, TestApp};

/// A page as a telephone takes it: with the place where it was taken.
fn jpeg(width: u32) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    let page = image::DynamicImage::new_rgb8(width, 40);
    page.write_to(&mut out, image::ImageFormat::Jpeg).unwrap();
    let plain = out.into_inner();
    let exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0 GPS 30.28N 105.02E";
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&plain[..2], b"\xFF\xE1", &length, exif, &plain[2..]].concat()
}

fn pdf(inside: &str) -> Vec<u8> {
    format!("%PDF-1.7\n1 0 obj\n<<{inside}>>\nendobj\nstartxref\n9\n%%EOF\n").into_bytes()
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|part| part == word)
}

async fn add(desk: &mut Browser, at: &str, paper: &str, files: &[(&str, &[u8])]) -> Answer {
    let csrf = desk.csrf.clone();
    let fields = [("csrf", csrf.as_str()), ("paper", paper)];
    desk.upload(&format!("{at}/attachments"), &fields, files).await
}

fn rows(t: &TestApp) -> Vec<(RowId, String)> {
    let of = attachment::table.order(attachment::id).select((attachment::id, attachment::hash));
    read(t, |db| Ok(of.load(db)?))
}

/// A contract of the county's own loan, signed.
async fn signed(t: &TestApp) -> (Browser, String) {
    let (wei, lan) = people(t).await;
    let (mut clerk, mut reviewer) = (t.sign_in_as(&wei), t.sign_in_as(&lan));
    let at = begin(&mut clerk, &id(GIRL), "local").await;
    fill(&mut clerk, &at, &id(FATHER), "6000").await;
    let early = add(&mut clerk, &at, "contract", &[("a.jpg", &jpeg(60))]).await;
    early.is(422).says(&["提交复核以后才能加扫描件"]);
    submit(&mut clerk, &at).await;
    let approve = [("decision", "approve"), ("reason", ""), ("step", "")];
    send(&mut reviewer, &review_of(t, &at), &approve).await.is(303);
    (clerk, at)
}

#[test]
fn what_is_taken_is_told_by_its_bytes_and_one_that_is_not_keeps_the_others_out() {
    each(async |t| {
        let (mut clerk, at) = signed(&t).await;
        clerk.get(&at).await.is(200).says(&["扫描件", "借款合同（签字盖章页）", "还没有扫描件"]);
        let good = jpeg(60);
        for (name, bytes, why) in [
            ("合同.jpg", b"MZ\x90\0\x03 This program".to_vec(), "“合同.jpg”是程序文件"),
            ("合同.pdf", b"PK\x03\x04\x14\0 a.exe".to_vec(), "是压缩包，不是扫描件"),
            ("合同.pdf", pdf("/S /JavaScript /JS (app.alert)"), "里面有脚本"),
            ("合同.pdf", pdf("/Type /Catalog")[..40].to_vec(), "是 PDF，但是不完整"),
            ("合同.jpg", good[..80].to_vec(), "是图片，但是不完整"),
            ("合同.jpg", Vec::new(), "是空文件"),
            ("合同.jpg", vec![0xFF; 11 << 20], "超过 10 MB"),
        ] {
            let both = [("好的.jpg", good.as_slice()), (name, bytes.as_slice())];
            let answer = add(&mut clerk, &at, "contract", &both).await;
            answer.is(422).says(&[why, "没有收下", "value=\"contract\" selected"]);
        }
        add(&mut clerk, &at, "contract", &[]).await.is(422).says(&["还没有选择文件"]);
        let odd = add(&mut clerk, &at, "moon", &[("a.jpg", &good)]).await;
        odd.is(422).says(&["请选这是哪一样材料"]);
        assert!(rows(&t).is_empty() && !t.app.config.attachments().exists(), "nothing half done");
    });
}

#[test]
fn a_scan_is_kept_without_its_place_opened_by_few_and_removed_with_a_reason() {
    each(async |t| {
        let (mut clerk, at) = signed(&t).await;
        let (page, whole) = (jpeg(60), pdf("/Type /Catalog"));
        let files: [(&str, &[u8]); 2] = [("1.jpg", &page), ("2.png", &whole)];
        add(&mut clerk, &at, "contract", &files).await.is(303);
        add(&mut clerk, &at, "contract", &files[..1]).await.is(303);
        let all = rows(&t);
        assert_eq!(all.len(), 2, "the same scan once");
        let dir = t.app.config.attachments();
        let kept = folder::open(&dir, &t.app.sealer, &all[0].1).unwrap();
        assert!(holds(&page, b"GPS") && !holds(&kept, b"GPS"));
        let file = dir.join(&all[0].1[..2]).join(&all[0].1);
        assert!(!holds(&std::fs::read(file).unwrap(), b"JFIF"), "sealed at rest");
        let (picture, paper) =
            (format!("{at}/attachments/{}", all[0].0), format!("{at}/attachments/{}", all[1].0));
        let shown = clerk.get(&picture).await;
        assert_eq!((shown.status, shown.header("content-type")), (200, "image/jpeg"));
        assert_eq!(shown.header("content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(shown.header("x-content-type-options"), "nosniff");
        assert!(shown.header("content-disposition").starts_with("inline"));
        assert!(image::load_from_memory(&shown.bytes).is_ok());
        let saved = clerk.get(&paper).await;
        assert!(saved.header("content-disposition").starts_with("attachment"));
        assert_eq!(saved.bytes, whole);
        let seen = history::table.filter(history::action.eq("attachment_seen"));
        let seen: i64 = read(&t, |db| Ok(seen.count().get_result(db)?));
        assert_eq!(seen, 2, "whoever looks is written down");
        // Another county, and another application's address.
        t.add_office("512023", "AY", "安岳县学生资助管理中心");
        let other = t.add_staff_to("512023", "ay01", "安岳", Role::Clerk, "");
        let mut other = t.sign_in_as(&other);
        other.get(&picture).await.is(404);
        add(&mut other, &at, "contract", &files).await.is(404);
        let forged = [("version", "1"), ("why_removed", "看看")];
        other.post(&format!("{picture}/remove"), &forged).await.is(404);
        clerk.get(&format!("/applications/1/attachments/{}", all[0].0)).await.is(404);
        let to = format!("{picture}/remove");
        let version = version_in(clerk.get(&at).await.says(&["2 份", "加扫描件"]), &to);
        let form = |why| [("version", version.as_str()), ("why_removed", why)];
        clerk.post(&to, &form("")).await.is(422).says(&["请写一句为什么移除"]);
        clerk.post(&to, &form("拍反了")).await.is(303);
        clerk.post(&to, &form("拍反了")).await.is(409);
        clerk.get(&at).await.says(&["移除的 1 份", "拍反了"]);
        clerk.get(&picture).await.is(200);
        add(&mut clerk, &at, "contract", &files[..1]).await.is(303);
        assert_eq!(rows(&t).len(), 3, "it may come again");
    });
}

fn verify(t: &TestApp) -> (bool, String) {
    let mut out = Vec::new();
    let done = Verify { repair: false, is_copy: false }.run((*t.app.config).clone(), &mut out);
    (done.is_ok(), String::from_utf8(out).unwrap())
}

#[test]
fn verify_names_what_is_lost_or_damaged_and_a_backup_brings_it_back() {
    for kind in kinds() {
        actix_web::rt::System::new().block_on(async {
            let t = TestApp::shared(kind, |_| ());
            let (mut clerk, at) = signed(&t).await;
            add(&mut clerk, &at, "contract", &[("1.jpg", &jpeg(60))]).await.is(303);
            let (_, hash) = rows(&t).remove(0);
            back_up::run(&t.app, t.app.clock.today()).unwrap();
            let (live, backups) = (t.app.config.attachments(), t.app.config.backups());
            let copies = backups.join(folder::NAME);
            let file = live.join(&hash[..2]).join(&hash);
            let (whole, said) = verify(&t);
            assert!(whole, "{said}");
            std::fs::remove_file(&file).unwrap();
            let (whole, said) = verify(&t);
            assert!(!whole && said.contains("借款合同（签字盖章页）"), "{said}");
            assert!(said.contains("文件不见了"), "{said}");
            clerk.get(&format!("{at}/attachments/{}", rows(&t)[0].0)).await.is(422);
            assert_eq!(folder::bring_back(&copies, &live, &t.app.sealer).unwrap(), 1);
            let bytes = std::fs::read(&file).unwrap();
            std::fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
            let (whole, said) = verify(&t);
            assert!(!whole && said.contains("文件损坏或者改过"), "{said}");
            let scope = Scope::of(OFFICE);
            let all = read(&t, |db| scans::next(db, &scope, RowId::new(0), 9));
            assert_eq!(scans::damaged(&live, &t.app.sealer, &all).len(), 1);
            assert_eq!(folder::bring_back(&copies, &live, &t.app.sealer).unwrap(), 1);
            assert!(verify(&t).0);
            if kind == Kind::Sqlite {
                rehearse(&t, &copies.join(&hash[..2]).join(&hash));
            }
        });
    }
}

/// A rehearsal reads the copies, not what the running program has.
fn rehearse(t: &TestApp, copy: &std::path::Path) {
    let names = std::fs::read_dir(t.app.config.backups()).unwrap();
    let mut names = names.map(|one| one.unwrap().path());
    let file = names.find(|path| path.extension().is_some_and(|end| end == "db"));
    let restore = Restore { file, rehearse: true, release: None };
    let mut out = Vec::new();
    let done = restore.clone().run((*t.app.config).clone(), &mut out);
    assert!(done.is_ok(), "{}", String::from_utf8_lossy(&out));
    std::fs::remove_file(copy).unwrap();
    assert!(restore.run((*t.app.config).clone(), &mut out).is_err());
    assert!(String::from_utf8_lossy(&out).contains("文件不见了"));
}

#[test]
fn a_file_is_complete_when_the_papers_are_signed_in_order_and_scanned() {
    each(async |t| {
        let (mut clerk, at) = signed(&t).await;
        let page = clerk.get(&at).await;
        page.is(200).says(&["归档检查", "还没有检查"]);
        clerk.get("/applications?tab=lacking").await.is(200).says(&["罗一禾"]);
        let to = format!("{at}/archive");
        let check = async |clerk: &mut Browser, more: &[(&str, &str)]| {
            let version = version_in(clerk.get(&at).await.is(200), &to);
            let form = [("version", version.as_str()), ("student_signed", "1"), ("co_signed", "1")];
            clerk.post(&to, &[&form[..], more].concat()).await
        };
        let days = |signed| {
            [("applied_on", "2027-07-20"), ("signed_on", signed), ("approved_on", "2027-07-20")]
        };
        check(&mut clerk, &days("2027-07-21")).await.is(422).says(&["不能晚于今天"]);
        check(&mut clerk, &days("七月")).await.is(422).says(&["日期请写成"]);
        check(&mut clerk, &days("2027-07-19")).await.is(303);
        clerk.get(&at).await.says(&[
            "中心没有签字",
            "没有盖章",
            "签字日期早于申请日期",
            "缺扫描件：借款合同（签字盖章页）",
            "缺扫描件：学生身份证原件",
        ]);
        let whole = pdf("/Type /Catalog");
        let page = clerk.get(&at).await.text.clone();
        let papers = page.split("<select id=\"paper\"").nth(1).unwrap();
        let papers = papers.split("</select>").next().unwrap().split("value=\"").skip(2);
        let papers: Vec<&str> = papers.map(|rest| rest.split('"').next().unwrap()).collect();
        for paper in papers.iter().filter(|paper| **paper != "other") {
            add(&mut clerk, &at, paper, &[("a.pdf", &whole)]).await.is(303);
        }
        let ticks = [("office_signed", "1"), ("stamped", "1")];
        let all = [&days("2027-07-20")[..], &ticks].concat();
        let done = check(&mut clerk, &all).await;
        done.is(303);
        clerk.get(&at).await.says(&["齐", "韦清越"]);
        let lacking = clerk.get("/applications?tab=lacking").await;
        assert!(!lacking.text.contains("罗一禾"), "{}", lacking.text);
        // A scan goes: the file is not complete any more, without another check.
        let (first, _) = rows(&t).remove(0);
        let remove = format!("{at}/attachments/{first}/remove");
        clerk.post(&remove, &[("version", "1"), ("why_removed", "模糊")]).await.is(303);
        clerk.get("/applications?tab=lacking").await.says(&["罗一禾"]);
        let old = [("version", "1"), ("stamped", "1")];
        clerk.post(&to, &old).await.is(409);
    });
}
