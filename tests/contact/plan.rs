//! The plan of a year, the list, the coverage and sharing out.

use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::contact_duty;

use super::{NAME, duty, file_no, planned, run, write_down};
use crate::borrower::town::{self, STUDENT, read, sign_in};
use crate::support::TestApp;

fn count(t: &TestApp, state: &str) -> i64 {
    read(t, |db| {
        Ok(contact_duty::table.filter(contact_duty::state.eq(state)).count().get_result(db)?)
    })
}

#[test]
fn every_family_that_owes_gets_one_duty_a_year_and_twice_is_harmless() {
    town::each(async |t| {
        let (made, note) = run(&t);
        assert!(made > 40 && note.contains("新安排"), "{made} {note}");
        assert_eq!(run(&t), (0, String::new()));
        let rows: Vec<(i64, i32, String, chrono::NaiveDate)> = read(&t, |db| {
            Ok(contact_duty::table
                .select((
                    contact_duty::file_id,
                    contact_duty::year,
                    contact_duty::assignee,
                    contact_duty::next_on,
                ))
                .load(db)?)
        });
        assert_eq!(u64::try_from(rows.len()).unwrap(), made);
        let today = t.app.clock.today();
        assert!(rows.iter().all(|(_, year, who, day)| {
            *year == 2026
                && who == "韦清越"
                && *day >= today
                && *day < "2027-01-01".parse().unwrap()
        }));
        // The next year has a plan of its own, with those who enter repayment first.
        t.set_day("2027-01-02");
        assert!(run(&t).0 > 40);
        let first: String = read(&t, |db| {
            Ok(contact_duty::table
                .filter(contact_duty::year.eq(2027))
                .order((contact_duty::next_on, contact_duty::file_id))
                .select(contact_duty::reason)
                .first(db)?)
        });
        assert_eq!(first, "enters_repayment");
    });
}

#[test]
fn confirming_on_the_phone_page_is_the_contact_of_the_year() {
    // Before the plan and after it: the duty is met both ways.
    for before in [true, false] {
        town::each(async |t| {
            if !before {
                run(&t);
            }
            let mut browser = sign_in(&t, STUDENT).await;
            for _ in 0..2 {
                browser.post("/m/contacts/confirm", &[]).await.is(303);
            }
            if before {
                run(&t);
            }
            assert_eq!(duty(&t, NAME), ("done".to_owned(), 0, String::new()));
            let path = format!("/family-contacts/{}", file_no(&t, NAME));
            let page = t.sign_in(Role::Clerk).get(&path).await;
            page.is(200).says(&["已联系", "手机页面，本人（吕凤欢），联系上了"]);
            assert!(!page.text.contains("撤销这条"), "nobody takes back what the borrower did");
        });
    }
}

/// The figures of a page's table: due, done, lost, open of each line.
fn figures(text: &str) -> Vec<Vec<i64>> {
    let rows = text.split("<th scope=\"row\">").skip(1);
    rows.map(|row| {
        let links = row.split("<td class=\"num\"><a href=\"").skip(1);
        links
            .map(|link| {
                let number = link.split_once('>').unwrap().1;
                number.split('<').next().unwrap().replace(',', "").parse().unwrap()
            })
            .collect()
    })
    .collect()
}

#[test]
fn the_coverage_adds_up_and_each_figure_is_a_list() {
    planned(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let path = format!("/family-contacts/{}", file_no(&t, NAME));
        write_down(&mut clerk, &path, ("2026-10-31", "call", "student", "reached")).await;
        let (open, done) = (count(&t, "open"), count(&t, "done"));
        assert_eq!(done, 1);
        for by in ["clerk", "township", "school"] {
            let page = clerk.get(&format!("/family-contacts/coverage?by={by}")).await;
            let mut lines = figures(&page.is(200).text);
            let all = lines.pop().unwrap();
            assert_eq!(all, [open + done, done, 0, open], "{by}");
            for (at, sum) in all.iter().enumerate() {
                assert_eq!(lines.iter().map(|line| line[at]).sum::<i64>(), *sum, "{by}");
            }
            for line in &lines {
                assert_eq!(line[0], line[1] + line[2] + line[3]);
            }
            // The first figure of the first line is the list it leads to.
            let first = page.text.split("<th scope=\"row\">").nth(1).unwrap();
            let link = first.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
            let link = link.replace("&amp;", "&").replace("&#x2f;", "/");
            let list = clerk.get(&link).await;
            list.is(200).says(&[&format!("这份名单 {} 户", lines[0][0])]);
        }
        clerk.get("/family-contacts/coverage?by=year").await.is(200).says(&["2026 年"]);
        for path in ["/family-contacts.xlsx?list=done", "/family-contacts/coverage.xlsx?by=school"]
        {
            let book = clerk.get(path).await;
            assert!(book.status == 200 && book.bytes.starts_with(b"PK"), "{path}");
        }
    });
}

#[test]
fn the_list_is_paged_by_key_and_narrowed() {
    planned(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let all = count(&t, "open");
        let mut seen = Vec::new();
        let mut path = "/family-contacts".to_owned();
        loop {
            let page = clerk.get(&path).await;
            page.is(200).says(&["今天要联系", "我联系的", "开始还款的", "失联"]);
            seen.extend(
                page.text
                    .split("<a class=\"b\" href=\"")
                    .skip(1)
                    .map(|rest| rest.split('"').next().unwrap().to_owned()),
            );
            let Some(rest) = page.text.split("rel=\"next\" href=\"").nth(1) else { break };
            let next = rest.split('"').next().unwrap();
            path = next.replace("&amp;", "&").replace("&#x2f;", "/");
        }
        let pages = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), i64::try_from(pages).unwrap()), (pages, all));
        let some = clerk.get("/family-contacts?township=%E5%AE%9D%E6%9E%97%E9%95%87").await;
        some.is(200).says(&["宝林镇", "打印给学校或村的走访表", "purpose=yearly"]);
        clerk.get("/family-contacts?list=mine").await.is(200).says(&["这一份名单里没有家庭"]);
        clerk.get("/family-contacts?after=x&year=y&list=z").await.is(200);
    });
}

#[test]
fn the_director_shares_out_to_clerks_schools_and_villages() {
    planned(async |t| {
        let mut director = t.sign_in(Role::Director);
        let other = t.add_staff("liqiu", "李秋", Role::Clerk);
        let page = director.get("/family-contacts/share").await;
        page.is(200).says(&["宝林镇", "李秋", "各自的毕业高中"]);
        let path = "/family-contacts/share";
        let to = format!("clerk:{}", other.id);
        director.post(path, &[("of", ""), ("to", &to)]).await.is(422).says(&["请选一个乡镇"]);
        let kept = [("of", "township:宝林镇"), ("to", "x")];
        director
            .post(path, &kept)
            .await
            .is(422)
            .says(&["请选分给谁", "value=\"township:宝林镇\" selected"]);
        director.post(path, &[("of", "township:宝林镇"), ("to", &to)]).await.is(303);
        let mut mine = t.sign_in_as(&other);
        mine.get("/family-contacts?list=mine").await.is(200).says(&["宝林镇", "李秋"]);
        director.post(path, &[("of", "township:宝林镇"), ("to", "village")]).await.is(303);
        let page = director.get("/family-contacts/coverage").await;
        page.says(&["村（社区）：宝林镇"]);
        director.post(path, &[("of", "township:宝林镇"), ("to", "school")]).await.is(303);
        director.get("/family-contacts/coverage").await.says(&["毕业高中："]);
        let stranger = [("of", "township:宝林镇"), ("to", "clerk:1")];
        director.post(path, &stranger).await.is(404);
    });
}

#[test]
fn a_family_that_settles_is_excused() {
    use zhuxue::plumbing::schema::file_position;
    planned(async |t| {
        let open = count(&t, "open");
        t.app
            .db
            .write("settled", |db| {
                let first: i64 = contact_duty::table
                    .select(contact_duty::file_id)
                    .order(contact_duty::file_id)
                    .first(db)?;
                let day: chrono::NaiveDate = "2026-10-30".parse().unwrap();
                diesel::update(file_position::table.find(first))
                    .set(file_position::settled_on.eq(day))
                    .execute(db)?;
                Ok(())
            })
            .unwrap();
        assert_eq!(run(&t).0, 1);
        assert_eq!((count(&t, "open"), count(&t, "excused")), (open - 1, 1));
        assert_eq!(run(&t).0, 0);
        // The payment was somebody else's: the family owes again.
        t.app
            .db
            .write("not settled", |db| {
                let none = None::<chrono::NaiveDate>;
                let all = diesel::update(file_position::table);
                all.set(file_position::settled_on.eq(none)).execute(db)?;
                Ok(())
            })
            .unwrap();
        assert!(run(&t).0 >= 1);
        assert_eq!(count(&t, "excused"), 0);
    });
}
