//! Explanations: each figure as the spans that make it up, rendered only when asked.

use chrono::Datelike as _;

use super::output::{Instalment, Payer, PenaltySpan, PrincipalBasis, Span, Statement};
use super::owed::half_up;
use super::terms::SelfPayStarts;
use crate::base::money::Fen;
use crate::base::rate::RatePpm;

impl Statement {
    /// The spans that the row's interest (or what the state pays of it) is made of.
    pub fn spans_of(&self, row: &Instalment) -> impl Iterator<Item = &Span> {
        let (start, end) = row.spans;
        let spans = self.spans.get(start..end).unwrap_or_default();
        let own = spans.iter().any(|span| span.payer != Payer::Subsidy);
        spans.iter().filter(move |span| !own || span.payer != Payer::Subsidy)
    }

    /// The spans of the row's penalty interest, the state's included.
    pub fn penalty_spans_of(&self, row: &Instalment) -> impl Iterator<Item = &PenaltySpan> {
        let at = row.at;
        self.penalty_spans.iter().filter(move |span| span.row == at)
    }

    /// One line for every span: `80000.00 x 2.80% x 111/360 = 690.67`; penalty:
    /// `7272.73 x 2.80% x 130% x 31/360 = 22.80`. Each line is rounded by itself; the figure of
    /// the row is rounded once.
    pub fn because(&self, row: &Instalment) -> Vec<String> {
        let year = self.terms.day_count.year_days();
        let interest = self.spans_of(row).map(|span| {
            let value = self.interest_of(span);
            let (principal, rate, days) = (span.principal, span.rate, span.days);
            format!("{principal} x {rate}% x {days}/{year} = {value}")
        });
        let penalty = self.penalty_spans_of(row).map(|span| {
            let value = self.penalty_of(span);
            let (principal, rate, days) = (span.principal, span.rate, span.days);
            let (share, note) = (self.penalty_text(), if span.waived { " (state)" } else { "" });
            format!("{principal} x {rate}% x {share}% x {days}/{year} = {value}{note}")
        });
        interest.chain(penalty).collect()
    }

    /// The same for pages, in Chinese: a sentence for each amount, which it begins with: principal,
    /// interest, and each payer's penalty. `early` says what an early settlement was.
    pub fn explain_zh(&self, row: &Instalment, early: &str) -> Vec<String> {
        let mut lines: Vec<String> = self.principal_zh(row, early).into_iter().collect();
        lines.extend(self.interest_zh(row));
        for (waived, whose) in [(false, ""), (true, "由国家付（免息年度）")] {
            let spans: Vec<&PenaltySpan> =
                self.penalty_spans_of(row).filter(|span| span.waived == waived).collect();
            if spans.is_empty() {
                continue;
            }
            let total = if waived { self.rounded(&spans) } else { row.penalty };
            let terms: Vec<String> = spans.iter().map(|span| self.penalty_zh(span)).collect();
            lines.push(format!("罚息 {} 元{whose}：{}", total.to_page_text(), terms.join(" + ")));
        }
        lines
    }

    /// `利息 690.67 元：本金 80,000.00 元 × 年利率 2.80% × 111 天 ÷ 360`, and what the state pays and why.
    fn interest_zh(&self, row: &Instalment) -> Option<String> {
        let terms: Vec<String> = self.spans_of(row).map(|span| self.span_zh(span)).collect();
        if terms.is_empty() {
            return None;
        }
        let by_state = row.paid_by_state();
        let total = if by_state.is_positive() { by_state } else { row.interest };
        let whose = match by_state.is_positive() {
            false => String::new(),
            true if row.waived.is_positive() => {
                format!("由国家付（{} 年到期的利息免除）", row.due_on.format("%Y"))
            }
            true => format!("由国家付（在读贴息，到 {}）", self.subsidy_ends_on),
        };
        Some(format!("利息 {} 元{whose}：{}", total.to_page_text(), terms.join(" + ")))
    }

    /// Where the principal comes from: `本金 7,272.73 元：80,000.00 元 ÷ 11 期（2035 年到 2045 年）`.
    pub(in crate::book) fn principal_zh(&self, row: &Instalment, early: &str) -> Option<String> {
        let plus = |carried: Fen| match carried.is_positive() {
            true => format!(" + 延期的 {} 元", carried.to_page_text()),
            false => String::new(),
        };
        let why = match row.principal_basis {
            PrincipalBasis::Nothing => return None,
            PrincipalBasis::Share { of, parts, carried } => {
                let last = self.terms.final_due_on.year();
                let first = i32::try_from(parts).map_or(last, |parts| last - parts + 1);
                let of = of.to_page_text();
                format!("{of} 元 ÷ {parts} 期（{first} 年到 {last} 年）{}", plus(carried))
            }
            PrincipalBasis::BankPlan { equal, carried } => {
                format!("银行还款计划每期 {} 元{}", equal.to_page_text(), plus(carried))
            }
            PrincipalBasis::Rest => "最后一期，还清余下的".to_owned(),
            PrincipalBasis::Early => early.to_owned(),
            PrincipalBasis::Deferred(amount) => {
                format!("应还的 {} 元经申请延期，并入下一期", amount.to_page_text())
            }
        };
        Some(format!("本金 {} 元：{why}", row.principal.to_page_text()))
    }

    /// Which named switches of loan-maths the row's figures depend on.
    pub fn switches_of(&self, row: &Instalment) -> Vec<&'static str> {
        let mut used = Vec::new();
        // The first days that the borrower pays come right after the state's last day.
        let first_own = self.spans_of(row).find(|span| span.payer != Payer::Subsidy);
        let starts = first_own.is_some_and(|span| {
            let last_state = match self.terms.switches.self_pay_starts {
                SelfPayStarts::SubsidyEnd => Some(self.subsidy_ends_on),
                SelfPayStarts::NextDay => self.subsidy_ends_on.succ_opt(),
            };
            span.first_day.pred_opt() == last_state
        });
        if starts {
            used.push("self_pay_starts");
        }
        for (from, switch) in &self.switches_used {
            let touches_principal = *switch != "recut_after_prepayment"
                || row.principal.is_positive() && row.due_on > *from;
            if row.due_on >= *from && touches_principal && !used.contains(switch) {
                used.push(*switch);
            }
        }
        used
    }

    fn span_zh(&self, span: &Span) -> String {
        format!(
            "本金 {} 元 × 年利率 {}% × {} 天 ÷ {}",
            span.principal.to_page_text(),
            span.rate,
            span.days,
            self.terms.day_count.year_days()
        )
    }

    fn penalty_zh(&self, span: &PenaltySpan) -> String {
        format!(
            "逾期本金 {} 元 × {}% × {}% × {} 天 ÷ {}",
            span.principal.to_page_text(),
            span.rate,
            self.penalty_text(),
            span.days,
            self.terms.day_count.year_days()
        )
    }

    /// `130`, or `130.5`.
    pub(in crate::book) fn penalty_text(&self) -> String {
        let text = RatePpm::new(self.terms.penalty_ppm).to_percent_text();
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    pub(in crate::book) fn interest_of(&self, span: &Span) -> Fen {
        let den = i128::from(self.terms.day_count.year_days()) * 1_000_000;
        let rate = i128::from(span.rate.get()) * i128::from(span.days);
        Fen::new(half_up(i128::from(span.principal.get()) * rate, den))
    }

    pub(in crate::book) fn penalty_of(&self, span: &PenaltySpan) -> Fen {
        self.rounded(&[span])
    }

    fn rounded(&self, spans: &[&PenaltySpan]) -> Fen {
        let den = i128::from(self.terms.day_count.year_days()) * 1_000_000_000_000;
        let exact = spans.iter().map(|span| {
            let rate = i128::from(span.rate.get()) * i128::from(self.terms.penalty_ppm);
            i128::from(span.principal.get()) * rate * i128::from(span.days)
        });
        Fen::new(half_up(exact.sum(), den))
    }
}
