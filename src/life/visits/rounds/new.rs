//! `/visits/rounds/new`: plans a round from sheets that are out. The program proposes the order;
//! whom to visit, when and by whom is decided by people.

use std::collections::HashSet;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::houses;
use super::rules::{self, House, Plan, RoundState, StopState, Typed, Village};
use super::store::{self, Round, VisitStop};
use crate::app::App;
use crate::base::ids::{BatchId, RoundId, SheetId, StaffId};
use crate::book::history::AuditEntry;
use crate::book::staff::{self, Right};
use crate::error::{AppError, AppResult, FieldError};
use crate::life::visits::request::Pairs;
use crate::life::visits::sheets::store as sheets;
use crate::web::form::CsrfForm;
use crate::web::session::SignedIn;
use crate::web::shell;

/// A visitor to choose.
#[derive(Debug, Serialize)]
struct Visitor {
    value: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct NewPage {
    typed: Typed,
    errors: Vec<FieldError>,
    staff: Vec<Visitor>,
    /// The same with nobody first.
    second: Vec<Visitor>,
    villages: Vec<Village>,
    households: usize,
    /// Sheets that are planned already in another round.
    planned: usize,
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

fn page(offer: &Offer, typed: Typed, errors: Vec<FieldError>) -> NewPage {
    let visitor =
        |(id, name): &(i64, String)| Visitor { value: id.to_string(), text: name.clone() };
    let nobody = Visitor { value: String::new(), text: "不是本中心的人".to_owned() };
    let chosen: HashSet<String> = typed.places.iter().cloned().collect();
    NewPage {
        staff: offer.staff.iter().map(visitor).collect(),
        second: [nobody].into_iter().chain(offer.staff.iter().map(visitor)).collect(),
        villages: rules::villages(&offer.houses, &chosen),
        households: offer.houses.len(),
        planned: offer.planned,
        typed,
        errors,
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
    let typed = Typed {
        on_day: app.clock.today().to_string(),
        first: me.staff_id.to_string(),
        places,
        ..Typed::default()
    };
    let page = page(&offer, typed, Vec::new());
    shell::page(&app, &me, &req, "visits/round_new.html", page)
}

/// `POST /visits/rounds/new`
pub async fn make(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: CsrfForm<Pairs>,
) -> AppResult<HttpResponse> {
    let typed = Typed::of(&form.0);
    let offer = offer(&app, &me, None).await?;
    let plan = match rules::read(&typed, app.clock.today(), &offer.houses, &offer.staff) {
        Ok(plan) => plan,
        Err(errors) => {
            let page = page(&offer, typed, errors);
            return shell::refused(&app, &me, &req, "visits/round_new.html", page);
        }
    };
    let (id, households) = (RoundId::new(app.next_id()), plan.houses.len());
    let (round, stops) = rows(&app, &me, id, plan);
    me.act(&app, "a visit round planned", move |act| {
        let planned = store::planned(act.db, act.scope)?;
        let twice = stops.iter().filter(|stop| planned.contains(&stop.sheet_id)).count();
        if twice > 0 {
            let why = format!("刚才有人把其中 {twice} 户安排进了另一次走访，请重新选");
            return Err(AppError::refused(why));
        }
        store::add(act.db, &round, &stops)?;
        act.audit(AuditEntry {
            action: "round_made",
            subject: round.title.clone(),
            summary: format!(
                "安排 {} 走访：{}，{households} 户，{}",
                round.on_day,
                round.title,
                round.visitors()
            ),
            ..AuditEntry::default()
        })
    })
    .await?;
    let said = format!("已安排 {households} 户，次序可以再调");
    shell::done(&app, &format!("/visits/rounds/{id}"), &said)
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
