//! `/family-contacts` as a list: what an address asks, its tabs, its rows and their order.
//! Nothing here is ever an error: a value that cannot be read is as if it were not there.

use chrono::{Datelike as _, NaiveDate};
use diesel::prelude::*;

use crate::base::ids::StaffId;
use crate::base::scope::Scope;
use crate::book::contact::task::{AssigneeKind, ContactTask, Reason};
use crate::plumbing::schema::{loan_file, person};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::files;
use crate::web::list::kit::{Condition, Keyset, Term};

pub const PATH: &str = "/family-contacts";
/// The next family of a list.
pub const NEXT: &str = "/family-contacts/next";
/// In an address: those without a township, school or assignee.
pub const NONE: &str = "-";

/// The tabs: list and name.
pub const LISTS: [(&str, &str); 7] = [
    ("", "未联系"),
    ("today", "今天要联系"),
    ("mine", "我联系的"),
    ("enters", "开始还款的"),
    ("done", "已联系"),
    ("lost", "失联"),
    ("all", "全部"),
];

crate::list_params! {
    /// The address as it came, most fields empty.
    ListParams {
        /// Part of a name, or the end of an identity number.
        q,
        /// `today`, `mine`, `enters`, `done`, `lost`, `all`; nothing: not spoken with yet.
        list,
        /// 乡镇.
        township,
        /// 毕业高中.
        school,
        /// `clerk`, `school`, `village`.
        kind,
        /// Name of the clerk, school or village that is to do it.
        who,
        year,
    }
}

/// The families of a year, by the day of the next try.
#[derive(Clone, Debug)]
pub struct Filter {
    /// One of [`LISTS`].
    pub list: String,
    pub me: StaffId,
    pub today: NaiveDate,
    pub year: i32,
    /// Part of a name, or the end of an identity number.
    pub named: Option<Condition>,
    /// 乡镇; empty: without one.
    pub township: Option<String>,
    /// 毕业高中; empty: without one.
    pub school: Option<String>,
    pub kind: Option<AssigneeKind>,
    /// Who is to do it, by name; empty: nobody.
    pub who: Option<String>,
}

/// One row of the list.
#[derive(Clone, Debug, Queryable)]
pub struct Row {
    pub duty: ContactTask,
    pub file_no: String,
    pub name: String,
    pub id_mask: String,
    /// 乡镇.
    pub township: String,
    /// 村.
    pub village: String,
    /// 毕业高中.
    pub school: String,
}

impl Filter {
    fn tab(&self, list: &str) -> Condition {
        let open = Condition::new("contact_duty.state = 'open'");
        match list {
            "today" => open.and(Condition::new("contact_duty.next_on <= ?").bind(self.today)),
            "mine" => open.and(Condition::new("contact_duty.staff_id = ?").bind(self.me.get())),
            "enters" => {
                let reason = Reason::EntersRepayment.as_text();
                open.and(Condition::new("contact_duty.reason = ?").bind(reason))
            }
            "done" => Condition::new("contact_duty.state = 'done'"),
            "lost" => Condition::new("contact_duty.state = 'lost'"),
            "all" => Condition::new("contact_duty.state <> 'excused'"),
            _ => open,
        }
    }

    /// What holds whatever the list.
    fn common(&self) -> Condition {
        let bind = |text: &str, value: Option<&str>| Some(Condition::new(text).bind(value?));
        let of = [
            Some(Condition::new("contact_duty.year = ?").bind(self.year)),
            bind("contact_duty.assignee_kind = ?", self.kind.map(AssigneeKind::as_text)),
            bind("contact_duty.assignee = ?", self.who.as_deref()),
            bind("person.township = ?", self.township.as_deref()),
            bind("loan_file.high_school = ?", self.school.as_deref()),
            self.named.clone(),
        ];
        Condition::all(of.into_iter().flatten())
    }
}

impl List for Filter {
    type Row = Row;

    fn tables(&self) -> Tables {
        let tables = "contact_duty JOIN loan_file ON loan_file.id = contact_duty.file_id \
             JOIN person ON person.id = loan_file.person_id";
        Tables(tables, "contact_duty.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            ContactTask::as_select(),
            loan_file::file_no,
            person::name,
            person::id_mask,
            person::township,
            person::village,
            loan_file::high_school,
        )
    }

    fn condition(&self) -> Condition {
        self.common().and(self.tab(&self.list))
    }

    fn order(&self) -> Keyset<Row> {
        const NEXT: Term<Row> = Term::day("contact_duty.next_on", |row| row.duty.next_on.into());
        const FILE: Term<Row> =
            Term::whole("contact_duty.file_id", |row| row.duty.file_id.get().into());
        const { Keyset(&[NEXT, FILE]) }
    }

    /// Without a place only the duties are read.
    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        let Tables(joined, office) = self.tables();
        let bare = self.township.is_none() && self.school.is_none() && self.named.is_none();
        let tables = if bare { "contact_duty" } else { joined };
        (Tables(tables, office), self.common().and(self.tab("all")))
    }

    fn tabs(&self) -> Vec<Condition> {
        LISTS.iter().map(|(list, _)| self.tab(list)).collect()
    }
}

fn text(field: &str) -> Option<String> {
    match field.trim() {
        "" => None,
        NONE => Some(String::new()),
        some => Some(some.to_owned()),
    }
}

impl ListParams {
    /// What was understood, for a person on a day.
    pub fn to_filter(&self, me: StaffId, today: NaiveDate) -> Filter {
        let year = self.year.trim().parse().ok().filter(|year| (2000..=2100).contains(year));
        Filter {
            list: self.list.clone(),
            me,
            today,
            year: year.unwrap_or(today.year()),
            named: files::named(&self.q),
            township: text(&self.township),
            school: text(&self.school),
            kind: AssigneeKind::from_text(&self.kind),
            who: text(&self.who),
        }
    }
}
