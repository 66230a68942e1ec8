//! A county with the small sample in it, and somebody signed in who opens pages.

use actix_web::cookie::Cookie;
use actix_web::test;
use zhuxue::book::statement::Product;
use zhuxue::imports::batch;
use zhuxue::site;
use zhuxue::web::session::{self, COOKIE, NewSession};

use crate::support::county::{County, day, small_sheets};
use crate::support::database::Kind;
use crate::support::{as_read, plain};

/// A page as it came.
pub struct Answer {
    pub status: u16,
    pub location: String,
    pub body: String,
}

impl Answer {
    /// The text of the page's main part: no tags, one blank between words.
    pub fn words(&self) -> String {
        let main = self.body.split_once("<main").and_then(|(_, rest)| rest.split_once('>'));
        let main = main.map_or(self.body.as_str(), |(_, rest)| rest);
        let main = main.split("</main>").next().unwrap_or_default();
        plain(main).replace("&amp;", "&").replace("&gt;", ">")
    }

    /// The same, a line for each row, paragraph or heading: for a person to read in a review.
    pub fn lines(&self) -> String {
        let mut body = self.body.clone();
        for end in ["</tr>", "</p>", "</div>", "</h1>", "</h2>", "</li>", "</dd>", "</header>"] {
            body = body.replace(end, &format!("⏎{end}"));
        }
        let words = Answer { status: 200, location: String::new(), body }.words();
        let lines = words.split('⏎').map(str::trim).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The bytes are no page.
    pub fn is_workbook(&self) -> bool {
        self.body.starts_with("PK")
    }
}

/// The county and the clerk's session.
pub struct Site {
    pub county: County,
    token: String,
}

impl Site {
    /// Without a single loan.
    pub fn empty() -> Site {
        let county = County::new(Kind::Sqlite);
        let new = NewSession::new("127.0.0.1".to_owned(), "test").unwrap();
        let token = new.cookie(&county.app.config).value().to_owned();
        let now = county.app.clock.now_at();
        let clerk = county.by.staff_id.unwrap();
        county
            .app
            .db
            .write("sign in", |db| session::begin(db, &county.app.config, clerk, &new, now))
            .unwrap();
        // The deadlines of the workbench.
        zhuxue::jobs::warn_staff::run(&county.app, county.app.clock.today()).unwrap();
        Site { county, token }
    }

    /// With the sixty borrowers of the small sample.
    pub fn small() -> Site {
        let site = Site::empty();
        let county = &site.county;
        let on = Some(day("2026-10-31"));
        let batch = batch::receive_files(
            &county.app,
            &county.scope,
            &county.by,
            &small_sheets("clean_plain"),
            on,
            Product::Cdb,
        )
        .unwrap();
        batch::check(&county.app, &county.scope, &batch, |_| {}).unwrap();
        batch::post(&county.app, &county.scope, &batch, |_| {}).unwrap();
        site
    }

    /// Opens a page, as htmx when `part`.
    pub async fn open(&self, path: &str, part: bool) -> Answer {
        let service = test::init_service(site::site(&self.county.app)).await;
        let mut request =
            test::TestRequest::get().uri(path).cookie(Cookie::new(COOKIE, self.token.clone()));
        if part {
            request = request.insert_header(("HX-Request", "true"));
        }
        let response = test::call_service(&service, request.to_request()).await;
        let status = response.status().as_u16();
        let location = response.headers().get("location");
        let location = location.map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        let bytes = test::read_body(response).await;
        let body = as_read(&String::from_utf8_lossy(&bytes));
        Answer { status, location, body }
    }

    /// The words of a page that must be there.
    pub async fn words(&self, path: &str) -> String {
        let answer = self.open(path, false).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.words());
        answer.words()
    }

    /// The number of the file of somebody.
    pub async fn file_no(&self, name: &str) -> String {
        let answer = self.open(&format!("/search?q={}", encoded(name)), false).await;
        assert_eq!(answer.status, 303, "{}", answer.words());
        answer.location.trim_start_matches("/loans/").to_owned()
    }
}

pub fn encoded(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

/// Fails with the page when a sentence is missing.
pub fn says(words: &str, sentences: &[&str]) {
    for sentence in sentences {
        assert!(words.contains(sentence), "{sentence:?} is not in: {words}");
    }
}
