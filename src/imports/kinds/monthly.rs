//! 资助月报表: what the county reports of a month.

use crate::base::ids::ImportId;
use crate::book::monthly::{self, MonthlyFigure};
use crate::imports::kind::*;
use crate::imports::records::Record;
use chrono::NaiveDate;

layout! {
    /// A line of 资助月报表.
    MONTHLY: MonthlyRow = "monthly", "资助月报表", "学生资助月报表（助学贷款）";
    key |row| row.month.to_string();
    must month: MonthName = "月份" | "月度|统计月份";
    must signed: Count = "新签合同（笔）" | "新签合同笔数";
    must signed_amount: Money = "新签合同金额（元）";
    must disbursed: Count = "发放（笔）" | "发放笔数|放款笔数";
    must disbursed_amount: Money = "发放金额（元）" | "放款金额";
    must repaid: Count = "还款（笔）" | "还款笔数";
    must principal: Money = "收回本金（元）";
    must interest: Money = "收回利息（元）";
    must penalty: Money = "收回罚息（元）";
    may compensated: Money = "其中：国家代偿（元）" | "国家代偿";
    must balance: Money = "月末贷款余额（元）" | "月末余额|贷款余额";
}

impl crate::imports::written::Kind for MonthlyFigure {
    const KIND: &'static str = "month";
    fn row_id(&self) -> i64 {
        i64::from(chrono::Datelike::num_days_from_ce(&self.month))
    }
    fn bare(&self) -> Self {
        self.clone()
    }
}

impl Record for MonthlyFigure {
    type Key = NaiveDate;
    fn key(&self) -> NaiveDate {
        self.month
    }
    fn replace(&mut self, _old: &Self) {}
    fn import_id(&mut self) -> &mut ImportId {
        &mut self.import_id
    }
    fn title(&self) -> String {
        format!("{} 的资助月报", self.month.format("%Y-%m"))
    }
    fn by_ids(db: &mut Db, scope: &Scope, _ids: &[i64]) -> AppResult<Vec<Self>> {
        monthly::all(db, scope)
    }
    fn remove_all(db: &mut Db, scope: &Scope, rows: &[Self]) -> AppResult<()> {
        let months: Vec<NaiveDate> = rows.iter().map(|one| one.month).collect();
        monthly::remove(db, scope, &months)
    }
    fn put_all(db: &mut Db, rows: &[Self]) -> AppResult<()> {
        monthly::put_all(db, rows)
    }
}

impl ImportKind for MonthlyRow {
    const AFTER: &'static [Layout] = &[];
    const RECORDS: Option<Undone> = Some(undone::<MonthlyFigure>);

    fn load(db: &mut Db, scope: &Scope, _rows: &[&Self], facts: &mut Facts) -> AppResult<()> {
        facts.keep(monthly::all(db, scope)?);
        Ok(())
    }

    fn decide(&self, plan: &mut Plan<'_>, _line: u32) -> Result<Outcome, Refusal> {
        let fresh = MonthlyFigure {
            office_code: plan.set.scope.own().to_owned(),
            month: self.month,
            signed: self.signed,
            signed_fen: self.signed_amount,
            disbursed: self.disbursed,
            disbursed_fen: self.disbursed_amount,
            repaid: self.repaid,
            principal_fen: self.principal,
            interest_fen: self.interest,
            penalty_fen: self.penalty,
            compensated_fen: self.compensated.unwrap_or_default(),
            balance_fen: self.balance,
            import_id: plan.set.import_id,
        };
        let (new, changed) = plan.facts.record(fresh);
        Ok(Outcome::of(new, changed))
    }
}
