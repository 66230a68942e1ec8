//! [`TestApp`]: the whole program in one process with a database and a clock of its own, and
//! [`Browser`], which asks it for pages as a person would.

#![allow(dead_code, reason = "each test uses a part of it")]

use actix_web::http::header::HeaderMap;
use actix_web::test;
use chrono::NaiveDate;
use tempfile::TempDir;
use zhuxue::app::App;
use zhuxue::base::dates::Clock;
use zhuxue::base::ids::{PersonId, StaffId};
use zhuxue::book::office::{self, Office};
use zhuxue::book::person::{self, Person, Sex};
use zhuxue::book::policy::Policy;
use zhuxue::book::staff::{self, Role, Staff};
use zhuxue::plumbing::config::Config;
use zhuxue::plumbing::crypto::Sealer;
use zhuxue::site;
use zhuxue::web::session::{self, NewSession, SignedIn, borrower};

use super::database::{Kind, TestDatabase, kinds};

/// The office every test begins with.
pub const OFFICE: &str = "512022";
/// The day every test begins on, at noon.
pub const TODAY: &str = "2026-10-31";

/// Runs `test` with a fresh program on SQLite, and on PostgreSQL when there is a server for
/// tests.
pub fn each(test: impl AsyncFn(TestApp)) {
    for kind in kinds() {
        eprintln!("on {kind:?}:");
        actix_web::rt::System::new().block_on(test(TestApp::on(kind)));
    }
}

/// The program with a fresh database, one office and nobody in it.
pub struct TestApp {
    pub app: App,
    pub database: TestDatabase,
    _folder: TempDir,
}

impl TestApp {
    /// With the default configuration.
    pub fn new() -> TestApp {
        TestApp::with(|_| ())
    }

    /// On SQLite, with a configuration of the test's own.
    pub fn with(change: impl FnOnce(&mut Config)) -> TestApp {
        TestApp::made(Kind::chosen(), change)
    }

    /// On either database, with the default configuration.
    pub fn on(kind: Kind) -> TestApp {
        TestApp::made(kind, |_| ())
    }

    /// On either database, with a configuration of the test's own.
    pub fn on_with(kind: Kind, change: impl FnOnce(&mut Config)) -> TestApp {
        TestApp::made(kind, change)
    }

    /// On a database and with keys that other instances of the program can open: see `data_dir`
    /// and `database_url` of its configuration.
    pub fn shared(kind: Kind, change: impl FnOnce(&mut Config)) -> TestApp {
        let folder = tempfile::tempdir().unwrap();
        let database = TestDatabase::fresh(kind);
        let mut config = Config {
            data_dir: folder.path().to_owned(),
            database_url: database.url.clone(),
            ..Config::default()
        };
        change(&mut config);
        let clock = Clock::starting_on(TODAY.parse().unwrap());
        let app = zhuxue::command::open_or_make(config, clock).unwrap();
        let made = TestApp { app, database, _folder: folder };
        made.add_office(OFFICE, "LZ", "乐至县学生资助管理中心");
        made
    }

    fn made(kind: Kind, change: impl FnOnce(&mut Config)) -> TestApp {
        let folder = tempfile::tempdir().unwrap();
        let database = TestDatabase::fresh(kind);
        let mut config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        change(&mut config);
        let clock = Clock::starting_on(TODAY.parse().unwrap());
        let sealer = Sealer::throw_away().unwrap();
        let policy = Policy::embedded().unwrap();
        let app = zhuxue::site::app(database.db.clone(), clock, policy, sealer, config).unwrap();
        let made = TestApp { app, database, _folder: folder };
        made.add_office(OFFICE, "LZ", "乐至县学生资助管理中心");
        made
    }

    /// Sets up another office.
    pub fn add_office(&self, code: &str, letters: &str, name: &str) {
        let office = Office {
            code: code.to_owned(),
            name: name.to_owned(),
            letters: letters.to_owned(),
            phone: "028-23350000".to_owned(),
            address: String::new(),
            created_at: self.app.clock.now_at(),
            amounts_on_papers_by: String::new(),
        };
        self.app.db.write("test office", |db| office::add(db, &office)).unwrap();
    }

    /// Moves the clock to noon of a day.
    pub fn set_day(&self, day: &str) {
        self.app.clock.set_day(day.parse::<NaiveDate>().unwrap());
    }

    /// Adds somebody to the first office. The password is not hashed: sign in with
    /// [`TestApp::sign_in`], or set one.
    pub fn add_staff(&self, login: &str, name: &str, role: Role) -> Staff {
        self.add_staff_to(OFFICE, login, name, role, "")
    }

    /// Adds somebody with a password that opens the sign-in page.
    pub fn add_staff_to(
        &self,
        office: &str,
        login: &str,
        name: &str,
        role: Role,
        password: &str,
    ) -> Staff {
        let hash = if password.is_empty() {
            String::new()
        } else {
            zhuxue::plumbing::password::hash(password).unwrap()
        };
        let made = Staff {
            id: StaffId::new(self.app.next_id()),
            office_code: office.to_owned(),
            login: login.to_owned(),
            name: name.to_owned(),
            role,
            password_hash: hash,
            active: true,
            created_at: self.app.clock.now_at(),
            last_signed_in_at: None,
            version: 1,
        };
        self.app.db.write("test staff", |db| staff::add(db, &self.app.sealer, &made)).unwrap();
        made
    }

    /// A browser in which somebody of this role has just signed in.
    pub fn sign_in(&self, role: Role) -> Browser {
        let login = format!("{}{}", role.as_text(), self.app.next_id() % 1_000_000_000_000);
        let one = self.add_staff(&login, role.in_words(), role);
        self.sign_in_as(&one)
    }

    /// A browser in which this person has just signed in.
    pub fn sign_in_as(&self, one: &Staff) -> Browser {
        let new = NewSession::new("10.0.0.9".to_owned(), "test").unwrap();
        let now = self.app.clock.now_at();
        self.app
            .db
            .write("test session", |db| session::begin(db, &self.app.config, one.id, &new, now))
            .unwrap();
        let cookie = new.cookie(&self.app.config);
        let mut browser = self.nobody();
        browser.cookies.push((cookie.name().to_owned(), cookie.value().to_owned()));
        browser.csrf = new.csrf().to_owned();
        browser.staff_id = Some(one.id);
        browser
    }

    /// A browser in which a borrower without a loan has just signed in.
    pub fn sign_in_borrower(&self) -> Browser {
        let (id, now) = (PersonId::new(self.app.next_id()), self.app.clock.now_at());
        let one = Person {
            id,
            office_code: OFFICE.to_owned(),
            name: "借款人".to_owned(),
            name_key: String::new(),
            name_initials: String::new(),
            id_sealed: Vec::new(),
            id_index: id.get().to_be_bytes().to_vec(),
            id_mask: String::new(),
            born_on: TODAY.parse().unwrap(),
            sex: Sex::Female,
            ethnic: String::new(),
            household_type: String::new(),
            email: String::new(),
            address: String::new(),
            township: String::new(),
            village: String::new(),
            village_code: String::new(),
            police_station: String::new(),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let new = NewSession::new("10.0.0.9".to_owned(), "test").unwrap();
        self.app
            .db
            .write("test borrower", |db| {
                person::insert_all(db, std::slice::from_ref(&one))?;
                borrower::begin(db, (OFFICE, id), None, &new, now)
            })
            .unwrap();
        let cookie = new.cookie_named(borrower::COOKIE, &self.app.config);
        let mut browser = self.nobody();
        browser.cookies.push((cookie.name().to_owned(), cookie.value().to_owned()));
        browser.csrf = new.csrf().to_owned();
        browser
    }

    /// A browser in which nobody has signed in, see [`Browser::with_cookie`].
    pub fn nobody(&self) -> Browser {
        Browser {
            app: self.app.clone(),
            cookies: Vec::new(),
            csrf: String::new(),
            staff_id: None,
            headers: Vec::new(),
            peer: "10.0.0.9:50000".to_owned(),
        }
    }
}

/// A browser: keeps cookies, sends the form token, speaks to the program in this process.
pub struct Browser {
    app: App,
    pub cookies: Vec<(String, String)>,
    pub csrf: String,
    pub staff_id: Option<StaffId>,
    /// Headers sent with every request.
    pub headers: Vec<(&'static str, String)>,
    /// Where its connections come from.
    pub peer: String,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The same as it came: a workbook is no text.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// A header as text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Stops the test unless the page says all of this.
    pub fn says(&self, all: &[&str]) -> &Answer {
        for words in all {
            assert!(
                self.text.contains(words),
                "{} does not say {words:?}:\n{}",
                self.status,
                self.text
            );
        }
        self
    }

    /// Stops the test unless the status is this.
    pub fn is(&self, status: u16) -> &Answer {
        assert_eq!(self.status, status, "{} {}", self.header("location"), self.text);
        self
    }

    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        let sign = format!("name=\"{name}\" value=\"");
        let at = self.text.find(&sign).unwrap_or_else(|| panic!("no {name} in {}", self.text));
        let rest = &self.text[at + sign.len()..];
        rest[..rest.find('"').unwrap()].to_owned()
    }
}

impl Browser {
    /// The same browser with one more cookie.
    pub fn with_cookie(mut self, name: &str, value: &str) -> Browser {
        self.cookies.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Asks for a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(test::TestRequest::get().uri(path)).await
    }

    /// Sends a form with the right token.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_bare(path, &all).await
    }

    /// Sends a form with just these fields.
    pub async fn post_bare(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(test::TestRequest::post().uri(path).set_form(fields)).await
    }

    /// Sends files with fields before them, as a form with `enctype=multipart/form-data` does.
    pub async fn upload(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &[u8])],
    ) -> Answer {
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = "Content-Disposition: form-data; name=";
            body.extend(format!("--cut\r\n{part}\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
        }
        for (name, bytes) in files {
            let part = "Content-Disposition: form-data; name=\"files\"; filename=";
            let kind = "Content-Type: application/octet-stream";
            body.extend(format!("--cut\r\n{part}\"{name}\"\r\n{kind}\r\n\r\n").into_bytes());
            body.extend_from_slice(bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--cut--\r\n");
        let kind = ("Content-Type", "multipart/form-data; boundary=cut");
        self.send(test::TestRequest::post().uri(path).insert_header(kind).set_payload(body)).await
    }

    /// Sends any request with this browser's cookies and headers.
    pub async fn send(&mut self, mut request: test::TestRequest) -> Answer {
        for (name, value) in &self.cookies {
            request = request.cookie(actix_web::cookie::Cookie::new(name.clone(), value.clone()));
        }
        for (name, value) in &self.headers {
            request = request.insert_header((*name, value.as_str()));
        }
        request = request.peer_addr(self.peer.parse().unwrap());
        let service = test::init_service(site::site(&self.app)).await;
        let response = test::call_service(&service, request.to_request()).await;
        for cookie in response.response().cookies() {
            self.cookies.retain(|(name, _)| name != cookie.name());
            if !cookie.value().is_empty() {
                self.cookies.push((cookie.name().to_owned(), cookie.value().to_owned()));
            }
        }
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = test::read_body(response).await;
        let text = String::from_utf8_lossy(&body).into_owned();
        let page = headers
            .get("content-type")
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("text/html"));
        let text = if page { super::as_read(&text) } else { text };
        Answer { status, headers, text, bytes: body.to_vec() }
    }

    /// Who the program takes this browser for.
    pub async fn who(&self) -> Option<SignedIn> {
        let mut request = test::TestRequest::get();
        for (name, value) in &self.cookies {
            request = request.cookie(actix_web::cookie::Cookie::new(name.clone(), value.clone()));
        }
        let request =
            request.app_data(actix_web::web::Data::new(self.app.clone())).to_http_request();
        session::signed_in::<SignedIn>(&request).await.ok()
    }
}
