//! The sheets about students: 学生名单, 毕业确认名单, 预申请名单, 困难认定汇总表.

use crate::base::id_number::{IdNumber, Sex};
use crate::imports::layout::fault::{Fault, Severity};
use crate::imports::layout::reader::Reader;
use crate::imports::layout::rows::{BorrowerRow, GraduationRow, HardshipRow, PreapplicationRow};

pub(super) fn borrower(r: &mut Reader<'_>) -> Option<BorrowerRow> {
    r.skip("seq");
    let name = r.name("name");
    let id_number = r.id("id_number");
    let sex: Option<Sex> = r.word("sex");
    let birth_on = r.day("birth_date");
    r.compare_with_id(id_number, sex, birth_on);
    let ethnic = r.text("ethnic");
    let household_type = r.text("household_type");
    let township = r.place("township");
    let village = r.place("village");
    let village_code = r.code("village_code");
    let address = r.text("address");
    let police_station = r.place("police_station");
    let high_school = r.place("high_school");
    let university = r.university("university");
    let university_code = r.code("university_code");
    let major = r.text("major");
    let student_number = r.code("student_number");
    let degree = r.word("degree");
    let study_years = r.whole("study_years", 12);
    let enrolment = r.month("enrolment");
    let graduation = r.month("graduation");
    let family_category = r.text("family_category");
    let difficulty = r.word("difficulty");
    let phones = r.phones("phone");
    let email = r.text("email");
    let co_name = r.name("co_name");
    let co_relation = r.word("co_relation");
    let co_id_number = r.other_id("co_id_number");
    let co_phones = r.phones("co_phone");
    note_missing_co_borrower(r, co_name.as_deref(), co_id_number);
    let remark = r.text("remark");
    Some(BorrowerRow {
        name: name?,
        id_number: id_number?,
        ethnic,
        household_type,
        township,
        village,
        village_code,
        address,
        police_station,
        high_school,
        university,
        university_code,
        major,
        student_number,
        degree,
        study_years,
        enrolment,
        graduation,
        family_category,
        difficulty,
        phones,
        email,
        co_name,
        co_relation,
        co_id_number,
        co_phones,
        remark,
    })
}

pub(super) fn note_missing_co_borrower(
    r: &mut Reader<'_>,
    name: Option<&str>,
    id: Option<IdNumber>,
) {
    if name.is_some() || id.is_some() {
        return;
    }
    if !r.has_column("co_id_number") && !r.has_column("co_name") {
        return;
    }
    let heading = r.heading("co_id_number");
    if r.notes.iter().any(|note| note.heading == heading) {
        // The number was there, but useless; that is noted already.
        return;
    }
    let message = "没有填写共同借款人。请补录共同借款人的姓名、身份证号和手机。";
    r.note(Severity::Warning, heading, Fault::MissingCoBorrower, message);
}

pub(super) fn graduation(r: &mut Reader<'_>) -> Option<GraduationRow> {
    r.skip("seq");
    let name = r.name("name");
    let id_number = r.id("id_number");
    let university = r.university("university");
    let graduation = r.month("graduation");
    let confirmed_on = r.day("confirmed_on");
    let destination = r.text("destination");
    let phones = r.phones("phone");
    let contracts = r.whole("contracts", 20);
    let principal = r.money("principal");
    let self_pay_from = r.day("self_pay_from");
    let remark = r.text("remark");
    Some(GraduationRow {
        name,
        id_number: id_number?,
        university,
        graduation: graduation?,
        confirmed_on: confirmed_on?,
        destination,
        phones,
        contracts,
        principal,
        self_pay_from,
        remark,
    })
}

pub(super) fn preapplication(r: &mut Reader<'_>) -> Option<PreapplicationRow> {
    r.skip("seq");
    let name = r.name("name");
    let id_number = r.id("id_number");
    let high_school = r.place("high_school");
    let class_name = r.text("class_name");
    let township = r.place("township");
    let village = r.place("village");
    let family_category = r.text("family_category");
    let phones = r.phones("phone");
    let applied_on = r.day("applied_on");
    let school_opinion = r.text("school_opinion");
    let county_opinion = r.text("county_opinion");
    Some(PreapplicationRow {
        name: name?,
        id_number: id_number?,
        high_school,
        class_name,
        township,
        village,
        family_category,
        phones,
        applied_on: applied_on?,
        school_opinion,
        county_opinion,
    })
}

pub(super) fn hardship(r: &mut Reader<'_>) -> Option<HardshipRow> {
    r.skip("seq");
    let name = r.name("name");
    let id_type = r.text("id_type");
    let id_number = r.id("id_number");
    let difficulty = r.word("difficulty");
    let recognised_on = r.day("recognised_on");
    let reason = r.text("reason");
    let class_opinion = r.text("class_opinion");
    let grade_opinion = r.text("grade_opinion");
    Some(HardshipRow {
        name: name?,
        id_type,
        id_number: id_number?,
        difficulty: difficulty?,
        recognised_on: recognised_on?,
        reason,
        class_opinion,
        grade_opinion,
    })
}
