//! A school's roster compared with all lists in force: back comes a workbook, a line for each hit
//! and for each pupil without one. Of the roster only pupils who are found are stored.

use std::collections::HashMap;

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};

use super::lists;
use super::rules::{place, whose};
use super::steps::{self, Places};
use super::store::{Found, Pupil};
use super::upload::{self, RosterLine};
use crate::base::id_number::IdNumber;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::{Field, Sealer};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{self, Rejected};
use crate::web::list::export::{Column, Workbook};
use crate::web::upload as files;

/// What came of a line of the roster.
struct ResultRow {
    pupil: RosterLine,
    found: Option<Found>,
    elsewhere: String,
}

impl ResultRow {
    fn outcome(&self) -> &'static str {
        match (&self.found, &self.pupil.number) {
            (_, Err(_)) => "读不懂",
            (None, Ok(_)) => "没有比中",
            (Some(one), _) if one.counts => "比中",
            (Some(_), _) => "只作参考",
        }
    }

    fn remark(&self) -> String {
        let why = self.pupil.number.as_ref().err();
        let all = [why.map_or("", String::as_str), &self.pupil.remark];
        all.into_iter().filter(|one| !one.is_empty()).collect::<Vec<_>>().join("；")
    }
}

const COLUMNS: [Column<ResultRow, ()>; 12] = [
    ("花名册行号", 10, |row, ()| i64::from(row.pupil.line).into()),
    ("学校", 26, |row, ()| (&row.pupil.school).into()),
    ("年级", 10, |row, ()| (&row.pupil.grade).into()),
    ("班级", 10, |row, ()| (&row.pupil.class_name).into()),
    ("姓名", 10, |row, ()| (&row.pupil.name).into()),
    ("身份证号", 22, |row, ()| {
        row.pupil.number.as_ref().map_or_else(|_| String::new(), IdNumber::masked).into()
    }),
    ("结果", 10, |row, ()| row.outcome().into()),
    ("名单", 28, |row, ()| row.found.as_ref().map(|one| &one.list_name).into()),
    ("位置", 24, |row, ()| {
        row.found.as_ref().map(|one| place(one.sheet, one.line, one.col)).into()
    }),
    ("本人或家庭成员", 14, |row, ()| {
        row.found.as_ref().map(|one| whose(one.is_member)).into()
    }),
    ("也在别处登记", 24, |row, ()| (&row.elsewhere).into()),
    ("说明", 40, |row, ()| row.remark().into()),
];

/// The pupils whose number can be read.
pub fn pupils(sealer: &Sealer, lines: &[RosterLine]) -> Vec<Pupil> {
    let pupil = |line: &RosterLine| {
        let number = line.number.as_ref().ok()?;
        Some(Pupil {
            id_index: sealer.index(Field::IdNumber, number.as_str()),
            id_mask: number.masked(),
            name: line.name.clone(),
            school: line.school.clone(),
            class_name: format!("{}{}", line.grade, line.class_name),
        })
    };
    lines.iter().filter_map(pupil).collect()
}

fn results(
    sealer: &Sealer,
    lines: &[RosterLine],
    (places, schools): &(Places, HashMap<Vec<u8>, Vec<String>>),
) -> Vec<ResultRow> {
    let mut rows = Vec::new();
    for pupil in lines {
        let index = pupil.number.as_ref().ok();
        let index = index.map(|one| sealer.index(Field::IdNumber, one.as_str()));
        let index = index.unwrap_or_default();
        let others = schools.get(&index).into_iter().flatten().filter(|one| **one != pupil.school);
        let elsewhere = others.cloned().collect::<Vec<_>>().join("、");
        let row = |found| ResultRow { pupil: pupil.clone(), found, elsewhere: elsewhere.clone() };
        match places.get(&index) {
            None => rows.push(row(None)),
            Some(found) => rows.extend(found.iter().cloned().map(Some).map(row)),
        }
    }
    rows
}

/// `POST /matching/roster`
pub async fn compare(
    desk: DeskRequest,
    req: HttpRequest,
    payload: Multipart,
) -> AppResult<HttpResponse> {
    let upload_mb = desk.app.config.upload_mb;
    let mut form = files::read(&req, &desk.me, payload, upload_mb).await?;
    let problem = form.problem(upload_mb).map(|one| one.message);
    let today = desk.today();
    let read = match (form.files.pop(), problem) {
        (_, Some(problem)) => Err(problem),
        (None, None) => Err("还没有选择花名册".to_owned()),
        (Some(file), None) => web::block(move || {
            let lines = upload::read_roster((&file.name, &file.bytes), today)?;
            Ok((file.name, lines))
        })
        .await
        .map_err(AppError::broken)?,
    };
    let (name, lines) = match read {
        Ok(read) => read,
        Err(message) => {
            let at = (&**desk.app, &desk.me, &req);
            let rejected = Rejected::from(AppError::field("roster", message), "roster", "")?;
            return fields::reject(at, &lists::page(&desk).await?, &form.fields, rejected);
        }
    };
    let pupils = pupils(&desk.app.sealer, &lines);
    let found = desk
        .act("matching roster", move |act| steps::compare_roster(act, (&name, &pupils)))
        .await?;
    desk.app.note_change();
    let rows = results(&desk.app.sealer, &lines, &found);
    let workbook = Workbook::new(&rows, &COLUMNS, &());
    workbook.answer(&desk.app, &desk.me, ("花名册比对结果", "行"), "").await
}
