//! The overdue page counts its lists from one reading; what it says of a list is what the database
//! says when it is asked for that list alone.

use zhuxue::book::ids::StaffId;
use zhuxue::book::office::Scope;
use zhuxue::book::staff::Role;
use zhuxue::desk::lists::cases::{self, LISTS, wanted};
use zhuxue::desk::lists::everybody::Everybody;
use zhuxue::desk::lists::overdue::asked_of;

use super::{AFTER, act, case, contact, files, night, pay};
use crate::borrower::town::each;
use crate::support::OFFICE;

#[test]
fn every_list_counts_what_the_database_counts() {
    each(async |t| {
        night(&t, AFTER);
        let mut clerk = t.sign_in(Role::Clerk);
        let late = files(&t);
        assert!(late.len() >= 3, "{late:?}");
        act(&t, &mut clerk, (&late[0], "contacts"), &contact("bad_number", "student", "k1"))
            .await
            .is(303);
        act(&t, &mut clerk, (&late[1], "contacts"), &contact("hardship", "student", "k2"))
            .await
            .is(303);
        pay(&t, &late[2], AFTER);
        let (scope, today) = (Scope::of(OFFICE), AFTER.parse().unwrap());
        let me = case(&t, &late[0]).owner_id.unwrap();
        let narrowed = [
            "",
            "stage=student",
            "stage=village",
            "min=100",
            "min=999999",
            "township=宝林镇",
            "school=乐至中学&graduates=2024",
            "police=没有这个派出所",
            "q=张",
            "university=师范",
            "year=2019",
        ];
        for (list, _) in LISTS.iter().chain([&("", "")]) {
            for more in narrowed {
                for owner in [None, Some(me), Some(StaffId::new(1))] {
                    let owner = owner.map(|id| format!("&owner={id}")).unwrap_or_default();
                    let query = format!("?list={list}&{more}{owner}");
                    let one = wanted(&asked_of(&query), me, today);
                    let (told, counted) = t
                        .app
                        .db
                        .read(|db| {
                            let all = Everybody::read(db, &scope, &one)?;
                            let told = all.sums(db, &scope, &one)?;
                            Ok((told, cases::sums(db, &scope, &one)?))
                        })
                        .unwrap();
                    assert_eq!(told, counted, "{query}");
                }
            }
        }
    });
}
