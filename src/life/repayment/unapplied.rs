//! `/repayments/unapplied` (多付的钱): whose money waits for a due day, and whose can be given back:
//! a debt that is gone, a waiver that came after the money, more than the next due day asks for.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use crate::base::dates::in_words;
use crate::base::ids::LoanId;
use crate::base::money::Fen;
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::schema::{loan, loan_file, loan_position, person};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;

pub const PATH: &str = "/repayments/unapplied";

/// Nothing will ask for all of it: it is given back, or waits for years.
const TO_GIVE_BACK: &str = "loan_position.surplus_fen > 0 OR loan_position.settled_on IS NOT NULL \
     OR loan_position.unapplied_fen > loan_position.next_due_fen";
const TABS: [(&str, &str); 2] = [("", "要退的"), ("waits", "抵下一期的")];

const MONEY: &str = "loan_position JOIN loan ON loan.id = loan_position.loan_id \
     JOIN loan_file ON loan_file.id = loan.file_id \
     JOIN person ON person.id = loan_file.person_id";

crate::list_params! {
    UnappliedParams {
        /// Part of a name or of a contract number.
        q,
        /// One of [`TABS`].
        tab,
    }
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    #[serde(skip)]
    id: LoanId,
    file_no: String,
    name: String,
    contract_no: String,
    unapplied: Fen,
    surplus: Fen,
    next_due_on: Option<NaiveDate>,
    next_due: Fen,
    settled_on: Option<NaiveDate>,
}

impl Row {
    fn money(&self) -> Fen {
        self.unapplied + self.surplus
    }

    /// Why it is there and what becomes of it, in one sentence.
    fn why(&self, today: NaiveDate) -> String {
        let day = |on: NaiveDate| in_words(on, today);
        match (self.surplus.is_positive(), self.settled_on, self.next_due_on) {
            (true, ..) => "代偿或救助的钱多于欠款，退给学生".to_owned(),
            (_, Some(on), _) => format!("{}已经还清，多出来的要退", day(on)),
            (_, None, Some(on)) if self.unapplied > self.next_due => {
                let asks = self.next_due.to_page_text();
                format!("比{}要还的 ¥{asks} 多，多出来的问家里要退还是留着", day(on))
            }
            (_, None, Some(on)) => format!("{}到期时自动抵", day(on)),
            (_, None, None) => "还没有到期的，先存着".to_owned(),
        }
    }
}

impl List for UnappliedParams {
    type Row = Row;

    fn tables(&self) -> Tables {
        Tables(MONEY, "loan_position.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            loan_position::loan_id,
            loan_file::file_no,
            person::name,
            loan::contract_no,
            loan_position::unapplied_fen,
            loan_position::surplus_fen,
            loan_position::next_due_on,
            loan_position::next_due_fen,
            loan_position::settled_on,
        )
    }

    fn condition(&self) -> Condition {
        Condition::all([self.common(), tab(&self.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        const { Keyset(&[Term::whole("loan_position.loan_id", |row: &Row| row.id.get().into())]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.tables(), self.common())
    }

    fn tabs(&self) -> Vec<Condition> {
        TABS.iter().map(|(key, _)| tab(key)).collect()
    }
}

fn tab(key: &str) -> Condition {
    match key {
        "waits" => Condition::new(&format!("NOT ({TO_GIVE_BACK})")),
        _ => Condition::new(TO_GIVE_BACK),
    }
}

impl UnappliedParams {
    fn common(&self) -> Condition {
        let money = "loan_position.unapplied_fen > 0 OR loan_position.surplus_fen > 0";
        let mut all = vec![Condition::new(money)];
        let q = self.q.trim();
        if !q.is_empty() {
            let text = "person.name_key LIKE ? ESCAPE '\\' OR loan.contract_no LIKE ? ESCAPE '\\'";
            all.push(Condition::new(text).bind(anywhere(&name_key(q))).bind(anywhere(q)));
        }
        Condition::all(all)
    }
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    row: Row,
    money: Fen,
    why: String,
}

impl ListPage for UnappliedParams {
    type List = UnappliedParams;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "repayment/unapplied.html";
    const TABS: Tabs = ("tab", &TABS);

    fn list(&self, _: &SignedIn, _: NaiveDate) -> UnappliedParams {
        self.clone()
    }

    fn view(&self, of: Found<'_, UnappliedParams>) -> AppResult<View> {
        let today = of.app.clock.today();
        let line = |row: Row| Line { money: row.money(), why: row.why(today), row };
        Ok(View { rows: of.rows.into_iter().map(line).collect() })
    }
}

impl Export for UnappliedParams {
    const NAME: (&'static str, &'static str) = ("多付的钱", "份");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("姓名", 10, |row, _| (&row.name).into()),
        ("档案号", 14, |row, _| (&row.file_no).into()),
        ("合同编号", 20, |row, _| (&row.contract_no).into()),
        ("多付（元）", 14, |row, _| row.money().into()),
        ("下次还款日", 12, |row, _| row.next_due_on.into()),
        ("下次要还（元）", 14, |row, _| row.next_due.into()),
        ("还清日期", 12, |row, _| row.settled_on.into()),
        ("说明", 50, |row, today| row.why(*today).into()),
    ];
}
