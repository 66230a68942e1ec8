//! From the ticket to the counter and back; and what this family still has to bring.

use diesel::prelude::*;
use zhuxue::base::ids::PersonId;
use zhuxue::book::staff::Role;
use zhuxue::jobs;
use zhuxue::life::booking::rules::State;
use zhuxue::plumbing::crypto::Field;
use zhuxue::plumbing::schema::{message, person};

use super::{STUDENT, at_door, day_id, of_name};
use crate::borrower::town::{self, each, read, sign_in};
use crate::counter::renewal::sign;
use crate::counter::{FATHER, GIRL, WHO, begin, fill, id, review_of, send, submit};
use crate::season::open_year;
use crate::support::county::day;

#[test]
fn a_called_ticket_opens_the_draft_and_a_signed_application_serves_it() {
    each(async |t| {
        t.set_day("2027-07-20");
        open_year(&t, 2027).await;
        let mut clerk = t.sign_in(Role::Clerk);
        assert_eq!(at_door(&t, &mut clerk, STUDENT).await, 303);
        let today = day_id(&t, day("2027-07-20")).to_string();
        let call = [("day", today.as_str()), ("desk", "2")];
        clerk.post("/bookings/call", &call).await.is(303);
        let of = person::table.filter(person::name.eq(STUDENT)).select(person::id);
        let person: PersonId = read(&t, |db| Ok(of.first(db)?));
        let field = format!("name=\"person\" value=\"{person}\"");
        clerk.get("/bookings?desk=2").await.says(&["受理 A001 吕凤欢", &field, "data-next"]);
        let other = clerk.get("/bookings?desk=1").await;
        assert!(!other.is(200).text.contains(&field), "another desk has not called it");
        let person = person.to_string();
        let form = [("person", person.as_str()), ("product", "cdb")];
        let begun = clerk.post("/applications/new", &form).await;
        let to = begun.is(303).header("location").to_owned();
        let at = to.strip_suffix("/next").unwrap();
        assert_eq!(of_name(&t, STUDENT).2, State::Called);
        sign(&mut clerk, at).await;
        assert_eq!(of_name(&t, STUDENT).2, State::Done);
        clerk.get("/bookings").await.says(&["已办 1 户"]);
    });
}

#[test]
fn a_booking_names_the_papers_of_the_application_and_a_card_that_runs_out() {
    each(async |t| {
        t.set_day("2027-07-20");
        open_year(&t, 2027).await;
        let wei = t.add_staff("wei02", "韦清越", Role::Clerk);
        let lan = t.add_staff("lan02", "蓝敬安", Role::Reviewer);
        let (mut clerk, mut reviewer) = (t.sign_in_as(&wei), t.sign_in_as(&lan));
        let at = begin(&mut clerk, &id(GIRL), "local").await;
        fill(&mut clerk, &at, &id(FATHER), "6000").await;
        let who = [&WHO[..], &[("id_until", "2028-08-20")]].concat();
        send(&mut clerk, &format!("{at}/who"), &who).await.is(303);
        submit(&mut clerk, &at).await;
        let approve = [("decision", "approve"), ("step", ""), ("reason", "")];
        send(&mut reviewer, &review_of(&t, &at), &approve).await.is(303);

        t.set_day("2028-07-18");
        open_year(&t, 2028).await;
        let mut phone = sign_in(&t, &id(GIRL)).await;
        let page = phone.get("/m/booking").await;
        page.is(200).says(&["到场一方的身份证原件", "学生的身份证8月20日到期，请先换证"]);
        let slot = format!("{}-540", day_id(&t, day("2028-07-20")));
        phone.post("/m/booking", &[("slot", &slot)]).await.is(303);
        // What the application has counted is not asked for once more.
        let mut clerk = t.sign_in_as(&wei);
        let at = begin(&mut clerk, &id(GIRL), "local").await;
        let some = [("then", "some"), ("paper", "one_id")];
        send(&mut clerk, &format!("{at}/papers"), &some).await.is(303);
        let page = phone.get("/m/booking").await;
        page.is(200).says(&["续贷申请表（到场一方签字）", "学生本人或者共同借款人罗建松"]);
        assert!(!page.text.contains("到场一方的身份证原件"), "{}", town::words(&page));

        t.set_day("2028-07-19");
        jobs::follow_bookings::run(&t.app, day("2028-07-19")).unwrap();
        let of = message::table.filter(message::reason.eq("booking_tomorrow"));
        let sealed: Vec<u8> = read(&t, |db| Ok(of.select(message::text_sealed).first(db)?));
        let text = t.app.sealer.open_text(Field::Message, &sealed).unwrap();
        assert!(text.contains("学生的身份证8月20日到期，请先换证"), "{text}");
    });
}
