//! The contact tree beside student and co-borrower: parents, relatives, class teacher, school,
//! village, employer. The only file that writes the table `contact_point`.
//!
//! `may_know` is kept with the person: who may be told amounts, who only that something is due,
//! who only that the family should call.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::record::Party;
use crate::base::ids::{FileId, PointId, text_enum};
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::contact_point;

text_enum! {
    /// What somebody is to the family.
    Kind {
        /// 父母.
        Parent = "parent", "父母";
        /// 亲属.
        Relative = "relative", "亲属";
        /// 同学、朋友.
        Friend = "friend", "同学或朋友";
        /// 班主任.
        Teacher = "teacher", "班主任";
        /// 毕业高中.
        School = "school", "毕业高中";
        /// 村（社区）.
        Village = "village", "村（社区）";
        /// 工作单位.
        Employer = "employer", "工作单位";
        /// 高校（校友办、资助中心）.
        University = "university", "就读高校";
        /// 其他.
        Other = "other", "其他";
    }
}

impl Kind {
    /// As whom a record names them.
    pub const fn party(self) -> Party {
        match self {
            Kind::Parent | Kind::Relative => Party::Family,
            Kind::Teacher | Kind::School => Party::School,
            Kind::Village => Party::Village,
            Kind::Employer => Party::Employer,
            Kind::Friend | Kind::University | Kind::Other => Party::Other,
        }
    }
}

text_enum! {
    /// What somebody may be told.
    MayKnow {
        /// Amounts: only who is liable, or whom they have allowed.
        Amounts = "amounts", "可以说金额";
        /// That an instalment is due, without amounts.
        Due = "due", "只说有到期的款";
        /// Only that the family should call us.
        ContactOnly = "contact_only", "只请转告回电";
    }
}

text_enum! {
    /// What came of the last try with a number.
    Tried {
        Never = "", "没有打过";
        Works = "works", "能打通";
        NoAnswer = "no_answer", "无人接听";
        /// They do not want to be called.
        Refused = "refused", "不愿意接";
        WrongPerson = "wrong_person", "不是本人";
        /// Does not exist any more.
        Dead = "dead", "失效";
    }
}

/// One person of the tree as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = contact_point, treat_none_as_default_value = false)]
pub struct ContactPerson {
    pub id: PointId,
    /// Whose data this is.
    pub office_code: String,
    pub file_id: FileId,
    /// What they are to the family.
    pub kind: Kind,
    pub name: String,
    /// 母亲, 叔叔, 高三（2）班班主任.
    pub relation: String,
    /// Their number, sealed (`Field::Phone`).
    pub phone_sealed: Option<Vec<u8>>,
    pub phone_index: Option<Vec<u8>>,
    /// `138****2741`.
    pub phone_mask: String,
    /// What they may be told.
    pub may_know: MayKnow,
    /// What came of the last try.
    pub tried: Tried,
    pub tried_on: Option<NaiveDate>,
    pub note: String,
    /// Where we know them from.
    pub source: String,
    pub recorded_at: NaiveDateTime,
    /// Taken off the tree.
    pub retired_at: Option<NaiveDateTime>,
    /// Grows with every change.
    pub version: i32,
}

impl ContactPerson {
    /// `班主任 王老师`; a name that only repeats what they are is not said twice.
    pub fn called(&self) -> String {
        let mut words = vec![self.kind.in_words()];
        for more in [self.name.as_str(), self.relation.as_str()] {
            if !more.is_empty() && !words.contains(&more) {
                words.push(more);
            }
        }
        words.join(" ")
    }
}

/// The people of a family's tree that were not taken off it.
pub fn of_file(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Vec<ContactPerson>> {
    Ok(contact_point::table
        .filter(scope.holds(contact_point::office_code))
        .filter(contact_point::file_id.eq(file))
        .filter(contact_point::retired_at.is_null())
        .order(contact_point::id)
        .select(ContactPerson::as_select())
        .load(db)?)
}

/// Puts somebody on the tree.
pub fn add(db: &mut Db, new: &ContactPerson) -> AppResult<()> {
    diesel::insert_into(contact_point::table).values(new).execute(db)?;
    Ok(())
}

/// One person of the tree, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: PointId) -> AppResult<ContactPerson> {
    Ok(contact_point::table
        .filter(scope.holds(contact_point::office_code))
        .filter(contact_point::id.eq(id))
        .select(ContactPerson::as_select())
        .get_result(db)?)
}

/// Notes what came of a try.
pub fn set_tried(
    db: &mut Db,
    scope: &Scope,
    id: PointId,
    (tried, on): (Tried, Option<NaiveDate>),
) -> AppResult<()> {
    diesel::update(
        contact_point::table
            .filter(scope.holds(contact_point::office_code))
            .filter(contact_point::id.eq(id)),
    )
    .set((
        contact_point::tried.eq(tried),
        contact_point::tried_on.eq(on),
        contact_point::version.eq(contact_point::version + 1),
    ))
    .execute(db)?;
    Ok(())
}

/// Takes somebody off the tree; what was recorded about them stays. `Changed` when somebody was
/// quicker.
pub fn retire(db: &mut Db, scope: &Scope, id: PointId, at: NaiveDateTime) -> AppResult<()> {
    let done = diesel::update(
        contact_point::table
            .filter(scope.holds(contact_point::office_code))
            .filter(contact_point::id.eq(id))
            .filter(contact_point::retired_at.is_null()),
    )
    .set((contact_point::retired_at.eq(at), contact_point::version.eq(contact_point::version + 1)))
    .execute(db)?;
    if done == 1 { Ok(()) } else { Err(AppError::Changed) }
}
