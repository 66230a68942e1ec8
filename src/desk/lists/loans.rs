//! 贷款档案: the list of loan files.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::choice::Choice;
use crate::base::scope::Scope;
use crate::book::importing;
use crate::error::AppResult;
use crate::plumbing::revision::{Answers, Revision};
use crate::web::list::declare::{Counts, List as _};
use crate::web::list::export::Column;
use crate::web::list::files::{self, Choices, Row, Sums};
use crate::web::list::filter::{Filter, ListParams, Sort};
use crate::web::list::kit::Side;
use crate::web::list::page::{Export, Found, ListPage};
use crate::web::list::params::Params;
use crate::web::list::words::{COLUMNS, RowWords, assumed, row_words};
use crate::web::session::SignedIn;

const PATH: &str = "/loans";

/// The stages of a file, as the query row offers them.
const STAGES: [(&str, &str); 5] = [
    ("undisbursed", "待放款"),
    ("in_study", "在读"),
    ("grace", "宽限期"),
    ("repaying", "还本付息"),
    ("settled", "已结清"),
];

#[derive(Serialize)]
pub struct View {
    /// What is to be said while a large import is being posted.
    importing: &'static str,
    sums: Sums,
    rows: Vec<RowWords>,
    choices: Choices,
    stages: [Choice; 5],
    sort: &'static str,
    sort_links: BTreeMap<&'static str, String>,
    size_links: Vec<(i64, String, bool)>,
    /// What the next due amounts say besides.
    assumed: &'static str,
    /// No file at all in this office: a new installation.
    is_new: bool,
}

/// The address of the list of loan files.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub struct LoansParams(ListParams);

impl Params for LoansParams {
    fn fields(&self) -> Vec<(&'static str, &str)> {
        self.0.fields()
    }

    fn place(&self) -> (&str, &str) {
        self.0.place()
    }
}

impl Export for LoansParams {
    const NAME: (&'static str, &'static str) = ("贷款档案", "人");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &COLUMNS;
    const ON_PAPER: &'static [&'static str] = &[
        "档案号",
        "姓名",
        "身份证号（遮盖）",
        "村（社区）",
        "就读高校",
        "阶段",
        "合同份数",
        "本金余额（元）",
        "到期未还（元）",
        "逾期天数",
        "待银行结果（元）",
        "下次应还日",
        "下次应还（元）",
    ];

    fn remark(app: &App) -> String {
        assumed(app)
    }
}

/// What the page says beside its rows, and needs many rows for.
#[derive(Debug, Default)]
struct Known {
    counts: Answers<(Scope, Filter), Counts>,
    choices: Answers<Scope, Choices>,
}

impl ListPage for LoansParams {
    type List = Filter;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "loans/list.html";
    const NOT_NARROWING: &'static [&'static str] = &["sort", "size"];

    fn list(&self, _: &SignedIn, _: NaiveDate) -> Filter {
        self.0.to_filter()
    }

    fn size(filter: &Filter) -> i64 {
        filter.size
    }

    fn counts(Found { app, db, scope, list, .. }: &mut Found<'_, Self>) -> AppResult<Counts> {
        let state = (Revision::of(db)?, importing::patience(db, scope)?);
        let key = (scope.clone(), Filter { side: Side::Start, ..list.clone() });
        let known = app.shared.get::<Known>();
        known.counts.get((db, &state.0, state.1), key, |db| list.counts(db, scope))
    }

    fn view(
        &self,
        Found { app, db, scope, list, rows, counts }: Found<'_, Self>,
    ) -> AppResult<View> {
        let (sums, policy, today) = (Sums::from(counts), app.policy(), app.clock.today());
        let (revision, patience) = (Revision::of(db)?, importing::patience(db, scope)?);
        let known = app.shared.get::<Known>();
        let choices = known
            .choices
            .get((db, &revision, patience), scope.clone(), |db| files::choices(db, scope))?;
        let sized = |n: i64| (n, self.link(PATH, &[("size", &n.to_string())]), n == list.size);
        let sorts = [("file_no", ""), ("next_due", "next_due"), ("balance", "balance")];
        let sorted = |(name, sort)| (name, self.link(PATH, &[("sort", sort)]));
        let mut due = rows.iter().filter_map(|row| policy.assumed(row.next_due_on?));
        Ok(View {
            importing: patience.map_or("", |_| importing::NOTE),
            is_new: sums.files == 0 && !self.is_narrowed(Self::NOT_NARROWING),
            sums,
            choices,
            stages: STAGES.map(|(value, text)| Choice::new(value, text)),
            sort: match list.sort {
                Sort::FileNo => "file_no",
                Sort::NextDue => "next_due",
                Sort::Balance => "balance",
            },
            sort_links: sorts.map(sorted).into(),
            size_links: [10, 50, 100].into_iter().map(sized).collect(),
            assumed: due.next().unwrap_or_default(),
            rows: rows.iter().map(|row| row_words(row, today)).collect(),
        })
    }
}
