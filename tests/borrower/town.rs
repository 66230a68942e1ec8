//! A county with the small sample in it, and borrowers who sign in by the code that was written
//! for them.

use diesel::prelude::*;
use zhuxue::base::scope::Scope;
use zhuxue::book::audit_log::Actor;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::Product;
use zhuxue::error::AppResult;
use zhuxue::imports::batch;
use zhuxue::plumbing::crypto::Field;
use zhuxue::plumbing::db::Db;
use zhuxue::plumbing::schema::message;

use crate::support::county::{bank_tells_every_day, day, small_sheets};
use crate::support::database::kinds;
use crate::support::{Answer, Browser, OFFICE, TestApp, plain};

/// 吕凤欢 of the sample, in study, and the parent who signed as co-borrower.
pub const STUDENT: &str = "51209720080127996X";
pub const PARENT: &str = "51209019840426193X";
/// Somebody the county does not know; the number itself is right.
pub const STRANGER: &str = "11010519491231002X";

/// Runs `test` with the sample county on each database.
pub fn each(test: impl AsyncFn(TestApp)) {
    for kind in kinds() {
        eprintln!("on {kind:?}:");
        actix_web::rt::System::new().block_on(async {
            let t = TestApp::on(kind);
            fill(&t, OFFICE);
            test(t).await;
        });
    }
}

/// The sixty borrowers of the small sample, of whom the bank tells every day.
pub fn fill(t: &TestApp, office: &str) {
    import(t, office);
    bank_tells_every_day(&t.app, office);
}

/// The same as the bank told it on 2026-10-31, and nothing since.
pub fn import(t: &TestApp, office: &str) {
    let login = format!("importer{office}");
    let one = t.add_staff_to(office, &login, "韦清越", Role::Clerk, "");
    let by = Actor { staff_id: Some(one.id), name: one.name, office_code: office.to_owned() };
    let scope = Scope::of(office);
    let on = Some(day("2026-10-31"));
    let sheets = small_sheets("clean_plain");
    let made = batch::receive_files(&t.app, &scope, &by, &sheets, on, Product::Cdb).unwrap();
    batch::check(&t.app, &scope, &made, |_| {}).unwrap();
    batch::post(&t.app, &scope, &made, |_| {}).unwrap();
}

/// The texts written for phones so far, oldest first.
pub fn messages(t: &TestApp) -> Vec<String> {
    let sealed: Vec<Vec<u8>> = t
        .app
        .db
        .read(|db| {
            Ok(message::table
                .filter(message::reason.eq("sign_in_code"))
                .order(message::id)
                .select(message::text_sealed)
                .load(db)?)
        })
        .unwrap();
    sealed.iter().map(|text| t.app.sealer.open_text(Field::Message, text).unwrap()).collect()
}

/// The offices in whose names the codes went out, in order.
pub fn offices_of_messages(t: &TestApp) -> Vec<String> {
    t.app
        .db
        .read(|db| {
            Ok(message::table
                .filter(message::reason.eq("sign_in_code"))
                .order(message::id)
                .select(message::office_code)
                .load(db)?)
        })
        .unwrap()
}

/// The six digits of the text that signs somebody in.
pub fn code_in(text: &str) -> String {
    let digits = text.split(|c: char| !c.is_ascii_digit());
    digits.into_iter().find(|part| part.len() == 6).unwrap().to_owned()
}

/// Fills in the first form.
pub async fn ask(browser: &mut Browser, id_number: &str) -> Answer {
    let page = browser.get("/m/sign-in").await;
    let token = page.hidden("csrf");
    browser.post_bare("/m/sign-in", &[("csrf", &token), ("id_number", id_number)]).await
}

/// Fills in the second form.
pub async fn enter(browser: &mut Browser, code: &str) -> Answer {
    let page = browser.get("/m/code").await;
    let token = page.hidden("csrf");
    browser.post_bare("/m/code", &[("csrf", &token), ("code", code)]).await
}

/// A browser in which this person has signed in by their code.
pub async fn sign_in(t: &TestApp, id_number: &str) -> Browser {
    let mut browser = t.nobody();
    ask(&mut browser, id_number).await.is(303);
    let code = code_in(messages(t).last().unwrap());
    let answer = enter(&mut browser, &code).await;
    answer.is(303);
    assert_eq!(answer.header("location"), "/m");
    let page = browser.get("/m/settings").await;
    if page.status == 200 {
        browser.csrf = page.hidden("csrf");
    }
    browser
}

pub fn read<T>(t: &TestApp, body: impl FnOnce(&mut Db) -> AppResult<T>) -> T {
    t.app.db.read(body).unwrap()
}

/// The words of a page's main part, a line for each paragraph, row or heading.
pub fn words(answer: &Answer) -> String {
    let main = answer.text.split_once("<main").map_or("", |(_, rest)| rest);
    let mut main = main.split("</main>").next().unwrap_or_default().to_owned();
    for end in ["</p>", "</h1>", "</h2>", "</li>", "</dd>", "</dt>", "</option>", "</label>"] {
        main = main.replace(end, &format!("⏎{end}"));
    }
    // The rest of the tag that opens the part.
    let plain = plain(main.split_once('>').map_or("", |(_, rest)| rest));
    let lines = plain.split('⏎').map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}
