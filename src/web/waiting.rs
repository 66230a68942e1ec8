//! What waits for a person: the lines of the workbench, and those of them that ring in the head of
//! every page. Stages and pages of the desk each give their own; this keeps where to ask.

use chrono::NaiveDate;

use crate::app::App;
use crate::base::ids::StaffId;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::web::session::SignedIn;

/// For whom something waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Whoever has the right.
    Right(Right),
    /// The same without who began it: a second pair of eyes.
    SecondPerson(Right, StaffId),
    /// One member of staff.
    Own(StaffId),
}

/// A line of the workbench: so many wait for a person, there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The length of the list behind [`Waiting::link`]; a line of none is not shown.
    pub count: i64,
    /// What follows the number: `家庭今天要联系`.
    pub what: &'static str,
    pub link: &'static str,
    pub whose: Whose,
    /// A decision or an answer, not a day's work: it rings.
    pub rings: bool,
}

impl Waiting {
    pub const fn work(count: i64, what: &'static str, link: &'static str) -> Waiting {
        Waiting { count, what, link, whose: Whose::Right(Right::SeeLoans), rings: false }
    }

    /// Others wait for it.
    pub const fn decision(
        count: i64,
        what: &'static str,
        link: &'static str,
        whose: Whose,
    ) -> Waiting {
        Waiting { count, what, link, whose, rings: true }
    }

    pub fn is_for(&self, me: &SignedIn) -> bool {
        match self.whose {
            Whose::Right(right) => me.may(right),
            Whose::SecondPerson(right, first) => me.may(right) && me.staff_id != first,
            Whose::Own(id) => me.staff_id == id,
        }
    }
}

/// Where lines come from; the day is today.
pub type Source = fn(&mut Db, &Scope, &Policy, NaiveDate) -> AppResult<Vec<Waiting>>;

/// Of a stage without lines, or of which none rings.
pub const NOTHING: Source = |_, _, _, _| Ok(Vec::new());

/// Put together with the program.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// In the order of the workbench.
    pub workbench: Vec<Source>,
    /// Those with lines that ring: counted again after every change, so they must be quick.
    pub bell: Vec<Source>,
}

/// Everything that waits in these offices, whoever it is for.
pub fn all(app: &App, db: &mut Db, scope: &Scope) -> AppResult<Vec<Waiting>> {
    lines(app, db, scope, &app.shared.get::<Sources>().workbench)
}

/// What rings in these offices, whoever it is for.
pub fn bell(app: &App, db: &mut Db, scope: &Scope) -> AppResult<Vec<Waiting>> {
    let mut lines = lines(app, db, scope, &app.shared.get::<Sources>().bell)?;
    lines.retain(|line| line.rings);
    Ok(lines)
}

fn lines(app: &App, db: &mut Db, scope: &Scope, of: &[Source]) -> AppResult<Vec<Waiting>> {
    let (policy, today) = (app.policy(), app.clock.today());
    let mut lines = Vec::new();
    for source in of {
        lines.extend(source(db, scope, &policy, today)?.into_iter().filter(|line| line.count > 0));
    }
    Ok(lines)
}

/// What is for one person; lines of one list are one.
pub fn of<'a>(lines: impl IntoIterator<Item = &'a Waiting>, me: &SignedIn) -> Vec<Waiting> {
    let mut own: Vec<Waiting> = Vec::new();
    for line in lines.into_iter().filter(|line| line.is_for(me)) {
        match own.iter_mut().find(|known| known.link == line.link) {
            Some(known) => known.count += line.count,
            None => own.push(*line),
        }
    }
    own
}
