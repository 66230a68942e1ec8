//! 合同明细: the contract with its terms, its disbursement, the bank's balance.

use crate::base::ids::{EventId, FileId, LoanId, PersonId};
use crate::book::events;
use crate::book::loan::{self, Loan, switches_to_text};
use crate::book::statement::{Event, EventKind, Pricing, StudyLevel};
use crate::imports::facts::Tracked;
use crate::imports::kind::*;
use crate::imports::layout::words::{ContractState, LoanKind};
use crate::imports::money::outdated;
use crate::imports::plan::take;
use crate::plumbing::crypto::Field;
use chrono::NaiveDate;

layout! {
    /// A line of 合同明细. The term is in years, whatever the sheet counts in.
    CONTRACTS: ContractRow = "contracts", "合同明细", "生源地信用助学贷款合同明细";
    key |row| row.contract_number.clone();
    must contract_number: Code = "合同编号" | CONTRACT_NUMBERS;
    may name: Name = "借款学生姓名" | NAMES;
    must id_number: Id = "身份证号" | IDS;
    must loan_year: LoanYear = "贷款学年" | LOAN_YEARS;
    may kind: LoanKind = "首贷续贷" | "首贷/续贷|办理项目|是否新申请|贷款类型";
    must amount: Money = "贷款金额（元）" | AMOUNTS => within_cap("amount", amount, loan_year);
    may tuition: Money = "学费（元）" | "学费应收数|本学年学费";
    may lodging: Money = "住宿费（元）" | "住宿费应收数";
    may term_years: TermYears = "贷款期限（年）" | "贷款年限|借款期限|期限";
    may signed_on: Day = "合同签订日期" | "签订日期|合同签订时间|签订时间|签约日期";
    may disbursed_on: Day = "发放日期" | "放款日期|放款时间|发放时间|贷款开始日期|贷款开始时间";
    must due_on: Day = "到期日期" | "到期日|贷款到期日|合同到期日";
    may subsidy_until: Day = "贴息截止日" | "贴息截止日期|贴息到期日";
    may grace_years: Whole<10> = "还本宽限期（年）" | "宽限期|还本宽限期限";
    may receipt_code: ReceiptCode = "回执校验码" | RECEIPT_CODES;
    may receipt_on: Day = "回执录入日期" | "回执录入时间|回执日期";
    may agent: FreeText = "代理结算机构" | "代理机构|代理结算网点|代理银行";
    may account: FreeText = "还款账户" | "个人账号|贷款账号|还款账号|支付宝账号";
    may co_name: Name = "共同借款人姓名" | CO_NAMES;
    may co_id_number: CoId = "共同借款人身份证号" | CO_IDS
        => note_missing_co_borrower(co_name.as_deref(), co_id_number);
    may status: ContractState = "合同状态" | "贷款状态|状态";
    may balance: Money = "贷款余额（元）" | BALANCES;
}

impl ImportKind for ContractRow {
    const AFTER: &'static [Layout] = &[Layout::BORROWERS];
    const OF_BANK: bool = true;
    const BRING: Option<fn(&Self, &Sealer, &mut BatchContext)> = Some(bring);

    fn load(db: &mut Db, scope: &Scope, rows: &[&Self], facts: &mut Facts) -> AppResult<()> {
        let keys: Vec<String> = rows.iter().map(|row| balance_key(row)).collect();
        facts.load_figures(db, scope, &keys)?;
        let loans = facts.loan_ids();
        *facts.life.stored() = events::of_loans(db, scope, &loans)?;
        Ok(())
    }

    fn decide(&self, plan: &mut Plan<'_>, line: u32) -> Result<Outcome, Refusal> {
        plan.contract(self, line)
    }
}

fn bring(row: &ContractRow, sealer: &Sealer, companions: &mut BatchContext) {
    let index = index_of(sealer, &row.id_number);
    let year = companions.first_years.entry(index.clone()).or_insert(row.loan_year);
    *year = row.loan_year.min(*year);
    companions.people.insert(index);
    companions.contract_nos.insert(row.contract_number.clone());
}

impl Plan<'_> {
    fn contract(&mut self, row: &ContractRow, line: u32) -> Result<Outcome, Refusal> {
        if row.balance.is_some() && self.set.as_of.is_none() {
            return Err(
                "贷款余额（元）：不知道余额是哪一天的。请填写“余额截止日期”后再导入。".to_owned()
            );
        }
        let (index, _) = self.person(&row.id_number, row.name.as_deref())?;
        let Some(student) = self.person_id(&index) else { return Ok(Outcome::Refused) };
        self.check_owner(row, student)?;
        let year = self.first_year(&index, Some(row.loan_year));
        let level = self.level_of(student);
        self.check_cap(row, level)?;
        let co = match &row.co_id_number {
            Some(id) => {
                let (index, _) = self.person(id, row.co_name.as_deref())?;
                self.person_id(&index)
            }
            None => None,
        };
        let outcome = if self.facts.loans.contains_key(&row.contract_number) {
            match (self.change_contract(row, co)?, self.newer_balance(row)) {
                (Outcome::Changed(_), Some(newer)) => {
                    self.remark("", outdated(self.set.as_of, newer));
                    return Ok(Outcome::Skipped);
                }
                (outcome, _) => outcome,
            }
        } else {
            let (file, _) = self.file(student, year);
            self.new_contract(row, file, level, co)?
        };
        self.file_co_borrower(student, co);
        let paid_out = self.disbursement(row, line)?;
        self.balance(row, line);
        Ok(match outcome {
            Outcome::Same if paid_out => Outcome::Changed(vec!["发放日期"]),
            other => other,
        })
    }

    /// The day of a newer list that has told of this contract.
    fn newer_balance(&self, row: &ContractRow) -> Option<NaiveDate> {
        let known = self.facts.figures.get(&balance_key(row))?.as_of;
        self.set.as_of.filter(|as_of| *as_of < known).map(|_| known)
    }

    fn check_owner(&self, row: &ContractRow, student: PersonId) -> Result<(), Refusal> {
        let Some(entry) = self.facts.loans.get(&row.contract_number) else { return Ok(()) };
        let owner = self.facts.student_of.get(&entry.row.file_id);
        if owner.is_some_and(|owner| *owner != student) {
            return Err(format!(
                "身份证号：合同 {} 已登记在另一位借款学生名下，请核对合同编号和身份证号。",
                row.contract_number
            ));
        }
        Ok(())
    }

    fn level_of(&self, student: PersonId) -> StudyLevel {
        let graduate =
            self.facts.files.get(&student).is_some_and(|entry| entry.row.degree.contains("研究生"));
        if graduate { StudyLevel::Graduate } else { StudyLevel::Undergraduate }
    }

    /// Parsing held the amount against the highest cap of the year; here the level of study and
    /// the product are known.
    fn check_cap(&self, row: &ContractRow, level: StudyLevel) -> Result<(), Refusal> {
        let cap = self.set.policy.loan_cap(self.set.product, level, row.loan_year);
        if row.amount > cap && self.degree_known(row) {
            return Err(format!(
                "贷款金额（元）：{} 超过 {}-{} 学年的最高额度 {}。请对照合同核对金额。",
                row.amount.to_page_text(),
                row.loan_year,
                row.loan_year + 1,
                cap.to_page_text()
            ));
        }
        Ok(())
    }

    /// Without the level of study only the higher cap binds, and parsing has seen to that.
    fn degree_known(&self, row: &ContractRow) -> bool {
        let index = index_of(self.set.sealer, &row.id_number);
        self.person_id(&index)
            .and_then(|student| self.facts.files.get(&student))
            .is_some_and(|entry| !entry.row.degree.is_empty())
    }

    fn new_contract(
        &mut self,
        row: &ContractRow,
        file_id: FileId,
        level: StudyLevel,
        co: Option<PersonId>,
    ) -> Result<Outcome, Refusal> {
        let set = self.set;
        let missing = |heading: &str| {
            format!("{heading}：新合同缺这一项，算不出还款计划。请补上后重新导入。")
        };
        let signed_on = row.signed_on.ok_or_else(|| missing("合同签订日期"))?;
        let subsidy_ends_on = row.subsidy_until.ok_or_else(|| missing("贴息截止日"))?;
        check_order(signed_on, row)?;
        let (account_sealed, account_mask) = self.sealed_account(row)?;
        let loan = Loan {
            id: LoanId::new(set.next_id()),
            office_code: set.scope.own().to_owned(),
            file_id,
            contract_no: row.contract_number.clone(),
            product: set.product.as_text().to_owned(),
            loan_year: row.loan_year,
            is_first: row.kind == Some(LoanKind::First),
            level: level.as_text().to_owned(),
            principal_fen: row.amount,
            tuition_fen: row.tuition,
            lodging_fen: row.lodging,
            term_years: row.term_years,
            signed_on,
            subsidy_ends_on,
            final_due_on: row.due_on,
            grace_years: row.grace_years.unwrap_or_else(|| set.policy.grace_years(signed_on)),
            due_month_day: set.policy.due_day(signed_on).to_text(),
            fixed_rate_ppm: match set.policy.pricing(set.product, signed_on) {
                Pricing::Floating => None,
                Pricing::Fixed(rate) => Some(rate),
            },
            penalty_percent: set.policy.penalty_ppm(set.product, signed_on) / 10_000,
            day_count: set.policy.day_count(signed_on).as_text().to_owned(),
            switches: switches_to_text(&set.policy.switches(signed_on)),
            co_person_id: co,
            receipt_code: row.receipt_code.clone().unwrap_or_default(),
            receipt_on: row.receipt_on,
            agent: row.agent.clone().unwrap_or_default(),
            account_sealed,
            account_mask,
            bank_state: row.status.map_or("", ContractState::to_chinese).to_owned(),
            created_at: set.now,
            updated_at: set.now,
            version: 1,
        };
        self.change.touched.insert(loan.id);
        self.facts.loans.insert(row.contract_number.clone(), Tracked::fresh(loan));
        Ok(Outcome::New)
    }

    fn change_contract(
        &mut self,
        row: &ContractRow,
        co: Option<PersonId>,
    ) -> Result<Outcome, Refusal> {
        let now = self.set.now;
        let account = self.changed_account(row)?;
        let known = self.facts.loans.get(&row.contract_number).map(|entry| entry.row.id);
        let paid_out = known.is_some_and(|loan| self.facts.pay_out(loan).is_some());
        let Some(entry) = self.facts.loans.get_mut(&row.contract_number) else {
            return Ok(Outcome::Refused);
        };
        let loan = &mut entry.row;
        if paid_out && loan.principal_fen != row.amount {
            return Err(format!(
                "贷款金额（元）：这份合同已按 {} 发放入账，表中是 {}。已发放的金额不能由导入改动，请先与银行核对。",
                loan.principal_fen.to_page_text(),
                row.amount.to_page_text()
            ));
        }
        if loan.product != self.set.product.as_text() {
            return Err(format!(
                "这份合同登记的是{}，这次导入选的是{}。请核对后重新选择贷款种类。",
                product_words(&loan.product),
                product_words(self.set.product.as_text())
            ));
        }
        let mut changed = Vec::new();
        take(&mut changed, "贷款学年", &mut loan.loan_year, Some(row.loan_year));
        let first = row.kind.map(|kind| kind == LoanKind::First);
        take(&mut changed, "首贷续贷", &mut loan.is_first, first);
        take(&mut changed, "贷款金额（元）", &mut loan.principal_fen, Some(row.amount));
        take(&mut changed, "学费（元）", &mut loan.tuition_fen, row.tuition.map(Some));
        take(&mut changed, "住宿费（元）", &mut loan.lodging_fen, row.lodging.map(Some));
        take(&mut changed, "贷款期限（年）", &mut loan.term_years, row.term_years.map(Some));
        take(&mut changed, "合同签订日期", &mut loan.signed_on, row.signed_on);
        take(&mut changed, "到期日期", &mut loan.final_due_on, Some(row.due_on));
        take(&mut changed, "贴息截止日", &mut loan.subsidy_ends_on, row.subsidy_until);
        take(&mut changed, "还本宽限期（年）", &mut loan.grace_years, row.grace_years);
        take(&mut changed, "回执校验码", &mut loan.receipt_code, row.receipt_code.clone());
        take(&mut changed, "回执录入日期", &mut loan.receipt_on, row.receipt_on.map(Some));
        take(&mut changed, "代理结算机构", &mut loan.agent, row.agent.clone());
        take(&mut changed, "共同借款人身份证号", &mut loan.co_person_id, co.map(Some));
        let state = row.status.map(|state| state.to_chinese().to_owned());
        take(&mut changed, "合同状态", &mut loan.bank_state, state);
        if let Some((sealed, mask)) = account {
            loan.account_sealed = sealed;
            loan.account_mask = mask;
            changed.push("还款账户");
        }
        if !changed.is_empty() {
            loan.updated_at = now;
            loan.version += 1;
            let (id, file, no) = (loan.id, loan.file_id, loan.contract_no.clone());
            entry.touch();
            self.change.touched.insert(id);
            self.tell_change(file, &format!("合同 {no}"), &changed);
        }
        Ok(Outcome::of(false, changed))
    }

    fn sealed_account(&self, row: &ContractRow) -> Result<(Option<Vec<u8>>, String), Refusal> {
        let Some(account) = row.account.as_deref() else { return Ok((None, String::new())) };
        let sealed = loan::seal_account(self.set.sealer, account);
        let (sealed, mask) = sealed.map_err(|error| error.to_string())?;
        Ok((Some(sealed), mask))
    }

    /// The new account, sealed, when the sheet has one and it is not the one on record.
    #[expect(clippy::type_complexity, reason = "a sealed value and its mask, or nothing")]
    fn changed_account(
        &self,
        row: &ContractRow,
    ) -> Result<Option<(Option<Vec<u8>>, String)>, Refusal> {
        let (Some(account), Some(entry)) =
            (row.account.as_deref(), self.facts.loans.get(&row.contract_number))
        else {
            return Ok(None);
        };
        let known = match &entry.row.account_sealed {
            Some(sealed) => self.set.sealer.open_text(Field::Account, sealed).ok(),
            None => None,
        };
        if known.as_deref() == Some(account) {
            return Ok(None);
        }
        self.sealed_account(row).map(Some)
    }

    /// The file names the co-borrower of the latest contract.
    fn file_co_borrower(&mut self, student: PersonId, co: Option<PersonId>) {
        let Some(entry) = self.facts.files.get_mut(&student) else { return };
        if entry.row.co_person_id.is_none() && co.is_some() {
            entry.row.co_person_id = co;
            entry.row.version += 1;
            entry.row.updated_at = self.set.now;
            entry.touch();
        }
    }

    /// The disbursement as an event. True when a contract on record is now paid out.
    fn disbursement(&mut self, row: &ContractRow, line: u32) -> Result<bool, Refusal> {
        let Some(on) = row.disbursed_on else { return Ok(false) };
        let Some(loan) = self.facts.loans.get(&row.contract_number).map(|one| one.row.id) else {
            return Ok(false);
        };
        if let Some(known) = self.facts.pay_out(loan) {
            if known.effective_on != on {
                return Err(format!(
                    "发放日期：这份合同已按 {} 发放入账，表中是 {on}。请先与银行核对。",
                    known.effective_on
                ));
            }
            return Ok(false);
        }
        let mut key = format!("disbursed:{}", row.contract_number);
        if self.facts.life.get(&loan).into_iter().flatten().any(|e| e.command_key == key) {
            // Undone meanwhile: it is booked anew, under a key of its own.
            key = format!("{key}:{}", self.set.import_id);
        }
        let event = Event {
            id: EventId::new(self.set.next_id()),
            on,
            recorded_at: None,
            kind: EventKind::Disbursed { amount: row.amount },
        };
        self.append(loan, &event, key, row.agent.clone().unwrap_or_default(), line);
        Ok(true)
    }

    fn balance(&mut self, row: &ContractRow, line: u32) {
        let (Some(balance), Some(as_of)) = (row.balance, self.set.as_of) else { return };
        let Some(loan) = self.facts.loans.get(&row.contract_number).map(|one| one.row.id) else {
            return;
        };
        let mut figure = self.blank_figure(loan, "contracts", balance_key(row), as_of, line);
        figure.balance_fen = Some(balance);
        figure.kind = row.status.map_or("", ContractState::to_chinese).to_owned();
        self.keep_figure(figure);
    }
}

fn product_words(product: &str) -> &'static str {
    if product == "local" { "地方免息贷款" } else { "国家开发银行贷款" }
}

fn check_order(signed_on: NaiveDate, row: &ContractRow) -> Result<(), Refusal> {
    if row.due_on <= signed_on {
        return Err(format!("到期日期：{} 不晚于签订日期 {signed_on}，请核对合同。", row.due_on));
    }
    if row.disbursed_on.is_some_and(|on| on < signed_on || on >= row.due_on) {
        return Err("发放日期：应在签订日期之后、到期日期之前，请核对合同。".to_owned());
    }
    Ok(())
}

fn balance_key(row: &ContractRow) -> String {
    format!("contracts:{}", row.contract_number)
}
