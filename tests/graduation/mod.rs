//! 毕业确认, at the desk, on the borrower's phone and by a university's list, on both databases; the
//! chase list; and what cannot be.

use calamine::{Reader as _, Xlsx};
use diesel::prelude::*;
use zhuxue::base::scope::Scope;
use zhuxue::base::url::encoded;
use zhuxue::book::audit_log::Actor;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::Product;
use zhuxue::imports::batch::{self, Upload};
use zhuxue::jobs;
use zhuxue::plumbing::schema::{
    contact_change, contact_point, file_position, graduation, import_row, loan_file, person,
    person_phone, staff,
};

use crate::borrower::town::{each, read, sign_in};
use crate::support::county::day;
use crate::support::{Answer, Browser, OFFICE, TestApp};

/// 周丽莺 of the sample, whose study ends in 2027; nobody has confirmed it.
const ZHOU: &str = "512098200409253200";
const NAME: &str = "周丽莺";
const TODAY: &str = "2027-06-10";

fn file_no(t: &TestApp, name: &str) -> String {
    let of = loan_file::table
        .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
        .filter(person::name.eq(name))
        .select(loan_file::file_no);
    read(t, |db| Ok(of.first(db)?))
}

fn co_borrower(t: &TestApp) -> String {
    let of = person::table
        .inner_join(loan_file::table.on(loan_file::co_person_id.eq(person::id.nullable())))
        .filter(loan_file::file_no.eq(file_no(t, NAME)))
        .select(person::name);
    read(t, |db| Ok(of.first(db)?))
}

/// University, destination, employer, way, by whom.
fn stored(t: &TestApp) -> Option<(String, String, String, String)> {
    let of = graduation::table
        .inner_join(loan_file::table)
        .filter(loan_file::file_no.eq(file_no(t, NAME)))
        .select((
            graduation::destination,
            graduation::employer,
            graduation::way,
            graduation::confirmed_by,
        ));
    read(t, |db| Ok(of.first(db).optional()?))
}

fn numbers(t: &TestApp, name: &str) -> Vec<String> {
    let of = person_phone::table
        .inner_join(person::table)
        .filter(person::name.eq(name))
        .order((person_phone::recorded_at.desc(), person_phone::id))
        .select(person_phone::phone_mask);
    read(t, |db| Ok(of.load(db)?))
}

/// Sends the form as its page has it, with what is typed in place of that.
async fn confirm(clerk: &mut Browser, at: &str, typed: &[(&str, &str)]) -> Answer {
    let page = clerk.get(at).await;
    let (key, version) = (page.is(200).hidden("key"), page.hidden("version"));
    let plain = [
        ("graduated", "2027-07"),
        ("destination", "unemployed"),
        ("contact_name", "周母"),
        ("key", &*key),
        ("version", &*version),
    ];
    let is_typed = |name: &str| typed.iter().any(|(typed, _)| *typed == name);
    let rest = plain.into_iter().filter(|(name, _)| !is_typed(name));
    let all: Vec<(&str, &str)> = rest.chain(typed.iter().copied()).collect();
    clerk.post(at, &all).await
}

#[test]
fn a_graduate_is_confirmed_at_the_desk_with_numbers_where_numbers_belong() {
    each(async |t| {
        t.set_day(TODAY);
        let (no, co) = (file_no(&t, NAME), co_borrower(&t));
        let at = format!("/graduations/{no}");
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/graduations").await.is(200).says(&[NAME, "待确认", "5", "2027年7月"]);
        clerk.get(&format!("/loans/{no}")).await.is(200).says(&["毕业确认"]);
        let page = clerk.get(&at).await;
        page.is(200).says(&["贴息到2027年8月31日为止", "已登记", &co]);
        assert!(page.text.contains("value=\"2027-07\""), "the month on file is filled in");
        clerk.get(&format!("{at}/print")).await.is(200).says(&["第三联", "按手印"]);

        let typed = [
            ("destination", "employed"),
            ("department", "学前教育系"),
            ("major", "早期教育"),
            ("student_number", "20240007"),
            ("employer", "县第一幼儿园"),
            ("employer_kind", "state"),
            ("employer_address", "县城东街1号"),
            ("employer_phone", "0833-2222333"),
            ("phone", "16411009999"),
            ("phone2", "16411008888"),
            ("phone3", "0833-5555666"),
            ("qq", "10001000"),
            ("email", "zhou@example.com"),
            ("postcode", "641500"),
            ("contact_name", &co),
            ("contact_phone", "16411007777"),
            ("note", "在实习"),
        ];
        confirm(&mut clerk, &at, &typed).await.is(303);
        let by = ("毕业已就业", "县第一幼儿园", "desk");
        let (destination, employer, way, who) = stored(&t).unwrap();
        assert_eq!((&*destination, &*employer, &*way), by);
        assert!(!who.is_empty());

        // Numbers are the family's: the first is used first, the contact's waits for another.
        let own = numbers(&t, NAME);
        assert_eq!(own[..3], ["164****9999", "164****8888", "083*****5666"], "{own:?}");
        assert!(!numbers(&t, &co).contains(&"164****7777".to_owned()));
        let asked: Vec<(String, String)> = read(&t, |db| {
            let whose = person::id.eq(contact_change::person_id);
            let of = contact_change::table.inner_join(person::table.on(whose));
            Ok(of.select((person::name, contact_change::value_mask)).load(db)?)
        });
        assert_eq!(asked, [(co.clone(), "164****7777".to_owned())]);
        let tree: Vec<(String, String)> = read(&t, |db| {
            Ok(contact_point::table.select((contact_point::kind, contact_point::name)).load(db)?)
        });
        assert_eq!(tree, [("employer".to_owned(), "县第一幼儿园".to_owned())]);
        let plain: Vec<u8> = read(&t, |db| {
            let sealed: Option<Vec<u8>> =
                contact_point::table.select(contact_point::phone_sealed).first(db)?;
            Ok(sealed.unwrap())
        });
        assert!(!plain.windows(7).any(|part| part == b"2222333"), "sealed");

        let page = clerk.get(&at).await;
        page.is(200).says(&["已确认", "柜台", "县第一幼儿园", "早期教育", "20240007"]);
        let print = clerk.get(&format!("{at}/print")).await;
        print.is(200).says(&["16411009999", "0833-2222333", "机关事业单位", "早期教育", "641500"]);
        clerk.get("/graduations").await.is(200).says(&["待确认"]);
        clerk.get("/graduations?tab=confirmed").await.is(200).says(&[NAME, "县第一幼儿园"]);
        // By class: the senior high school, and what is part of the major.
        let no = file_no(&t, NAME);
        let school: String = read(&t, |db| {
            let of = loan_file::table.filter(loan_file::file_no.eq(&no));
            Ok(of.select(loan_file::high_school).first(db)?)
        });
        let at = format!("/graduations?tab=confirmed&school={}", encoded(&school));
        clerk.get(&at).await.is(200).says(&[NAME, &school]);
        let none = clerk.get("/graduations?tab=confirmed&school=none").await;
        assert!(!none.is(200).text.contains(NAME), "{}", none.text);
        let book = clerk.get("/graduations.xlsx?tab=confirmed").await;
        let mut book = Xlsx::new(std::io::Cursor::new(book.is(200).bytes.clone())).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        let all: Vec<String> = sheet.used_cells().map(|(_, _, cell)| cell.to_string()).collect();
        for cell in ["学前教育系", "164****9999", "164****8888", "083*****5666", &co, "柜台"]
        {
            assert!(all.iter().any(|one| one == cell), "{cell} in {all:?}");
        }
        let loans = clerk.get(&format!("/loans/{no}/contracts")).await;
        loans.says(&["毕业已就业"]);
    });
}

#[test]
fn what_cannot_be_is_said_and_nothing_is_written() {
    each(async |t| {
        t.set_day(TODAY);
        let at = format!("/graduations/{}", file_no(&t, NAME));
        let mut clerk = t.sign_in(Role::Clerk);
        let own = numbers(&t, NAME).len();
        let tries: [(&[(&str, &str)], &str); 13] = [
            (&[("contact_name", NAME)], "联系人不能是本人"),
            (&[("contact_name", "")], "请填联系人的姓名"),
            (&[("phone", "16411001234"), ("contact_phone", "16411001234")], "这是本人的号码"),
            (&[("phone", "12345")], "手机号应为 11 位"),
            (&[("phone2", "1381234")], "手机号应为 11 位"),
            (&[("phone", "16411001234"), ("phone2", "16411001234")], "和前面的号码一样"),
            (&[("graduated", "2020-07")], "毕业年月早于入学"),
            (&[("graduated", "2029-07")], "毕业年月不能晚于2028年6月"),
            (&[("graduated", "明年")], "毕业年月请写成 2026-06 这样"),
            (&[("destination", "")], "请选毕业去向"),
            (&[("destination", "employed")], "请填就业单位全称"),
            (&[("destination", "further")], "请填升入的学校全称"),
            (&[("qq", "abc"), ("note", "写过的还在")], "写过的还在"),
        ];
        for (typed, says) in tries {
            confirm(&mut clerk, &at, typed).await.is(422).says(&[says]);
        }
        assert_eq!((stored(&t), numbers(&t, NAME).len()), (None, own));

        // Another county's, and one of nobody.
        t.add_office("510000", "XX", "别的县");
        let other = t.add_staff_to("510000", "other", "外县", Role::Clerk, "");
        let mut other = t.sign_in_as(&other);
        other.get(&at).await.is(404);
        let sent = [("graduated", "2027-07"), ("destination", "unemployed"), ("version", "-1")];
        other.post(&at, &[&sent[..], &[("contact_name", "周母")]].concat()).await.is(404);
        clerk.get("/graduations/LZ1999-0001").await.is(404);

        // Two at once: the second is told, what was typed stays.
        let page = clerk.get(&at).await;
        let version = page.hidden("version");
        confirm(&mut clerk, &at, &[]).await.is(303);
        let late = [("version", version.as_str()), ("note", "第二个人写的")];
        let late = confirm(&mut clerk, &at, &late).await;
        late.is(409).says(&["别人刚刚", "第二个人写的"]);
    });
}

#[test]
fn who_has_settled_is_not_listed_and_not_confirmed() {
    each(async |t| {
        let settled: String = read(&t, |db| {
            let of = loan_file::table
                .inner_join(file_position::table.on(file_position::file_id.eq(loan_file::id)))
                .filter(file_position::settled_on.is_not_null());
            Ok(of.select(loan_file::file_no).first(db)?)
        });
        let at = format!("/graduations/{settled}");
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get(&at).await.is(200).says(&["贷款已经全部还清", "不用办毕业确认"]);
        let typed = [
            ("graduated", "2024-07"),
            ("destination", "unemployed"),
            ("contact_name", "某某"),
            ("version", "0"),
        ];
        clerk.post(&at, &typed).await.is(422).says(&["贷款已经全部还清"]);
        clerk.get(&format!("{at}/print")).await.is(422);
        let years = (2015..=2026).map(|year| format!("/graduations?tab=all&year={year}"));
        for year in years {
            let page = clerk.get(&year).await;
            assert!(!page.is(200).text.contains(&settled), "{year}");
        }
    });
}

#[test]
fn days_that_do_not_agree_are_said_until_one_of_them_is_put_right() {
    each(async |t| {
        t.set_day(TODAY);
        let no = file_no(&t, NAME);
        let at = format!("/graduations/{no}");
        let mut clerk = t.sign_in(Role::Clerk);
        let none = clerk.get("/graduations?tab=differs").await;
        assert!(!none.is(200).text.contains(NAME));
        confirm(&mut clerk, &at, &[("graduated", "2026-12")]).await.is(303);
        let says = "确认的毕业年月是2026年12月，合同的贴息到2027年8月31日为止";
        clerk.get(&at).await.says(&["日期不一致", says, "办就学变更"]);
        clerk.get("/graduations?tab=differs").await.is(200).says(&[NAME, says]);
        let graduates = |t: &TestApp| -> Option<chrono::NaiveDate> {
            let of = loan_file::table.filter(loan_file::file_no.eq(&no));
            read(t, |db| Ok(of.select(loan_file::graduates_on).first(db)?))
        };
        assert_eq!(graduates(&t), Some(day("2027-07-01")), "nothing is changed by a guess");

        // The file is wrong: only a tick changes it.
        confirm(&mut clerk, &at, &[("graduated", "2026-12"), ("correct", "1")]).await.is(303);
        assert_eq!(graduates(&t), Some(day("2026-12-01")));
        clerk.get(&at).await.says(&["档案上的毕业年月是2026年12月"]);
        // Still found in the year in which the contracts end.
        clerk.get("/graduations?tab=differs&year=2027").await.says(&[NAME]);
        confirm(&mut clerk, &at, &[("graduated", "2027-06"), ("correct", "1")]).await.is(303);
        let none = clerk.get("/graduations?tab=differs").await;
        assert!(!none.is(200).text.contains(NAME));
        assert_eq!(graduates(&t), Some(day("2027-06-01")));
    });
}

#[test]
fn who_goes_on_studying_confirms_and_is_led_to_the_enrolment_change() {
    each(async |t| {
        t.set_day(TODAY);
        let no = file_no(&t, NAME);
        let at = format!("/graduations/{no}");
        let mut clerk = t.sign_in(Role::Clerk);
        let typed = [("destination", "further"), ("next_school", "省师范大学")];
        confirm(&mut clerk, &at, &typed).await.is(303);
        clerk.get(&at).await.says(&["继续就读的还要办就学变更"]);
        let list = clerk.get("/graduations?tab=further").await;
        list.is(200).says(&[NAME, "省师范大学", "还没有办就学变更"]);
        assert!(list.text.contains(&format!("href=\"/study-changes/new/{no}\"")));
        let confirmed = clerk.get("/graduations?tab=confirmed").await;
        assert!(!confirmed.text.contains(NAME));

        // The change moves the days; she stays on the list of the year, and graduates again.
        let change = format!("/study-changes/new/{no}");
        let key = clerk.get(&change).await.is(200).hidden("key");
        let fields = [
            ("key", key.as_str()),
            ("kind", "upgrade"),
            ("happened_on", TODAY),
            ("ends_on", "2029-08-31"),
            ("university", "省师范大学"),
            ("proof", "录取通知书"),
        ];
        let made = clerk.post(&change, &fields).await.is(303).header("location").to_owned();
        clerk.get("/graduations?tab=further").await.says(&["就学变更在办"]);
        let version = clerk.get(&made).await.hidden("version");
        let signed = [
            ("version", version.as_str()),
            ("step", "submit"),
            ("signed_by", "student"),
            ("signed_on", TODAY),
        ];
        clerk.post(&made, &signed).await.is(303);
        let review = crate::counter::review_of(&t, &made);
        let mut reviewer = t.sign_in(Role::Reviewer);
        let version = reviewer.get(&review).await.hidden("version");
        let agree = [("version", version.as_str()), ("decision", "approve"), ("reason", "")];
        reviewer.post(&review, &agree).await.is(303);
        clerk.get("/graduations?tab=further").await.says(&[NAME, "就学变更已生效"]);
        for tab in ["differs", ""] {
            let page = clerk.get(&format!("/graduations?tab={tab}")).await;
            assert!(!page.is(200).text.contains(NAME), "{tab}");
        }
        t.set_day("2029-06-10");
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/graduations").await.is(200).says(&[NAME, "2029年8月31日"]);
        clerk.get(&at).await.says(&["待确认"]);
    });
}

#[test]
fn the_borrower_confirms_on_the_phone_and_the_desk_may_correct_it() {
    each(async |t| {
        t.set_day("2027-03-31");
        let mut early = sign_in(&t, ZHOU).await;
        early.get("/m/graduation").await.is(404);
        assert!(!early.get("/m").await.text.contains("毕业确认"));
        t.set_day("2027-04-01");
        let mut me = sign_in(&t, ZHOU).await;
        me.get("/m").await.is(200).says(&["毕业确认"]);
        let page = me.get("/m/graduation").await;
        page.is(200).says(&["国家付利息到2027年8月31日", &co_borrower(&t)]);
        let version = page.hidden("version");
        let with = |typed: &[(&'static str, &'static str)]| {
            let mut all = vec![("version", version.clone()), ("graduated", "2027-07".to_owned())];
            all.extend(typed.iter().map(|(name, value)| (*name, (*value).to_owned())));
            all
        };
        async fn send(me: &mut Browser, all: &[(&str, String)]) -> Answer {
            let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (*a, b.as_str())).collect();
            me.post("/m/graduation", &all).await
        }
        let tries: [(&[(&str, &str)], &str); 4] = [
            (&[("destination", "")], "请选毕业去向"),
            (&[("destination", "further")], "请填升入的学校全称"),
            (&[("destination", "unemployed"), ("phone", "1")], "手机号应为 11 位"),
            (
                &[
                    ("destination", "unemployed"),
                    ("phone", "16411009999"),
                    ("contact_phone", "16411009999"),
                ],
                "这是本人的号码",
            ),
        ];
        for (typed, says) in tries {
            send(&mut me, &with(typed)).await.is(422).says(&[says]);
        }
        assert_eq!(stored(&t), None);
        let typed = [
            ("destination", "unemployed"),
            ("phone", "16411009999"),
            ("contact_phone", "16411007777"),
        ];
        let before = numbers(&t, NAME);
        send(&mut me, &with(&typed)).await.is(303);
        me.get("/m/graduation?done=confirmed").await.says(&["已确认", "毕业暂未就业"]);
        assert_eq!(numbers(&t, NAME), before, "numbers wait for the desk");
        let asked: i64 = read(&t, |db| Ok(contact_change::table.count().get_result(db)?));
        assert_eq!(asked, 2);
        // Once is enough.
        send(&mut me, &with(&typed)).await.is(422).says(&["中心刚刚办过"]);

        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/graduations?tab=confirmed").await.says(&[NAME, "本人手机"]);
        let at = format!("/graduations/{}", file_no(&t, NAME));
        clerk.get(&at).await.says(&["本人在手机上确认的"]);
        clerk.get("/contact-changes").await.is(200).says(&["164****9999", "164****7777"]);
        let typed = [("destination", "employed"), ("employer", "县第一幼儿园")];
        confirm(&mut clerk, &at, &typed).await.is(303);
        me.get("/m/graduation").await.says(&["毕业已就业"]);
    });
}

#[test]
fn nobody_but_the_student_of_the_year_sees_the_form_on_the_phone() {
    each(async |t| {
        t.set_day(TODAY);
        // In study until later; and a co-borrower.
        let mut later = sign_in(&t, crate::borrower::town::STUDENT).await;
        later.get("/m/graduation").await.is(404);
        later.post("/m/graduation", &[("graduated", "2027-07")]).await.is(404);
        let mut parent = sign_in(&t, crate::borrower::town::PARENT).await;
        parent.get("/m/graduation").await.is(404);
    });
}

#[test]
fn from_the_day_of_the_policy_on_the_workbench_has_a_chase_list() {
    each(async |t| {
        let words = "名毕业生还没有毕业确认";
        for (on, is_there) in [("2027-05-31", false), ("2027-06-01", true)] {
            t.set_day(on);
            jobs::close_day::run(&t.app, day(on)).unwrap();
            let mut clerk = t.sign_in(Role::Clerk);
            let home = clerk.get("/home").await;
            assert_eq!(home.is(200).text.contains(words), is_there, "{on}");
        }
        t.set_day("2027-08-01");
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/home").await.says(&["名毕业生过了截止日还没有毕业确认"]);
    });
}

fn import(t: &TestApp, text: &str) -> Vec<(i32, String, String)> {
    let name = "韦清越".to_owned();
    let id =
        read(t, |db| Ok(staff::table.filter(staff::name.eq(&name)).select(staff::id).first(db)?));
    let by = Actor { staff_id: Some(id), name, office_code: OFFICE.to_owned() };
    let (scope, name) = (Scope::of(OFFICE), "毕业名单.csv".to_owned());
    let list = [Upload { name, bytes: text.as_bytes().to_vec() }];
    let made = batch::receive_files(&t.app, &scope, &by, &list, None, Product::Cdb).unwrap();
    batch::check(&t.app, &scope, &made, |_| {}).unwrap();
    batch::post(&t.app, &scope, &made, |_| {}).unwrap();
    let of = import_row::table.filter(import_row::import_id.eq(made.jobs[0]));
    let of = of.order(import_row::line);
    let of = of.select((import_row::line, import_row::outcome, import_row::notes));
    read(t, |db| Ok(of.load(db)?))
}

const HEAD: &str = "生源地信用助学贷款毕业确认名单\n\
    借款学生姓名,身份证号,就读高校,毕业年月,毕业确认日期,毕业去向,手机,备注\n";

#[test]
fn a_list_of_a_university_confirms_row_by_row_and_leaves_what_a_person_has_said() {
    each(async |t| {
        t.set_day(TODAY);
        let row =
            format!("{NAME},{ZHOU},西昌民族幼儿师范高等专科学校,2027-07,2027-06-01,签约就业,,\n");
        let stranger = "某某,11010519491231002X,某大学,2027-07,2027-06-01,签约就业,,\n";
        let before = "孔美蓉,512098200508224165,四川职业技术学院,2020-07,2027-06-01,未就业,,\n";
        let rows = import(&t, &format!("{HEAD}{row}{stranger}{before}{row}"));
        let said = |what: &str| rows.iter().any(|(_, _, notes)| notes.contains(what));
        for what in ["早于入学", "完全相同，已跳过", "身份证号"] {
            assert!(said(what), "{what}: {rows:?}");
        }
        let (destination, _, way, by) = stored(&t).unwrap();
        assert_eq!((&*destination, &*way, &*by), ("签约就业", "upload", ""));
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/graduations?tab=confirmed").await.is(200).says(&[NAME, "高校名单"]);
        let pending = clerk.get("/graduations").await;
        pending.says(&["孔美蓉"]);

        // What the desk writes stands when the list comes again.
        let at = format!("/graduations/{}", file_no(&t, NAME));
        let typed = [("destination", "employed"), ("employer", "县第一幼儿园")];
        confirm(&mut clerk, &at, &typed).await.is(303);
        import(&t, &format!("{HEAD}{}", row.replace("签约就业", "未就业")));
        let (destination, employer, way, _) = stored(&t).unwrap();
        assert_eq!((&*destination, &*employer, &*way), ("毕业已就业", "县第一幼儿园", "desk"));
    });
}
