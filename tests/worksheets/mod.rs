//! Overdue worksheets over the whole program: who is on them, pages, papers, downloads, rights,
//! history, the command line. The small sample county has nobody overdue on its own day, so the
//! clock stands on a day after a due day that nobody has paid yet.

mod command;

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::test;
use calamine::{Data, Reader as _, Xlsx};
use diesel::prelude::*;
use zhuxue::base::ids::StaffId;
use zhuxue::base::money::Fen;
use zhuxue::book::position::{Basis, FilePosition};
use zhuxue::book::staff::{self, Role, Staff};
use zhuxue::book::statement::Product;
use zhuxue::imports::batch;
use zhuxue::life::visits::rules::{self, ReceiverKind, Selection};
use zhuxue::life::visits::store;
use zhuxue::plumbing::schema::{file_position, history};
use zhuxue::site;
use zhuxue::web::session::{self, NewSession};

use crate::support::county::{County, bank_tells_every_day, day, small_sheets};
use crate::support::database::{Kind, on_both};

/// The day after the due day of 2026: everybody who has an instalment then is overdue.
const AFTER: &str = "2026-12-21";

fn imported(kind: Kind) -> County {
    let county = County::new(kind);
    let sheets = small_sheets("clean_plain");
    let (app, scope) = (&county.app, &county.scope);
    let made = batch::receive_files(
        app,
        scope,
        &county.by,
        &sheets,
        Some(day("2026-10-31")),
        Product::Cdb,
    )
    .unwrap();
    batch::check(app, scope, &made, |_| {}).unwrap();
    batch::post(app, scope, &made, |_| {}).unwrap();
    bank_tells_every_day(app, scope.own());
    county
}

fn village_batch(county: &County, on: &str) -> rules::Batch {
    let app = &county.app;
    let found =
        app.db.read(|db| store::overdue_on(db, &county.scope, &app.basis(), day(on))).unwrap();
    assert!(found.left_out.is_empty());
    rules::batch(ReceiverKind::Village, day(on), found.households, &Selection::default())
}

/// Another day is computed anew; it must give what the refreshed positions say when it comes.
#[actix_web::test]
async fn a_day_that_is_not_today_is_what_the_positions_will_say_then() {
    on_both(|kind| {
        let county = imported(kind);
        let before = village_batch(&county, AFTER);
        assert!(before.households() > 5, "{} overdue", before.households());
        county.app.clock.set_day(day(AFTER));
        let app = &county.app;
        app.db
            .write("close the day", |db| {
                let today = day(AFTER);
                while zhuxue::book::position::refresh_due(
                    db,
                    &county.scope,
                    &app.basis(),
                    today,
                    500,
                )? > 0
                {}
                Ok(())
            })
            .unwrap();
        assert_eq!(before, village_batch(&county, AFTER));
        let stored: Vec<FilePosition> = app
            .db
            .read(|db| {
                Ok(file_position::table
                    .filter(file_position::oldest_unpaid_due_on.is_not_null())
                    .select(FilePosition::as_select())
                    .load(db)?)
            })
            .unwrap();
        let wanted: BTreeMap<_, Fen> =
            stored.iter().map(|p| (p.file_id, p.overdue_fen())).collect();
        let printed: BTreeMap<_, Fen> = before
            .receivers
            .iter()
            .flat_map(|receiver| &receiver.sheets)
            .map(|s| (s.household.file_id, s.household.arrears.total_fen()))
            .collect();
        assert_eq!(printed, wanted);
        assert_eq!(village_batch(&county, "2026-10-31").households(), 0);
    });
}

/// Whoever owes less than what makes a case is visited by nobody.
#[actix_web::test]
async fn a_family_without_a_case_gets_no_sheet() {
    on_both(|kind| {
        let county = imported(kind);
        let app = &county.app;
        let found = |smallest: Fen| {
            let basis = Basis { smallest_arrears: smallest, ..app.basis() };
            let found = app.db.read(|db| store::overdue_on(db, &county.scope, &basis, day(AFTER)));
            let mut sums: Vec<Fen> =
                found.unwrap().households.iter().map(|one| one.arrears.total_fen()).collect();
            sums.sort_unstable();
            sums
        };
        let all = found(Fen::new(100));
        let middle = all[all.len() / 2];
        assert!(all[0] < middle, "{all:?}");
        let some: Vec<Fen> = all.iter().copied().filter(|sum| *sum >= middle).collect();
        assert_eq!(found(middle), some);
    });
}

/// One page as somebody of this role gets it: status, what it is called, bytes.
async fn ask(county: &County, role: Role, url: &str) -> (StatusCode, String, Vec<u8>) {
    let app = &county.app;
    let one = Staff {
        id: StaffId::new(app.next_id()),
        office_code: county.scope.own().to_owned(),
        login: format!("{}{}", role.as_text(), app.next_id()),
        name: "莫小满".to_owned(),
        role,
        password_hash: String::new(),
        active: true,
        created_at: app.clock.now_at(),
        last_signed_in_at: None,
        version: 1,
    };
    let new = NewSession::new("127.0.0.1".to_owned(), "test").unwrap();
    let now = app.clock.now_at();
    app.db
        .write("sign in", |db| {
            staff::add(db, &app.sealer, &one)?;
            session::begin(db, &app.config, one.id, &new, now)
        })
        .unwrap();
    let site = test::init_service(site::site(app)).await;
    let request = test::TestRequest::get().uri(url).cookie(new.cookie(&app.config)).to_request();
    let response = test::call_service(&site, request).await;
    let status = response.status();
    let name = response
        .headers()
        .get(CONTENT_DISPOSITION)
        .map(|value| value.to_str().unwrap().to_owned())
        .unwrap_or_default();
    (status, name, test::read_body(response).await.to_vec())
}

async fn text(county: &County, url: &str) -> String {
    let (status, _, body) = ask(county, Role::Clerk, url).await;
    // Templates write a slash of a value as a character reference.
    let text = String::from_utf8(body).unwrap().replace("&#x2f;", "/");
    assert_eq!(status, StatusCode::OK, "{url}: {text}");
    text
}

fn notes(county: &County) -> Vec<(String, String, bool)> {
    county
        .app
        .db
        .read(|db| {
            Ok(history::table
                .filter(history::action.eq_any(["printed", "exported", "sheets_previewed"]))
                .order(history::id)
                .select((history::action, history::summary, history::file_id.is_not_null()))
                .load(db)?)
        })
        .unwrap()
}

/// Both kinds of database in turn, for tests that wait for answers.
fn counties() -> Vec<County> {
    crate::support::database::kinds()
        .into_iter()
        .map(|kind| {
            let county = imported(kind);
            county.app.clock.set_day(day(AFTER));
            county
        })
        .collect()
}

#[actix_web::test]
async fn the_choosing_page_adds_up_and_offers_each_receiver() {
    for county in counties() {
        let batch = village_batch(&county, AFTER);
        let page = text(&county, "/visits").await;
        assert!(page.contains(&format!("¥{}", batch.total_fen().to_page_text())));
        assert_eq!(page.matches("/visits/workbook.xlsx?").count(), batch.receivers.len());
        let township = &batch.receivers[0].township;
        let some =
            text(&county, &format!("/visits?township={}", zhuxue::base::url::encoded(township)))
                .await;
        assert!(some.contains(&format!("只看：{township}")));
        let (status, _, body) = ask(&county, Role::Clerk, "/visits?as_of=31.10.2026").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(String::from_utf8(body).unwrap().contains("日期请写成 2026-10-31 这样"));
        assert!(notes(&county).is_empty(), "looking is not printing");
    }
}

#[actix_web::test]
async fn papers_say_what_a_visit_needs_and_no_more() {
    for county in counties() {
        let batch = village_batch(&county, AFTER);
        let sheet = &batch.receivers[0].sheets[0];
        let one = &sheet.household;
        let page = text(&county, &format!("/visits/print?file={}", one.file_no)).await;
        let amount = one.arrears.total_fen().to_page_text();
        for wanted in [
            one.name.as_str(),
            &one.id_mask,
            &one.address,
            &format!("¥{amount}（算到 12月21日，按没有免息政策计算）"),
            "国家助学贷款还款提醒入户走访表",
            "请勿对外张贴或转发本表",
            "第一联",
            "第二联　中心存根",
            "县教育局一楼",
            "0000-6180312",
            "莫小满",
        ] {
            assert!(page.contains(wanted), "{wanted} is missing");
        }
        // A number is given when the sheet is made: a preview has none that would not come true.
        assert!(!page.contains(&sheet.number), "a preview has no number");
        for never in ["催收", "征信", "黑名单", "逾期", "style=", "onclick", "qr"] {
            assert!(!page.contains(never), "{never} must not be on the paper");
        }
        assert_eq!(page.matches("<section class=\"a4\">").count(), 2, "no list for one household");
        let file = format!("/visits/print?file={}&set=1&letter=12", one.file_no);
        let bare = text(&county, &file).await;
        assert!(!bare.contains(&amount) && !bare.contains("第二联"));
        assert!(bare.contains("乐资助访〔2026〕12 号"));

        let all = text(&county, "/visits/print").await;
        let lists: usize = batch.receivers.iter().filter(|r| r.sheets.len() > 1).count();
        let pages = batch.receivers.len().div_ceil(17) + lists + 2 * batch.households();
        assert_eq!(all.matches("<section class=\"a4\">").count(), pages);
        let said = notes(&county);
        assert!(said[0].1.contains("1 个单位 1 户，截至 2026-12-21，选定 1 户"), "{said:?}");
        // A look writes one line, whatever is looked at; nothing was printed.
        assert_eq!(said.iter().filter(|(.., on_file)| *on_file).count(), 0);
        assert_eq!(said.len(), 3);
        assert!(said.iter().all(|(action, ..)| action == "sheets_previewed"));
    }
}

#[actix_web::test]
async fn downloads_hold_the_amounts_of_the_page() {
    for county in counties() {
        let batch = village_batch(&county, AFTER);
        let (status, name, body) = ask(&county, Role::Director, "/visits/workbooks.zip").await;
        assert_eq!(status, StatusCode::OK);
        assert!(name.starts_with("attachment; filename*=UTF-8''%E8%B5%B0"), "{name}");
        let mut zip = zip::ZipArchive::new(Cursor::new(body)).unwrap();
        assert_eq!(zip.len(), batch.receivers.len() + 1);
        let mut sum = Fen::ZERO;
        for receiver in &batch.receivers {
            let mut bytes = Vec::new();
            let file = format!("{}.xlsx", receiver.stem);
            zip.by_name(&file).unwrap().read_to_end(&mut bytes).unwrap();
            sum += amounts(bytes);
        }
        assert_eq!(sum, batch.total_fen());
        let stem = zhuxue::base::url::encoded(&batch.receivers[0].stem);
        let one = format!("/visits/workbook.xlsx?receiver={stem}");
        let (status, name, body) = ask(&county, Role::Clerk, &one).await;
        assert_eq!((status, name.ends_with(".xlsx")), (StatusCode::OK, true));
        assert_eq!(amounts(body), batch.receivers[0].total_fen());
        let none = ask(&county, Role::Clerk, "/visits/workbook.xlsx?receiver=x").await;
        assert_eq!(none.0, StatusCode::NOT_FOUND);
        assert!(notes(&county).iter().all(|(action, ..)| action == "exported"));
    }
}

/// The amounts of the households, without the row of sums.
fn amounts(workbook: Vec<u8>) -> Fen {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(workbook)).unwrap();
    let range = book.worksheet_range("走访名单").unwrap();
    let rows: Vec<_> = range.rows().collect();
    let at = rows[4].iter().position(|cell| *cell == *"到期未还（元）").unwrap();
    let number = |row: &&[Data]| match row[at] {
        Data::Float(yuan) => format!("{yuan:.2}").parse::<Fen>().ok(),
        _ => None,
    };
    let all: Vec<Fen> = rows[5..].iter().filter_map(number).collect();
    let (sum, each) = all.split_last().unwrap();
    assert_eq!(*sum, each.iter().copied().sum());
    *sum
}

#[actix_web::test]
async fn only_those_who_may_print_get_any_of_it() {
    let county = imported(Kind::Sqlite);
    county.app.clock.set_day(day(AFTER));
    for url in ["/visits", "/visits/print", "/visits/workbooks.zip", "/visits/workbook.xlsx"] {
        for role in [Role::Auditor, Role::Administrator] {
            let (status, _, body) = ask(&county, role, url).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{role:?} {url}");
            assert!(!String::from_utf8_lossy(&body).contains("村民委员会"));
        }
    }
    assert!(notes(&county).is_empty());
}

#[actix_web::test]
async fn nothing_is_printed_of_a_day_that_has_not_come_or_has_nobody() {
    let county = imported(Kind::Sqlite);
    let future = format!("/visits/print?as_of={AFTER}");
    let (status, _, body) = ask(&county, Role::Clerk, &future).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(String::from_utf8(body).unwrap().contains("还没有到"));
    let page = text(&county, &format!("/visits?as_of={AFTER}")).await;
    assert!(page.contains("金额是预计") && !page.contains("/visits/print?"));
    let (status, ..) = ask(&county, Role::Clerk, "/visits/print?as_of=2026-10-31").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&county, "/visits").await.contains("没有逾期户，不用走访"));
}
