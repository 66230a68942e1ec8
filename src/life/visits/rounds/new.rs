//! `/visits/rounds/new`: plans a round from sheets that are out. The program proposes the order;
//! whom to visit, when and by whom is decided by people.

use std::collections::HashSet;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::houses;
use super::rules::{self, House, RoundState, StopState, Village};
use super::store::{self, Round, VisitStop};
use crate::app::App;
use crate::base::ids::{BatchId, RoundId, SheetId, StaffId};
use crate::book::audit_log::AuditEntry;
use crate::book::staff::{self, Right};
use crate::error::{AppError, AppResult};
use crate::life::visits::sheets::store as sheets;
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, answer};
use crate::web::session::SignedIn;

/// Most stops of a round: more than two people can do in a day.
const STOPS_MAX: usize = 60;
/// Days ahead a round may be planned.
const DAYS_AHEAD: u64 = 180;
/// Longest title and name in characters.
const TEXT_MAX: usize = 40;

/// A visitor to choose.
#[derive(Debug, Serialize)]
struct Visitor {
    value: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct NewPage {
    #[serde(skip)]
    begins: Fields,
    staff: Vec<Visitor>,
    /// The same with nobody first.
    second: Vec<Visitor>,
    villages: Vec<Village>,
    households: usize,
    /// Sheets that are planned already in another round.
    planned: usize,
}

impl FormPage for NewPage {
    const TEMPLATE: &'static str = "visits/round_new.html";
    const REFUSED_AT: &'static str = "places";

    fn fields(&self) -> Fields {
        self.begins.clone()
    }
}

/// The plan of a day.
#[derive(Debug)]
struct Plan {
    on_day: NaiveDate,
    /// What it is called.
    title: String,
    /// The visitor with the phone: identity and name.
    first: (i64, String),
    /// The other: identity when they are staff, and name.
    second: (Option<i64>, String),
    /// Whom they go to, in order.
    houses: Vec<House>,
}

/// What can be planned.
struct Offer {
    houses: Vec<House>,
    staff: Vec<(i64, String)>,
    planned: usize,
    /// The places of one batch.
    of_batch: HashSet<SheetId>,
}

async fn offer(app: &App, me: &SignedIn, batch: Option<BatchId>) -> AppResult<Offer> {
    let scope = me.scope.clone();
    app.read(move |db| {
        let planned = store::planned(db, &scope)?;
        let (taken, free): (Vec<House>, Vec<House>) =
            houses::out(db, &scope)?.into_iter().partition(|h| planned.contains(&h.sheet_id));
        let families: HashSet<_> = taken.iter().map(|house| house.file_id).collect();
        let free = free.into_iter().filter(|house| !families.contains(&house.file_id)).collect();
        let staff = staff::all(db, &scope)?
            .into_iter()
            .filter(|one| one.active && one.role.may(Right::EditPeople))
            .map(|one| (one.id.get(), one.name))
            .collect();
        let of_batch = match batch {
            Some(id) => sheets::sheets_of(db, &scope, id)?.iter().map(|one| one.id).collect(),
            None => HashSet::new(),
        };
        Ok(Offer { houses: rules::in_order(free), staff, planned: families.len(), of_batch })
    })
    .await
}

/// The page; `form` says which villages are ticked.
fn page(offer: &Offer, form: &Fields) -> NewPage {
    let visitor =
        |(id, name): &(i64, String)| Visitor { value: id.to_string(), text: name.clone() };
    let nobody = Visitor { value: String::new(), text: "不是本中心的人".to_owned() };
    let chosen: HashSet<&str> = form.all("place").collect();
    NewPage {
        staff: offer.staff.iter().map(visitor).collect(),
        second: [nobody].into_iter().chain(offer.staff.iter().map(visitor)).collect(),
        villages: rules::villages(&offer.houses, &chosen),
        households: offer.houses.len(),
        planned: offer.planned,
        begins: form.clone(),
    }
}

/// Whose villages are ticked at first.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct From {
    batch: Option<i64>,
}

/// `GET /visits/rounds/new`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    from: web::Query<From>,
) -> AppResult<HttpResponse> {
    let offer = offer(&app, &me, from.batch.map(BatchId::new)).await?;
    let mut places: Vec<String> = offer
        .houses
        .iter()
        .filter(|house| offer.of_batch.contains(&house.sheet_id))
        .map(House::place)
        .collect();
    places.dedup();
    let form = Fields::default().with("on_day", app.clock.today()).with("first", me.staff_id);
    let form = places.iter().fold(form, |form, place| form.with("place", place));
    fields::show(&app, &me, &req, &page(&offer, &form))
}

/// `POST /visits/rounds/new`
pub async fn make(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form): (At<'_>, _) = ((&app, &me, &req), form.0);
    let done = try_make(at, &mut form).await;
    let now = async { Ok(page(&offer(&app, &me, None).await?, &form)) };
    answer(at, &form, done, now).await
}

async fn try_make((app, me, _): At<'_>, form: &mut Fields) -> AppResult<Done> {
    let offer = offer(app, me, None).await?;
    let plan = read(form, app.clock.today(), &offer.houses, &offer.staff)?;
    let (id, households) = (RoundId::new(app.next_id()), plan.houses.len());
    let (round, stops) = rows(app, me, id, plan);
    me.act(app, "a visit round planned", move |act| {
        let planned = store::planned(act.db, act.scope)?;
        let twice = stops.iter().filter(|stop| planned.contains(&stop.sheet_id)).count();
        if twice > 0 {
            let why = format!("刚才有人把其中 {twice} 户安排进了另一次走访，请重新选");
            return Err(AppError::refused(why));
        }
        store::add(act.db, &round, &stops)?;
        let (day, visitors) = (round.on_day, round.visitors());
        act.audit(AuditEntry::of(
            "round_made",
            &round.title,
            format!("安排 {day} 走访：{}，{households} 户，{visitors}", round.title),
        ))
    })
    .await?;
    let message = format!("已安排 {households} 户，次序可以再调");
    Ok(Done::to(format!("/visits/rounds/{id}"), message))
}

/// Reads a plan made on `today`, or says what is to be put right. `houses` are in order, `staff`
/// are those who may go.
fn read(
    form: &mut Fields,
    today: NaiveDate,
    houses: &[House],
    staff: &[(i64, String)],
) -> AppResult<Plan> {
    let until = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today);
    let day = |text: &str| text.parse().ok().filter(|day| (today..=until).contains(day));
    let on_day = form.choice("on_day", day, "走访的日子请选今天起半年以内的一天");
    let known = |id: &str| staff.iter().find(|(one, _)| one.to_string() == id).cloned();
    let first = form.choice("first", known, "请选由谁带手机");
    let second = match (known(form.get("second")), form.get("second_name")) {
        (Some((id, name)), "") => Some((Some(id), name)),
        (None, name) if !name.is_empty() && form.get("second").is_empty() => {
            Some((None, name.to_owned()))
        }
        (Some(_), _) => {
            form.reject("second_name", "同行的人只写一位：选本中心的人，或写别人的名字");
            None
        }
        _ => {
            form.reject("second", "走访要两个人同去，请选同行的人，或写村组干部的名字");
            None
        }
    };
    if let (Some((one, _)), Some((Some(other), _))) = (&first, &second)
        && one == other
    {
        form.reject("second", "同行的人和带手机的是同一个人，请另选一位");
    }
    let [title, _] = ["title", "second_name"].map(|name| form.text(name, TEXT_MAX));
    let is_chosen = |house: &&House| form.all("place").any(|place| place == house.place());
    let chosen: Vec<House> = houses.iter().filter(is_chosen).cloned().collect();
    if chosen.is_empty() {
        form.reject("places", "请至少选一个村（社区）");
    } else if chosen.len() > STOPS_MAX {
        let count = chosen.len();
        let why = format!("选了 {count} 户，一天走不完：一次最多 {STOPS_MAX} 户，请少选几个村");
        form.reject("places", why);
    }
    let ((on_day, first), second) = form.checked(on_day.zip(first).zip(second))?;
    Ok(Plan { on_day, title: rules::title(&title, &chosen), first, second, houses: chosen })
}

fn rows(app: &App, me: &SignedIn, id: RoundId, plan: Plan) -> (Round, Vec<VisitStop>) {
    let office_code = me.office.code.clone();
    let stops = (1_i32..)
        .zip(&plan.houses)
        .map(|(no, house)| VisitStop {
            round_id: id,
            no,
            office_code: office_code.clone(),
            place: no,
            sheet_id: house.sheet_id,
            state: StopState::Open,
            done_at: None,
            command_key: None,
        })
        .collect();
    let round = Round {
        id,
        office_code,
        on_day: plan.on_day,
        title: plan.title,
        first_id: StaffId::new(plan.first.0),
        first_name: plan.first.1,
        second_id: plan.second.0.map(StaffId::new),
        second_name: plan.second.1,
        state: RoundState::Open,
        created_at: app.clock.now_at(),
        created_by: me.name.clone(),
        closed_at: None,
        version: 1,
    };
    (round, stops)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::life::visits::rounds::rules::tests::county;

    #[test]
    fn a_plan_needs_two_people_a_day_and_a_village() {
        let (all, today) = (county(), "2026-12-21".parse().unwrap());
        let staff = [(1, "韦清越".to_owned()), (2, "覃立".to_owned())];
        let good = [
            ("on_day", "2026-12-22"),
            ("first", "1"),
            ("second_name", "王主任"),
            ("place", "柳溪镇上湾村"),
            ("place", "柳溪镇下湾村"),
        ];
        let read = |changed: &[(&str, &str)]| {
            let typed = changed.iter().chain(&good);
            read(&mut typed.fold(Fields::default(), |f, (k, v)| f.with(k, v)), today, &all, &staff)
        };
        let fields = |done: AppResult<Plan>| match done.unwrap_err() {
            AppError::Invalid(errors) => errors.into_iter().map(|one| one.field).collect(),
            other => vec![other.to_string()],
        };
        let empty = super::read(&mut Fields::default(), today, &all, &staff);
        assert_eq!(fields(empty), ["on_day", "first", "second", "places"]);
        let plan = read(&[]).unwrap();
        assert_eq!(plan.title, "柳溪镇上湾村等 2 个村（社区）");
        assert_eq!((plan.houses.len(), plan.second), (4, (None, "王主任".to_owned())));
        assert_eq!(fields(read(&[("second", "2")])), ["second_name"]);
        assert_eq!(fields(read(&[("second", "1"), ("second_name", "")])), ["second"]);
        assert_eq!(fields(read(&[("on_day", "2026-12-20")])), ["on_day"]);
    }
}
