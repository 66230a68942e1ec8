//! Who has to wait and who never: offices, carriers, guessers and strangers, day by day with the
//! clock of the program.

use chrono::{Duration, NaiveDateTime};

use crate::support::{Browser, TestApp, each};
use zhuxue::book::staff::Role;
use zhuxue::plumbing::db::Db;
use zhuxue::web::session::guard::{self, Attempt, Kind, Origin, Subjects, Whom};

const PASSWORD: &str = "十月的天气真是很好很好";

/// What the rules of one instant say, without pages; all of it in one write.
struct Doors<'a> {
    db: &'a mut Db,
    now: NaiveDateTime,
}

impl Doors<'_> {
    fn at(&mut self, later: Duration) -> &mut Self {
        self.now += later;
        self
    }

    fn tries(&mut self, subjects: &Subjects) -> bool {
        match guard::attempt(self.db, subjects, self.now).unwrap() {
            Attempt::Counted { .. } => true,
            Attempt::Wait { until } => {
                let longest = self.now + Duration::hours(24);
                assert!(until > self.now && until <= longest, "{until} at {}", self.now);
                false
            }
        }
    }

    fn went_well(&mut self, subjects: &Subjects) {
        guard::succeeded(self.db, subjects, self.now).unwrap();
    }
}

/// Lives through `days` and moves the clock of the program to their end.
fn live(t: &TestApp, days: impl Fn(&mut Doors<'_>)) {
    let begin = t.app.clock.now_at();
    let end = t.app.db.write("test", |db| {
        let mut doors = Doors { db, now: begin };
        days(&mut doors);
        Ok(doors.now)
    });
    t.app.clock.set_at(end.unwrap());
}

fn from(address: &str) -> Origin {
    Origin::Address(address.to_owned())
}

fn login(name: &str, address: &str) -> Subjects {
    Subjects::new(Kind::Password, &Whom::staff(name), &from(address))
}

#[test]
fn an_office_with_two_mistakes_each_a_day_never_waits() {
    each(async |t| {
        live(&t, |doors| {
            for day in 0..15 {
                for person in 0..30 {
                    let one = login(&format!("lz{person:02}"), "10.0.0.1");
                    for mistake in 0..3 {
                        let takes = doors.at(Duration::seconds(7)).tries(&one);
                        assert!(takes, "{day} {person} {mistake}");
                    }
                    doors.went_well(&one);
                }
                doors.at(Duration::hours(24) - Duration::seconds(30 * 21));
            }
        });
    });
}

#[test]
fn all_of_an_office_may_mistype_before_the_first_gets_in() {
    each(async |t| {
        live(&t, |doors| {
            for mistake in 0..2 {
                for person in 0..30 {
                    let one = login(&format!("lz{person:02}"), "10.0.0.1");
                    let takes = doors.at(Duration::seconds(2)).tries(&one);
                    assert!(takes, "{mistake} {person}");
                }
            }
        });
    });
}

fn household(doors: &mut Doors<'_>, n: i64) {
    // Half of them within three hours, the rest over eight more.
    doors.at(Duration::seconds(if n < 1_000 { 11 } else { 29 }));
    let address = from("100.64.0.1");
    let code = Subjects::new(Kind::Code, &Whom::borrower(&n.to_be_bytes()), &address);
    assert!(doors.tries(&code), "household {n} gets no code");
    if n % 10 == 0 {
        return; // gives up: the telephone is with somebody else
    }
    let typed = Subjects::new(Kind::CodeTyped, &Whom::request(&n.to_string()), &address);
    for _ in 0..(1 + n % 2) {
        assert!(doors.tries(&typed), "household {n} cannot type it");
    }
    doors.went_well(&typed);
    doors.went_well(&code);
}

#[test]
fn two_thousand_households_come_by_one_address_on_one_day() {
    each(async |t| live(&t, |doors| (0..2_000).for_each(|n| household(doors, n))));
}

/// How many tries a guesser gets in a day who tries every half minute; the head of guard.rs has
/// upper limits.
#[test]
fn a_guesser_is_stopped() {
    each(async |t| {
        live(&t, |doors| {
            let (mut one, mut many, mut anywhere) = (0, 0, 0);
            for n in 0..(24 * 120) {
                doors.at(Duration::seconds(30));
                one += i32::from(doors.tries(&login("lz01", "203.0.113.1")));
                many += i32::from(doors.tries(&login(&format!("n{n}"), "203.0.113.2")));
                let address = format!("198.51.100.{}", n % 250);
                anywhere += i32::from(doors.tries(&login("lz02", &address)));
            }
            assert!((100..=408).contains(&one), "one login, one address: {one} a day");
            assert!((100..=2_208).contains(&many), "many logins, one address: {many} a day");
            assert!((100..=768).contains(&anywhere), "one login, anywhere: {anywhere} a day");
        });
    });
}

#[test]
fn a_stranger_does_not_use_up_the_codes_of_their_owner() {
    each(async |t| {
        let whom = Whom::borrower(b"known number");
        let ask = |origin: &Origin| Subjects::new(Kind::Code, &whom, origin);
        live(&t, |doors| {
            let mut texts = 0;
            for minute in 0..(24 * 60) {
                doors.at(Duration::seconds(60));
                texts += i32::from(doors.tries(&ask(&from("203.0.113.1"))));
                if minute % 240 == 120 {
                    let own = ask(&from("100.64.0.1"));
                    assert!(doors.tries(&own), "the owner elsewhere, minute {minute}");
                    doors.went_well(&own);
                }
            }
            assert_eq!(texts, 8, "one address gets eight a day");
            // A stranger with many addresses: a phone that is not known waits for an hour at most,
            // the owner's own phone does not, and a clerk can let the other one in.
            let mut texts = 0;
            for n in 0..60 {
                let stranger = ask(&from(&format!("198.51.100.{n}")));
                texts += i32::from(doors.at(Duration::seconds(59)).tries(&stranger));
            }
            assert!(texts <= 8, "{texts}");
            let device = ask(&Origin::Device("0123456789abcdef".to_owned()));
            assert!(doors.tries(&device), "the owner's phone");
            assert!(!doors.tries(&ask(&from("100.64.0.9"))), "a new one");
            guard::release(doors.db, Kind::Code, &whom, doors.now).unwrap();
            assert!(doors.tries(&ask(&from("100.64.0.9"))), "after the release");
        });
    });
}

async fn sign_in(browser: &mut Browser, login: &str, password: &str) -> u16 {
    let token = browser.get("/login").await.hidden("csrf");
    let fields = [("csrf", token.as_str()), ("login", login), ("password", password)];
    browser.post_bare("/login", &fields).await.status
}

/// A browser at an address of its own, behind the proxy of this machine.
fn at(t: &TestApp, address: &str) -> Browser {
    let mut browser = t.nobody();
    browser.peer = "127.0.0.1:50000".to_owned();
    browser.headers.push(("X-Forwarded-For", address.to_owned()));
    browser
}

#[test]
fn a_stranger_keeps_the_director_out_of_nothing() {
    each(async |t| {
        let director = t.add_staff_to("512022", "zhuren", "韦清越", Role::Director, PASSWORD);
        let (own, other) = ("10.0.0.9", "10.0.0.8");
        let mut desk = at(&t, own);
        assert_eq!(sign_in(&mut desk, "zhuren", PASSWORD).await, 303);
        let known = desk.cookies.iter().find(|(name, _)| name == "zhuxue_d").unwrap().clone();
        // Every minute for 22 hours, from the address of the office itself and from many others.
        live(&t, |doors| {
            for n in 0..(22 * 60) {
                doors.at(Duration::minutes(1)).tries(&login("zhuren", own));
                doors.tries(&login("zhuren", &format!("198.51.100.{}", n % 200)));
            }
        });
        let mut desk = at(&t, own).with_cookie(&known.0, &known.1);
        assert_eq!(sign_in(&mut desk, "zhuren", PASSWORD).await, 303, "the known browser, at once");
        assert!(desk.cookies.iter().any(|(name, _)| name == "zhuxue_d"));
        let turned: String = known.1.chars().rev().collect();
        let mut forged = at(&t, other).with_cookie("zhuxue_d", &turned);
        assert_eq!(sign_in(&mut forged, "zhuren", PASSWORD).await, 429, "a forged cookie");
        let page = at(&t, other).get("/login").await;
        page.is(200);
        assert_eq!(sign_in(&mut at(&t, other), "zhuren", PASSWORD).await, 429, "a new browser");
        // Somebody else lets them in.
        let mut admin = t.sign_in(Role::Administrator);
        let url = format!("/admin/staff/{}", director.id);
        admin.get(&url).await.is(200).says(&["登录暂停到", "解除暂停"]);
        t.sign_in(Role::Clerk).post(&format!("{url}/release"), &[]).await.is(403);
        admin.post(&format!("{url}/release"), &[]).await.is(303);
        assert!(!admin.get(&url).await.text.contains("登录暂停到"));
        live(&t, |doors| {
            for n in 0..30 {
                doors.tries(&login("zhuren", &format!("198.51.100.{n}")));
            }
        });
        assert_eq!(sign_in(&mut at(&t, other), "zhuren", PASSWORD).await, 303, "after the release");
        t.sign_in(Role::Director)
            .get("/audit?action=sign_in_released")
            .await
            .says(&["解除韦清越的登录暂停"]);
    });
}

#[test]
fn a_stranger_at_one_address_keeps_nobody_out_elsewhere() {
    each(async |t| {
        t.add_staff_to("512022", "zhuren", "韦清越", Role::Director, PASSWORD);
        live(&t, |doors| {
            for _ in 0..(22 * 60) {
                doors.at(Duration::minutes(1)).tries(&login("zhuren", "203.0.113.1"));
            }
        });
        assert_eq!(sign_in(&mut at(&t, "10.0.0.9"), "zhuren", PASSWORD).await, 303);
        // At the stranger's own address five minutes of quiet are enough.
        let mut near = at(&t, "203.0.113.1");
        assert_eq!(sign_in(&mut near, "zhuren", PASSWORD).await, 429);
        t.app.clock.set_at(t.app.clock.now_at() + Duration::minutes(6));
        assert_eq!(sign_in(&mut near, "zhuren", PASSWORD).await, 303);
    });
}

#[test]
fn the_old_password_of_somebody_signed_in_is_not_the_strangers_door() {
    each(async |t| {
        let one = t.add_staff_to("512022", "lz01", "韦清越", Role::Clerk, PASSWORD);
        let mut stranger = t.nobody();
        for _ in 0..6 {
            sign_in(&mut stranger, "lz01", "wrong-wrong-wrong").await;
        }
        let mut own = t.sign_in_as(&one);
        let new = "一月二月三月四月五月";
        let fields = [("old", PASSWORD), ("new", new), ("again", new)];
        own.post("/me/password", &fields).await.is(303);
    });
}
