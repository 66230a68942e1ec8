//! The sheets about loans and money: 合同明细, 还款明细, 逾期名单, 代偿名单, 回执登记表, 月报表.

use chrono::NaiveDate;

use super::people::note_missing_co_borrower;
use crate::base::money::Fen;
use crate::imports::layout::fault::{Fault, Severity};
use crate::imports::layout::reader::Reader;
use crate::imports::layout::rows::{
    ContractRow, EnlistmentRow, MonthlyRow, OverdueRow, ReceiptRow, RepaymentRow,
};
use crate::imports::layout::words::YesNo;

pub(super) fn contract(r: &mut Reader<'_>) -> Option<ContractRow> {
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
    let receipt_code = r.receipt_code("receipt_code");
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

pub(super) fn repayment(r: &mut Reader<'_>) -> Option<RepaymentRow> {
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

pub(super) fn overdue(r: &mut Reader<'_>, as_of: Option<NaiveDate>) -> Option<OverdueRow> {
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

pub(super) fn enlistment(r: &mut Reader<'_>) -> Option<EnlistmentRow> {
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

pub(super) fn receipt(r: &mut Reader<'_>) -> Option<ReceiptRow> {
    r.skip("seq");
    let name = r.name("name");
    let class_name = r.text("class_name");
    let student_number = r.code("student_number");
    let province = r.place("province");
    let address = r.text("address");
    let receipt_code = r.receipt_code("receipt_code");
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

pub(super) fn monthly(r: &mut Reader<'_>) -> Option<MonthlyRow> {
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
