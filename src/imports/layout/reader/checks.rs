//! What is checked once several cells of a line are read.

use chrono::NaiveDate;

use super::Reader;
use crate::base::id_number::{IdNumber, Sex};
use crate::base::money::Fen;
use crate::imports::layout::fault::{Fault, Severity};

impl Reader<'_> {
    /// Holds birthday and sex of the sheet against the number, which wins.
    pub(in crate::imports) fn compare_with_id(
        &mut self,
        id: Option<IdNumber>,
        sex: Option<Sex>,
        birth_on: Option<NaiveDate>,
    ) {
        let Some(id) = id else { return };
        if let Some(written) = birth_on.filter(|written| *written != id.birth_on()) {
            let heading = self.heading("birth_date");
            let message = format!(
                "填写的 {written} 与身份证号中的 {} 不一致，已以身份证号为准。请核对身份证原件。",
                id.birth_on()
            );
            self.note(Severity::Warning, heading, Fault::BirthDateConflict, message);
        }
        if let Some(written) = sex.filter(|written| *written != id.sex()) {
            let heading = self.heading("sex");
            let message = format!(
                "填写的“{}”与身份证号中的“{}”不一致，已以身份证号为准。请核对身份证原件。",
                written.to_chinese(),
                id.sex().to_chinese()
            );
            self.note(Severity::Warning, heading, Fault::SexConflict, message);
        }
    }

    /// Refuses an amount above the cap of its school year. Without the level of study the
    /// higher cap, that of postgraduates, is the limit here.
    pub(in crate::imports) fn within_cap(
        &mut self,
        key: &str,
        amount: Option<Fen>,
        loan_year: Option<i32>,
    ) {
        let (Some(amount), Some(year)) = (amount, loan_year) else { return };
        let heading = self.heading(key);
        if !amount.is_positive() {
            let message = "贷款金额应大于 0，请更正。";
            self.note(Severity::Refused, heading, Fault::BadMoney, message);
            return;
        }
        let Some(cap) = self.limits.cap_of(year) else { return };
        if amount <= cap.postgraduate {
            if !cap.step.fits(amount) {
                let message = format!(
                    "{} 元不合规定：每年不低于 {} 元，并且是 {} 元的整数倍。请核对金额和单位。",
                    amount.to_page_text(),
                    cap.step.minimum.to_page_text(),
                    cap.step.step.to_page_text()
                );
                self.note(Severity::Warning, heading, Fault::AmountStep, message);
            }
            return;
        }
        let message = format!(
            "{} 元超过 {year}-{} 学年的上限（本专科 {} 元，研究生 {} 元）。请核对金额后更正。",
            amount.to_page_text(),
            year + 1,
            cap.undergraduate.to_page_text(),
            cap.postgraduate.to_page_text()
        );
        self.note(Severity::Refused, heading, Fault::AmountOverCap, message);
    }

    /// Warns when a total is not the sum of the parts beside it, where all are there.
    pub(in crate::imports) fn note_sum(
        &mut self,
        key: &str,
        parts: &[Option<Fen>],
        total: Option<Fen>,
    ) {
        let sum = parts.iter().try_fold(Fen::ZERO, |sum, part| Some(sum + (*part)?));
        let (Some(sum), Some(total)) = (sum, total) else { return };
        if sum == total {
            return;
        }
        let heading = self.heading(key);
        let message = format!(
            "填写的 {} 元与各项之和 {} 元不一致，请核对。",
            total.to_page_text(),
            sum.to_page_text()
        );
        self.note(Severity::Warning, heading, Fault::SumConflict, message);
    }

    /// Warns when the sheet has a column for a co-borrower and the line has none.
    pub(in crate::imports) fn note_missing_co_borrower(
        &mut self,
        name: Option<&str>,
        id: Option<IdNumber>,
    ) {
        if name.is_some() || id.is_some() {
            return;
        }
        if !self.has_column("co_id_number") && !self.has_column("co_name") {
            return;
        }
        let heading = self.heading("co_id_number");
        if self.notes.iter().any(|note| note.heading == heading) {
            // The number was there, but useless; that is noted already.
            return;
        }
        let message = "没有填写共同借款人。请补录共同借款人的姓名、身份证号和手机。";
        self.note(Severity::Warning, heading, Fault::MissingCoBorrower, message);
    }
}
