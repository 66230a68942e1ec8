//! 还款明细: money becomes events, the bank's figures are kept beside ours.
//!
//! 正常还款 and 逾期还款 are `paid`, 提前还款 is `prepaid`, 国家代偿 is `compensated` of 实还合计;
//! 免息 and 逾期未还 are the bank's figures only; a line of less than nothing takes back a payment.
//!
//! A line is known by contract, due day, day paid and its place among the lines of that day
//! ([`crate::imports::bank_list`]). What is booked is what stands under it: when the bank says
//! otherwise, the event is reversed and a fresh one appended, never edited. Nothing older than what
//! is known counts.

use crate::base::dates::days_between;
use crate::base::ids::{EventId, LoanId};
use crate::base::money::Fen;
use crate::book::bank::{self, BankFigure, Tells};
use crate::book::early_repayment;
use crate::book::events::{self, EventRow};
use crate::book::posting;
use crate::book::statement::{Event, EventKind};
use crate::imports::bank_list::{BankLine, BankList, is_place, money_of};
use crate::imports::kind::*;
use crate::imports::layout::words::RepaymentKind;
use crate::imports::money::{outdated, same_figure};
use crate::imports::read::Lines;
use chrono::NaiveDate;

/// Days between money as the desk wrote it down and as the bank's list has it.
const SAME_MONEY_DAYS: i64 = 10;

layout! {
    /// A line of 还款明细.
    REPAYMENTS: RepaymentRow = "repayments", "还款明细", "生源地信用助学贷款还款明细";
    key |row| row.line_key();
    payment |row| row.paid_on.is_some();
    must contract_number: Code = "合同编号" | CONTRACT_NUMBERS;
    may name: Name = "借款学生姓名" | NAMES;
    may id_number: Id = "身份证号" | IDS;
    must due_on: Day = "应还日期" | "应还款日期|应还日|还款到期日";
    may due_principal: Money = "应还本金（元）" | "应收本金";
    may due_interest: Money = "应还利息（元）" | "应收利息";
    may waived_interest: Money = "免除利息（元）" | "减免利息|免息金额";
    may paid_on: Day = "还款日期" | "还款时间|实还日期|实际还款日期";
    must paid_principal: Money = "实还本金（元）" | "已还本金|收回本金|实收本金";
    may paid_interest: Money = "实还利息（元）" | "已还利息|收回利息|实收利息";
    may paid_penalty: Money = "实还罚息（元）" | "已还罚息|收回罚息|实收罚息";
    may paid_total: Money = "实还合计（元）" | "还款金额|实还金额|实还总额"
        => note_sum("paid_total", &[paid_principal, paid_interest, paid_penalty], paid_total);
    must kind: RepaymentKind = "还款类型" | "还款状态|还款种类|类型";
    may channel: FreeText = "还款渠道" | "还款方式|渠道";
    may balance_after: Money = "还款后贷款余额（元）" | "贷款余额|还款后余额|余额";
}

impl ImportKind for RepaymentRow {
    const AFTER: &'static [Layout] = &[Layout::BORROWERS, Layout::CONTRACTS];
    const OF_BANK: bool = true;

    fn load(db: &mut Db, scope: &Scope, _rows: &[&Self], facts: &mut Facts) -> AppResult<()> {
        let loans = facts.loan_ids();
        for figure in bank::figures_of(db, scope, &loans)? {
            let due_on = figure.due_on.filter(|_| figure.sheet == "repayments");
            if let Some(due_on) = due_on {
                let key = (figure.loan_id, due_on);
                facts.repayments.stored().entry(key).or_default().push(figure);
            }
        }
        *facts.life.stored() = events::of_loans(db, scope, &loans)?;
        Ok(())
    }

    fn decide(&self, plan: &mut Plan<'_>, line: u32) -> Result<Outcome, Refusal> {
        plan.repayment(self, line)
    }
}

impl RepaymentRow {
    /// Two lines are one when they say the same money, paid on the same day by the same way and
    /// leaving the same to pay: part payments of one instalment, even of one day, are two. What
    /// has no money is there once for a due day.
    fn line_key(&self) -> String {
        let key = format!("{} {} {}", self.contract_number, self.due_on, self.kind.to_chinese());
        let parts = [Some(self.paid_principal), self.paid_interest, self.paid_penalty];
        if parts.iter().chain([&self.paid_total]).flatten().all(|fen| fen.is_zero()) {
            return key;
        }
        let rest = (self.paid_on, parts, self.paid_total, &self.channel, self.balance_after);
        format!("{key} {rest:?}")
    }
}

/// The lines of a sheet as one list.
pub fn list_of(lines: &Lines) -> BankList {
    let data = lines.iter().filter(|line| line.skipped.is_none() && line.parsed.is_some());
    BankList::of(data.map(|read| {
        let (line, parsed) = (read.line, read.parsed.as_ref()?);
        let row = parsed.row.as_ref().filter(|_| !parsed.is_refused());
        let row: &RepaymentRow = row?.of()?;
        let bank_line = BankLine {
            line,
            ordinal: 1,
            paid_on: row.paid_on,
            total: total(row),
            kind: row.kind,
            parts: [
                row.paid_principal,
                row.paid_interest.unwrap_or_default(),
                row.paid_penalty.unwrap_or_default(),
            ],
            due: [row.due_principal, row.due_interest],
            balance: row.balance_after,
        };
        Some(((row.contract_number.clone(), row.due_on), bank_line))
    }))
}

/// The money of a line: the total when there is one.
fn total(row: &RepaymentRow) -> Fen {
    row.paid_total.unwrap_or_else(|| {
        row.paid_principal
            + row.paid_interest.unwrap_or_default()
            + row.paid_penalty.unwrap_or_default()
    })
}

fn line_key(row: &RepaymentRow, ordinal: i32) -> String {
    let paid_on = row.paid_on.map_or_else(|| "-".to_owned(), |day| day.to_string());
    format!("repayments:{}:{}:{paid_on}:{ordinal}", row.contract_number, row.due_on)
}

/// What a line with money in it means for the loan.
fn event_kind(figure: &BankFigure) -> Option<EventKind> {
    let amount = figure.paid_fen;
    if !amount.is_positive() {
        return None;
    }
    match RepaymentKind::from_chinese(&figure.kind)? {
        RepaymentKind::Regular | RepaymentKind::Late => Some(EventKind::Paid { amount }),
        RepaymentKind::Compensated => Some(EventKind::Compensated { amount }),
        RepaymentKind::Early => {
            let whole = figure.balance_fen.is_some_and(Fen::is_zero);
            let principal = if whole { None } else { Some(figure.paid_principal_fen) };
            Some(EventKind::Prepaid { principal })
        }
        RepaymentKind::Unpaid | RepaymentKind::Waived => None,
    }
}

/// The name of the event that the money of a line is; empty when it has none.
fn money(figure: &BankFigure) -> &'static str {
    let kind = RepaymentKind::from_chinese(&figure.kind).filter(|_| !figure.paid_fen.is_zero());
    kind.map_or("", money_of)
}

impl Plan<'_> {
    fn repayment(&mut self, row: &RepaymentRow, line: u32) -> Result<Outcome, Refusal> {
        let expected = self.set.companions.contract_nos.contains(&row.contract_number);
        if expected && !self.facts.loans.contains_key(&row.contract_number) {
            return Ok(Outcome::New);
        }
        let loan = self.loan_of(&row.contract_number, row.id_number, row.name.as_deref())?;
        let as_of = self.set.as_of.unwrap_or(self.set.today);
        self.check_days(row, loan, as_of)?;
        let list = self.set.list;
        let lines = list.instalment(&row.contract_number, row.due_on);
        let ordinal = lines.iter().find(|one| one.line == line).map_or(1, |one| one.ordinal);
        let mut figure = self.blank_figure(loan, "repayments", line_key(row, ordinal), as_of, line);
        fill(&mut figure, row);
        (figure.ordinal, figure.tells) = (ordinal, list.tells(lines));
        check_money(&figure)?;
        let key = (loan, row.due_on);
        let mut figures = self.facts.repayments.get(&key).cloned().unwrap_or_default();
        let at = figures.iter().position(|one| is_place(one, row.paid_on, ordinal));
        let known = at.and_then(|at| figures.get(at)).cloned();
        let moved = || self.moved_since(&row.contract_number, &figure);
        let newer = newer_day(&figures, known.as_ref(), &figure);
        if let Some(newer) = newer.or_else(|| known.is_none().then(moved).flatten()) {
            if known.is_some_and(|known| differing(&known, &figure).is_empty()) {
                return Ok(Outcome::Same);
            }
            self.remark("", outdated(Some(as_of), newer));
            return Ok(Outcome::Skipped);
        }
        check_taken_back(&figures, lines, &figure)?;
        self.withdraw(&mut figures, lines, &figure, line);
        self.withdraw_moved(&row.contract_number, &figure, line);
        let changed = match &known {
            Some(known) => {
                figure.id = known.id;
                figure.row_key.clone_from(&known.row_key);
                figure.event_id = known.event_id;
                if known.as_of == figure.as_of {
                    figure.tells = figure.tells.max(known.tells);
                }
                differing(known, &figure)
            }
            None => Vec::new(),
        };
        figures.retain(|one| one.id != figure.id);
        figures.push(figure);
        self.book_all(&mut figures, line);
        self.store_repayments(key, figures);
        Ok(Outcome::of(known.is_none(), changed))
    }

    /// Money has a day: not before the pay-out, and not after the day of the list. What cannot
    /// have happened by then is never booked: the day of the list or that of the line is wrong,
    /// and a list with a refused line tells of that contract nothing that anybody is accused on.
    fn check_days(
        &self,
        row: &RepaymentRow,
        loan: LoanId,
        as_of: NaiveDate,
    ) -> Result<(), Refusal> {
        let has_money = !money_of(row.kind).is_empty() && !total(row).is_zero();
        if has_money && row.paid_on.is_none() {
            return Err("还款日期：有实还金额却没有还款日期。请补上后重新导入。".to_owned());
        }
        if let Some(day) = row.paid_on.filter(|day| *day > as_of) {
            return Err(too_late("还款日期", day, as_of, "请核对日期，或名单的截止日"));
        }
        if row.kind == RepaymentKind::Unpaid && row.due_on > as_of {
            return Err(too_late("应还日期", row.due_on, as_of, "那时还没有到期，请核对"));
        }
        let signed_on = self.facts.loans.get(&row.contract_number).map(|entry| entry.row.signed_on);
        let from = self.facts.pay_out(loan).map(|event| event.effective_on).or(signed_on);
        let days = [("还款日期", row.paid_on), ("应还日期", Some(row.due_on))];
        for (heading, day) in days {
            if let (Some(day), Some(from)) = (day, from)
                && day < from
            {
                return Err(format!(
                    "{heading}：{day} 早于这份合同的发放日期 {from}，请核对日期后重新导入。"
                ));
            }
        }
        Ok(())
    }

    /// Takes away what the list, being newer and saying enough, does not have any more.
    fn withdraw(
        &mut self,
        figures: &mut Vec<BankFigure>,
        lines: &[BankLine],
        fresh: &BankFigure,
        line: u32,
    ) {
        let list = self.set.list;
        let is_gone = |old: &BankFigure| {
            let named = lines.iter().any(|one| is_place(old, one.paid_on, one.ordinal));
            let spoken_of = match fresh.tells {
                Tells::Line => false,
                Tells::Instalment => is_alike(old, fresh),
                Tells::List => money(old).is_empty() || list.has_money(money(old)),
            };
            !named && spoken_of && old.as_of <= fresh.as_of
        };
        for mut gone in figures.extract_if(.., |old| is_gone(old)) {
            self.take_away(&mut gone, line);
        }
    }

    /// Takes a line away, and what it stands for.
    pub(in crate::imports) fn take_away(&mut self, gone: &mut BankFigure, line: u32) {
        if let (false, Some(on)) = (money(gone).is_empty(), gone.paid_on) {
            let amount = gone.paid_fen.to_page_text();
            self.remark("还款日期", format!("这份名单不再有 {on} 的 {amount} 元，已冲回。"));
        }
        self.book(gone, None, None, line);
        self.change.gone.push(gone.id);
        self.change.figures.remove(&gone.row_key);
    }

    /// Books what these lines of one instalment come to.
    fn book_all(&mut self, figures: &mut [BankFigure], line: u32) {
        let taken = taken_back(&places(figures));
        for figure in figures {
            let place = (figure.paid_on, figure.ordinal);
            let taken_on = taken.iter().find(|(_, of)| *of == place).and_then(|(by, _)| by.0);
            let target = event_kind(figure).filter(|_| taken_on.is_none());
            self.book(figure, target, taken_on, line);
        }
    }

    /// Makes `target` stand under a line: whatever else does is reversed.
    fn book(
        &mut self,
        figure: &mut BankFigure,
        target: Option<EventKind>,
        taken_on: Option<NaiveDate>,
        line: u32,
    ) {
        let loan = figure.loan_id;
        if let (None, Some(kind), Some(on)) = (figure.event_id, target, self.counts_on(figure)) {
            figure.event_id = self.recorded_before(loan, kind, on);
        }
        let standing = figure.event_id.and_then(|id| {
            self.facts.life.get(&loan).into_iter().flatten().find(|event| event.id == id).cloned()
        });
        let agrees = match &standing {
            Some(row) => {
                self.counts_on(figure) == Some(row.effective_on)
                    && row.event().ok().map(|event| event.kind) == target
            }
            None => target.is_none(),
        };
        if agrees {
            return;
        }
        if let Some(row) = standing {
            let id = EventId::new(self.set.next_id());
            let (on, kind) =
                (taken_on.unwrap_or(row.effective_on), EventKind::Reversed { of: row.id });
            let event = Event { id, on, recorded_at: None, kind };
            self.append(loan, &event, format!("reversed:{}", row.id), String::new(), line);
            figure.event_id = None;
        }
        if let (Some(kind), Some(on)) = (target, self.counts_on(figure)) {
            let id = EventId::new(self.set.next_id());
            let event = Event { id, on, recorded_at: None, kind };
            let key = self.fresh_key(loan, &format!("{}:{}", figure.row_key, self.set.import_id));
            self.append(loan, &event, key, figure.channel.clone(), line);
            figure.event_id = Some(id);
        }
    }

    /// The event of the same money that the desk has recorded before the bank's list came, and that
    /// no line stands for yet: it is not booked twice, and the bank's day wins. Money by hand is
    /// of the same amount; an early repayment is what the bank's answer to the request was about.
    fn recorded_before(&self, loan: LoanId, kind: EventKind, on: NaiveDate) -> Option<EventId> {
        let life = self.facts.life.get(&loan)?;
        let is_same = |row: &&EventRow| match kind {
            EventKind::Prepaid { .. } => early_repayment::is_answer(row),
            _ => {
                row.command_key.starts_with(posting::KEY)
                    && row.event().is_ok_and(|event| event.kind == kind)
            }
        };
        let is_near = |row: &&EventRow| days_between(row.effective_on, on).abs() <= SAME_MONEY_DAYS;
        let is_free = |row: &&EventRow| {
            let undone = life.iter().any(|other| other.reverses_id == Some(row.id));
            let mut lines = self.facts.repayments.values().flatten();
            !undone && !lines.any(|line| line.event_id == Some(row.id))
        };
        life.iter().filter(is_same).filter(is_near).find(is_free).map(|row| row.id)
    }

    /// The day on which the money of a line counts. What the bank calls 正常还款 and debits on the
    /// next working day (a due day on a Sunday) was paid on the due day: the bank's own word.
    fn counts_on(&self, figure: &BankFigure) -> Option<NaiveDate> {
        let (paid_on, due_on) = (figure.paid_on?, figure.due_on?);
        let last = self.set.policy.on_time_until(due_on);
        let regular = RepaymentKind::from_chinese(&figure.kind) == Some(RepaymentKind::Regular);
        Some(if regular && paid_on > due_on && paid_on <= last { due_on } else { paid_on })
    }

    /// The key, or the key with the next number behind it: what was booked under a line and
    /// undone may be booked again.
    fn fresh_key(&self, loan: LoanId, key: &str) -> String {
        let life = self.facts.life.get(&loan).into_iter().flatten();
        match life.filter(|event| event.command_key.starts_with(key)).count() {
            0 => key.to_owned(),
            n => format!("{key}#{n}"),
        }
    }

    /// Keeps the lines of an instalment, and has those written that are not stored just so.
    pub(in crate::imports) fn store_repayments(
        &mut self,
        key: (LoanId, NaiveDate),
        figures: Vec<BankFigure>,
    ) {
        let before = self.facts.repayments.get(&key).cloned().unwrap_or_default();
        for figure in &figures {
            let known = before.iter().find(|one| one.id == figure.id);
            if !known.is_some_and(|known| same_figure(known, figure)) {
                self.change.figures.insert(figure.row_key.clone(), figure.clone());
            }
        }
        self.facts.repayments.insert(key, figures);
    }
}

fn too_late(heading: &str, day: NaiveDate, as_of: NaiveDate, advice: &str) -> Refusal {
    format!("{heading}：{day} 晚于这份名单的截止日 {as_of}，{advice}后重新导入。")
}

fn fill(figure: &mut BankFigure, row: &RepaymentRow) {
    figure.due_on = Some(row.due_on);
    figure.paid_on = row.paid_on;
    figure.kind = row.kind.to_chinese().to_owned();
    figure.channel = row.channel.clone().unwrap_or_default();
    figure.due_principal_fen = row.due_principal.unwrap_or_default();
    figure.due_interest_fen = row.due_interest.unwrap_or_default();
    figure.waived_fen = row.waived_interest.unwrap_or_default();
    figure.paid_principal_fen = row.paid_principal;
    figure.paid_interest_fen = row.paid_interest.unwrap_or_default();
    figure.paid_penalty_fen = row.paid_penalty.unwrap_or_default();
    figure.balance_fen = row.balance_after;
    figure.paid_fen = total(row);
}

/// Headings of what a line says otherwise than the one on record.
fn differing(known: &BankFigure, figure: &BankFigure) -> Vec<&'static str> {
    let paid = |one: &BankFigure| {
        (one.paid_fen, one.paid_principal_fen, one.paid_interest_fen, one.paid_penalty_fen)
    };
    let due = |one: &BankFigure| (one.due_principal_fen, one.due_interest_fen, one.waived_fen);
    [
        ("实还合计（元）", paid(known) != paid(figure)),
        ("还款类型", known.kind != figure.kind),
        ("还款渠道", known.channel != figure.channel),
        ("应还金额（元）", due(known) != due(figure)),
        ("还款后贷款余额（元）", known.balance_fen != figure.balance_fen),
    ]
    .into_iter()
    .filter_map(|(heading, differs)| differs.then_some(heading))
    .collect()
}

/// Money of the same kind for the same dues, or no money.
fn is_alike(one: &BankFigure, other: &BankFigure) -> bool {
    let due = |figure: &BankFigure| (figure.due_principal_fen, figure.due_interest_fen);
    due(one) == due(other) && (money(one).is_empty() || money(one) == money(other))
}

/// The day of newer figures that have said what there is to say about a line.
fn newer_day(
    figures: &[BankFigure],
    known: Option<&BankFigure>,
    figure: &BankFigure,
) -> Option<NaiveDate> {
    let newer = |one: &&BankFigure| one.as_of > figure.as_of;
    if let Some(known) = known {
        return Some(known).filter(newer).map(|known| known.as_of);
    }
    let speaks = |one: &&BankFigure| match one.tells {
        Tells::Line => false,
        Tells::Instalment => is_alike(figure, one),
        Tells::List => true,
    };
    figures.iter().filter(newer).filter(speaks).map(|one| one.as_of).max()
}

/// What cannot be booked as the line has it.
fn check_money(figure: &BankFigure) -> Result<(), Refusal> {
    let is_early = figure.kind == RepaymentKind::Early.to_chinese();
    let whole = figure.balance_fen.is_some_and(Fen::is_zero);
    if is_early
        && figure.paid_fen.is_positive()
        && !whole
        && !figure.paid_principal_fen.is_positive()
    {
        return Err("实还本金（元）：提前还款没有本金，请核对后重新导入。".to_owned());
    }
    let takes = figure.paid_fen < Fen::ZERO;
    if takes
        && RepaymentKind::from_chinese(&figure.kind).is_none_or(|kind| money_of(kind).is_empty())
    {
        return Err("实还合计（元）：这种还款类型不能是负数，请核对后重新导入。".to_owned());
    }
    Ok(())
}

/// A line by its place in the instalment.
type Place = (Option<NaiveDate>, i32);

fn places(figures: &[BankFigure]) -> Vec<(Place, Fen)> {
    figures.iter().map(|one| ((one.paid_on, one.ordinal), one.paid_fen)).collect()
}

/// Which lines take back which: each the latest payment of just that amount that was not after
/// it. Taking and taken.
fn taken_back(lines: &[(Place, Fen)]) -> Vec<(Place, Place)> {
    let mut takes: Vec<&(Place, Fen)> =
        lines.iter().filter(|(_, paid)| *paid < Fen::ZERO).collect();
    takes.sort();
    let mut found: Vec<(Place, Place)> = Vec::new();
    for (by, amount) in takes {
        let latest = lines
            .iter()
            .filter(|(of, paid)| paid.is_positive() && *paid + *amount == Fen::ZERO && of.0 <= by.0)
            .filter(|(of, _)| !found.iter().any(|(_, taken)| taken == of))
            .max();
        found.extend(latest.map(|(of, _)| (*by, *of)));
    }
    found
}

/// A payment that is taken back must be known, or come with the same list.
fn check_taken_back(
    figures: &[BankFigure],
    lines: &[BankLine],
    figure: &BankFigure,
) -> Result<(), Refusal> {
    if figure.paid_fen >= Fen::ZERO {
        return Ok(());
    }
    let own = (figure.paid_on, figure.ordinal);
    let mut all = vec![(own, figure.paid_fen)];
    let listed = lines.iter().map(|one| ((one.paid_on, one.ordinal), one.total));
    for (place, amount) in listed.chain(places(figures)) {
        if !all.iter().any(|(known, _)| *known == place) {
            all.push((place, amount));
        }
    }
    if taken_back(&all).iter().any(|(by, _)| *by == own) {
        return Ok(());
    }
    Err(format!(
        "实还合计（元）：银行退回 {} 元，但这一期没有金额相同的还款可以冲回。\
         请先导入包含那笔还款的还款明细，或请银行核对。",
        (Fen::ZERO - figure.paid_fen).to_page_text()
    ))
}
