//! One line of a sheet becomes a typed row with notes: the ten layouts, field by field.

use chrono::NaiveDate;

use super::fault::{Fault, Hook, Note, Severity};
use super::heading::Binding;
use super::layout::{Layout, Limits};
use super::reader::Reader;
use super::rows::{
    BorrowerRow, ContractRow, EnlistmentRow, GraduationRow, HardshipRow, MonthlyRow, OverdueRow,
    PreapplicationRow, ReceiptRow, RepaymentRow, Row,
};
use super::words::YesNo;
use crate::book::id_number::{IdNumber, Sex};
use crate::book::money::Fen;
use crate::plumbing::sheet::Cell;

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The row; nothing when a required value is missing or useless. May be there although a
    /// note refuses it: then that note's hook could still save it, or it must not be posted.
    pub row: Option<Row>,
    /// Remarks, in the order of the columns; empty for a clean line.
    pub notes: Vec<Note>,
}

impl Parsed {
    /// True when the row must not be posted as things stand.
    pub fn is_refused(&self) -> bool {
        self.row.is_none() || self.notes.iter().any(|note| note.severity == Severity::Refused)
    }

    /// True when resolving hooks could still save the row: it is there, and every refusing
    /// note has a hook.
    pub fn can_be_saved(&self) -> bool {
        let refusing = |note: &&Note| note.severity == Severity::Refused;
        self.row.is_some() && self.notes.iter().filter(refusing).all(|note| note.hook.is_some())
    }

    /// The candidate of a 15-digit number, when there is one.
    pub fn upgraded(&self) -> Option<IdNumber> {
        self.notes.iter().find_map(|note| match note.hook {
            Some(Hook::Upgraded(candidate)) => Some(candidate),
            _ => None,
        })
    }

    /// Exactly one known person has the upgraded number: the row is taken with a warning.
    pub fn accept_upgraded(&mut self) {
        for note in &mut self.notes {
            if let Some(Hook::Upgraded(candidate)) = note.hook {
                note.severity = Severity::Warning;
                note.hook = None;
                note.message = format!(
                    "15 位的旧身份证号已按系统中的同一人改为 18 位（{}），请核对。",
                    candidate.masked()
                );
            }
        }
    }

    /// The row's number belongs to a known person: the known name is kept, with a warning.
    pub fn keep_known_name(&mut self, known: &str) {
        for note in self.notes.iter_mut().filter(|note| note.hook == Some(Hook::KnownName)) {
            note.severity = note.severity.min(Severity::Warning);
            note.hook = None;
            note.message = format!("表中的姓名写法有误或不同，已沿用系统中的“{known}”，请核对。");
        }
        if let Some(row) = &mut self.row {
            row.set_name(known);
        }
    }
}

/// Reads one line below the headings. Never stops at the first fault: all are noted.
pub fn parse_row(binding: &Binding, cells: &[Cell], today: NaiveDate, limits: &Limits) -> Parsed {
    let mut reader = Reader::new(binding, cells, today, limits);
    let row = match binding.layout {
        Layout::Borrowers => borrower(&mut reader).map(|row| Row::Borrower(Box::new(row))),
        Layout::Contracts => contract(&mut reader).map(|row| Row::Contract(Box::new(row))),
        Layout::Repayments => repayment(&mut reader).map(|row| Row::Repayment(Box::new(row))),
        Layout::Overdue => {
            overdue(&mut reader, binding.as_of).map(|row| Row::Overdue(Box::new(row)))
        }
        Layout::Graduation => graduation(&mut reader).map(|row| Row::Graduation(Box::new(row))),
        Layout::Preapply => {
            preapplication(&mut reader).map(|row| Row::Preapplication(Box::new(row)))
        }
        Layout::Hardship => hardship(&mut reader).map(|row| Row::Hardship(Box::new(row))),
        Layout::Enlistment => enlistment(&mut reader).map(|row| Row::Enlistment(Box::new(row))),
        Layout::Receipts => receipt(&mut reader).map(|row| Row::Receipt(Box::new(row))),
        Layout::Monthly => monthly(&mut reader).map(|row| Row::Monthly(Box::new(row))),
    };
    Parsed { row, notes: reader.notes }
}

fn borrower(r: &mut Reader<'_>) -> Option<BorrowerRow> {
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

fn contract(r: &mut Reader<'_>) -> Option<ContractRow> {
    let contract_number = r.code("contract_number");
    let name = r.name("name");
    let id_number = r.id("id_number");
    let loan_year = r.loan_year("loan_year");
    let kind = r.word("kind");
    let amount = r.money("amount");
    r.within_cap("amount", amount, loan_year);
    let tuition = r.money("tuition");
    let lodging = r.money("lodging");
    let term_years = r.term_years("term_years");
    let signed_on = r.day("signed_on");
    let disbursed_on = r.day("disbursed_on");
    let due_on = r.day("due_on");
    let subsidy_until = r.day("subsidy_until");
    let grace_years = r.whole("grace_years", 10);
    let receipt_code = r.code("receipt_code");
    let receipt_on = r.day("receipt_on");
    let agent = r.text("agent");
    let account = r.text("account");
    let co_name = r.name("co_name");
    let co_id_number = r.other_id("co_id_number");
    note_missing_co_borrower(r, co_name.as_deref(), co_id_number);
    let status = r.word("status");
    let balance = r.money("balance");
    Some(ContractRow {
        contract_number: contract_number?,
        name,
        id_number: id_number?,
        loan_year: loan_year?,
        kind,
        amount: amount?,
        tuition,
        lodging,
        term_years,
        signed_on,
        disbursed_on,
        due_on: due_on?,
        subsidy_until,
        grace_years,
        receipt_code,
        receipt_on,
        agent,
        account,
        co_name,
        co_id_number,
        status,
        balance,
    })
}

fn note_missing_co_borrower(r: &mut Reader<'_>, name: Option<&str>, id: Option<IdNumber>) {
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

fn repayment(r: &mut Reader<'_>) -> Option<RepaymentRow> {
    let contract_number = r.code("contract_number");
    let name = r.name("name");
    let id_number = r.id("id_number");
    let due_on = r.day("due_on");
    let due_principal = r.money("due_principal");
    let due_interest = r.money("due_interest");
    let waived_interest = r.money("waived_interest");
    let paid_on = r.day("paid_on");
    let paid_principal = r.money("paid_principal");
    let paid_interest = r.money("paid_interest");
    let paid_penalty = r.money("paid_penalty");
    let paid_total = r.money("paid_total");
    let parts = [paid_principal, paid_interest, paid_penalty];
    note_sum(r, "paid_total", &parts, paid_total);
    let kind = r.word("kind");
    let channel = r.text("channel");
    let balance_after = r.money("balance_after");
    Some(RepaymentRow {
        contract_number: contract_number?,
        name,
        id_number,
        due_on: due_on?,
        due_principal,
        due_interest,
        waived_interest,
        paid_on,
        paid_principal: paid_principal?,
        paid_interest,
        paid_penalty,
        paid_total,
        kind: kind?,
        channel,
        balance_after,
    })
}

/// Warns when a total is not the sum of the parts beside it.
fn note_sum(r: &mut Reader<'_>, key: &str, parts: &[Option<Fen>], total: Option<Fen>) {
    let sum: Option<Fen> = parts.iter().copied().sum_known();
    let (Some(sum), Some(total)) = (sum, total) else { return };
    if sum == total {
        return;
    }
    let heading = r.heading(key);
    let message = format!(
        "填写的 {} 元与各项之和 {} 元不一致，请核对。",
        total.to_page_text(),
        sum.to_page_text()
    );
    r.note(Severity::Warning, heading, Fault::SumConflict, message);
}

/// The sum of parts that are all there.
trait SumKnown {
    fn sum_known(self) -> Option<Fen>;
}

impl<I: Iterator<Item = Option<Fen>>> SumKnown for I {
    fn sum_known(mut self) -> Option<Fen> {
        self.try_fold(Fen::ZERO, |sum, part| Some(sum + part?))
    }
}

fn overdue(r: &mut Reader<'_>, as_of: Option<NaiveDate>) -> Option<OverdueRow> {
    r.skip("seq");
    let name = r.name("name");
    let id_number = r.id("id_number");
    let contract_number = r.code("contract_number");
    let university = r.university("university");
    let graduation = r.month("graduation");
    let township = r.place("township");
    let village = r.place("village");
    let police_station = r.place("police_station");
    let phones = r.phones("phone");
    let co_name = r.name("co_name");
    let co_relation = r.word("co_relation");
    let co_phones = r.phones("co_phone");
    let balance = r.money("balance");
    let overdue_principal = r.money("overdue_principal");
    let overdue_interest = r.money("overdue_interest");
    let penalty = r.money("penalty");
    let overdue_total = r.money("overdue_total");
    let parts = [overdue_principal, overdue_interest, penalty];
    note_sum(r, "overdue_total", &parts, overdue_total);
    Some(OverdueRow {
        first_overdue_on: r.day("first_overdue_on"),
        overdue_days: r.whole("overdue_days", 20_000),
        cut_off: r.day("cut_off").or(as_of),
        contact_result: r.text("contact_result"),
        contract_number: contract_number?,
        name,
        id_number,
        university,
        graduation,
        township,
        village,
        police_station,
        phones,
        co_name,
        co_relation,
        co_phones,
        balance,
        overdue_principal: overdue_principal?,
        overdue_interest: overdue_interest?,
        penalty,
        overdue_total,
    })
}

fn graduation(r: &mut Reader<'_>) -> Option<GraduationRow> {
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

fn preapplication(r: &mut Reader<'_>) -> Option<PreapplicationRow> {
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

fn hardship(r: &mut Reader<'_>) -> Option<HardshipRow> {
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

fn enlistment(r: &mut Reader<'_>) -> Option<EnlistmentRow> {
    r.skip("seq");
    let name = r.name("name");
    let id_number = r.id("id_number");
    let university = r.university("university");
    let enlisted_on = r.day("enlisted_on");
    let discharged_on = r.day("discharged_on");
    let contract_numbers = r.codes("contract_numbers");
    let principal = r.money("principal");
    let applied = r.money("applied");
    let approved = r.money("approved");
    let paid_on = r.day("paid_on");
    if contract_numbers.is_empty() {
        return None;
    }
    Some(EnlistmentRow {
        name: name?,
        id_number: id_number?,
        university,
        enlisted_on: enlisted_on?,
        discharged_on,
        contract_numbers,
        principal,
        applied,
        approved,
        paid_on,
    })
}

fn receipt(r: &mut Reader<'_>) -> Option<ReceiptRow> {
    r.skip("seq");
    let name = r.name("name");
    let class_name = r.text("class_name");
    let student_number = r.code("student_number");
    let province = r.place("province");
    let address = r.text("address");
    let receipt_code = r.code("receipt_code");
    let amount = r.money("amount");
    let is_new = r.word::<YesNo>("is_new").map(|word| word == YesNo::Yes);
    let phones = r.phones("phone");
    let university = r.university("university");
    let loan_year = r.loan_year("loan_year");
    r.within_cap("amount", amount, loan_year);
    Some(ReceiptRow {
        name: name?,
        class_name,
        student_number: student_number?,
        province,
        address,
        receipt_code: receipt_code?,
        amount: amount?,
        is_new,
        phones,
        university,
        loan_year: loan_year?,
    })
}

fn monthly(r: &mut Reader<'_>) -> Option<MonthlyRow> {
    let month = r.month("month");
    let signed = r.whole("signed", i32::MAX);
    let signed_amount = r.money("signed_amount");
    let disbursed = r.whole("disbursed", i32::MAX);
    let disbursed_amount = r.money("disbursed_amount");
    let repaid = r.whole("repaid", i32::MAX);
    let principal = r.money("principal");
    let interest = r.money("interest");
    let penalty = r.money("penalty");
    let compensated = r.money("compensated");
    let balance = r.money("balance");
    Some(MonthlyRow {
        month: month?,
        signed: signed?,
        signed_amount: signed_amount?,
        disbursed: disbursed?,
        disbursed_amount: disbursed_amount?,
        repaid: repaid?,
        principal: principal?,
        interest: interest?,
        penalty: penalty?,
        compensated,
        balance: balance?,
    })
}
