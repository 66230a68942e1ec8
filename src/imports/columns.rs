//! Which kind of sheet it is, and which heading stands for which column: a person chooses, and the
//! office keeps it for the next sheet with these headings. Also the empty sheet of each kind.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::profile::{self, Profiles};
use super::store::{self, ImportJob};
use super::{queue, read};
use crate::app::App;
use crate::base::ids::{ImportId, StaffId};
use crate::base::scope::Scope;
use crate::book::audit_log::AuditEntry;
use crate::error::{AppError, AppResult, FieldError};
use crate::imports::layout::{self, Binding, Chosen, Layout};
use crate::plumbing::crypto::Field;
use crate::plumbing::sheet::write::{self, Head};
use crate::plumbing::sheet::{SheetLimits, Table};
use crate::web::download::{WORKBOOK, attachment};
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, answer};
use crate::web::session::SignedIn;

/// In which states the columns may be chosen: nothing is posted yet.
const OPEN: [&str; 3] = ["uploaded", "checked", "failed"];

#[derive(Clone, Debug, Serialize)]
struct Choice {
    value: &'static str,
    text: String,
}

/// A heading of the sheet.
#[derive(Clone, Debug, Serialize)]
struct HeadingLine {
    /// The name of its field in the form.
    field: String,
    written: String,
    /// What stands under it.
    sample: String,
    /// Key of the column it is read as; blank when it is not read.
    #[serde(skip)]
    value: String,
}

/// `imports/columns.html`
#[derive(Debug, Serialize)]
struct ColumnsPage {
    id: String,
    name: String,
    problem: String,
    kind: &'static str,
    kinds: Vec<Choice>,
    columns: Vec<Choice>,
    headings: Vec<HeadingLine>,
    required: Vec<&'static str>,
    /// Somebody chose these columns before.
    chosen: bool,
}

impl FormPage for ColumnsPage {
    const TEMPLATE: &'static str = "imports/columns.html";
    const REFUSED_AT: &'static str = "c0";

    fn fields(&self) -> Fields {
        self.headings.iter().fold(Fields::default(), |form, one| form.with(&one.field, &one.value))
    }
}

/// Which kind is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageParams {
    kind: String,
}

/// A sheet with the headings that are to be bound.
struct Opened {
    job: ImportJob,
    table: Table,
    profiles: Profiles,
}

async fn open(app: &App, me: &SignedIn, id: ImportId) -> AppResult<Opened> {
    let (own, scope) = (app.clone(), me.scope.clone());
    web::block(move || {
        let (job, sealed, profiles) = own.db.read(|db| {
            let job = store::find(db, &scope, id)?;
            if !OPEN.contains(&job.state.as_str()) {
                return Err(AppError::Changed);
            }
            Ok((job, store::content(db, id)?, profile::all(db, &scope)?))
        })?;
        let bytes = own.sealer.open(Field::Upload, &sealed).map_err(AppError::broken)?;
        let table = read::table_of(&bytes, &SheetLimits::default(), &job.sheet_name)
            .map_err(AppError::Refused)?;
        Ok::<_, AppError>(Opened { job, table, profiles })
    })
    .await
    .map_err(AppError::broken)?
}

/// `GET /imports/{id}/columns?kind=repayments`
pub async fn form(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<ImportId>,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    let opened = open(&app, &me, *id).await?;
    let kind = Layout::from_text(&params.kind).or_else(|| Layout::from_text(&opened.job.layout));
    let mut page = page_of(&opened, kind.unwrap_or(Layout::BORROWERS))?;
    if let Some(chosen) = Layout::from_text(&params.kind) {
        // Somebody has chosen the kind: what was unclear before is settled.
        let problem = layout::recognise_as(&opened.table, chosen).err();
        page.problem = problem.map(|problem| problem.to_chinese()).unwrap_or_default();
    }
    fields::show(&app, &me, &req, &page)
}

fn page_of(opened: &Opened, layout: Layout) -> AppResult<ColumnsPage> {
    let (binding, headings) = outline(&opened.table, layout)?;
    let chosen = opened.profiles.get(&profile::key_of(&headings)).filter(|c| c.layout == layout);
    let value_of = |cell: usize, own: &'static str| match chosen {
        Some(chosen) => {
            let found = chosen.columns.iter().find(|(at, _)| *at == cell);
            found.map(|(_, key)| key.clone()).unwrap_or_default()
        }
        None => own.to_owned(),
    };
    let headings = binding
        .bound()
        .map(|(cell, written, column)| HeadingLine {
            field: format!("c{cell}"),
            written: written.split_whitespace().collect::<Vec<_>>().join(" "),
            sample: sample(&opened.table, &binding, cell),
            value: value_of(cell, column.map_or("", |column| column.key)),
        })
        .collect();
    let star = |required: bool| if required { "（必需）" } else { "" };
    let columns = layout.columns().iter().map(|column| Choice {
        value: column.key,
        text: format!("{}{}", column.heading, star(column.required)),
    });
    let kinds = Layout::ALL
        .into_iter()
        .map(|layout| Choice { value: layout.as_text(), text: layout.short_title().to_owned() });
    let nothing = Choice { value: "", text: "不读取".to_owned() };
    let required = layout.columns().iter().filter(|column| column.required);
    Ok(ColumnsPage {
        id: opened.job.id.to_string(),
        name: opened.job.file_name.clone(),
        problem: opened.job.problem.clone(),
        kind: layout.as_text(),
        kinds: kinds.collect(),
        columns: std::iter::once(nothing).chain(columns).collect(),
        headings,
        required: required.map(|column| column.heading).collect(),
        chosen: chosen.is_some(),
    })
}

fn outline(table: &Table, layout: Layout) -> AppResult<(Binding, String)> {
    layout::outline(table, layout).map_err(|problem| AppError::Refused(problem.to_chinese()))
}

/// The first values under a heading; long numbers starred.
fn sample(table: &Table, binding: &Binding, cell: usize) -> String {
    let below = binding.rows(table).filter_map(|row| row.cells.into_iter().nth(cell));
    let shown = below.filter(|cell| !cell.is_blank()).take(2).map(|cell| {
        let text: String = cell.text.trim().chars().take(16).collect();
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let long = digits >= 9;
        if long { crate::base::id_number::mask(&text) } else { text }
    });
    shown.collect::<Vec<_>>().join("；")
}

/// `POST /imports/{id}/columns`: keeps the choice and has the sheet checked by it.
pub async fn choose(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<ImportId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, form): (At<'_>, _) = ((&app, &me, &req), form.0);
    let opened = open(&app, &me, *id).await?;
    let layout = Layout::from_text(form.get("kind")).ok_or(AppError::NotFound)?;
    let done = try_choose(at, &opened, layout, &form).await;
    answer(at, &form, done, async { page_of(&opened, layout) }).await
}

async fn try_choose(
    (app, me, _): At<'_>,
    opened: &Opened,
    layout: Layout,
    form: &Fields,
) -> AppResult<Done> {
    let (forget, id) = (!form.get("forget").is_empty(), opened.job.id);
    let (binding, headings) = outline(&opened.table, layout)?;
    let columns: Vec<(usize, String)> = binding
        .bound()
        .map(|(cell, ..)| (cell, form.get(&format!("c{cell}")).to_owned()))
        .filter(|(_, key)| !key.is_empty())
        .collect();
    let chosen = Chosen { layout, columns };
    let errors = if forget { Vec::new() } else { faults(&chosen, &binding) };
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    let (key, staff_id) = (profile::key_of(&headings), me.staff_id);
    let what = if forget { "改回按列名对应" } else { "选定列的对应" };
    let name = opened.job.file_name.clone();
    let summary = format!("“{name}”按{}{what}", layout.short_title());
    me.act(app, "import columns", move |act| {
        let (scope, now) = (act.scope, act.now);
        if forget {
            profile::forget(act.db, scope, &key)?;
        } else {
            profile::put(act.db, scope, &key, &chosen, staff_id, now)?;
        }
        store::set_layout(act.db, scope, id, layout.as_text())?;
        if !store::enqueue(act.db, scope, id, &OPEN, "checking", now)? {
            return Err(AppError::Changed);
        }
        // Others with these headings are read by it too.
        store::check_anew(act.db, scope, now)?;
        act.audit(AuditEntry::of("imported", &name, summary.clone()))
    })
    .await?;
    queue::wake(app, me.scope.own());
    Ok(Done::to(format!("/imports/{id}"), "列的对应已记下，正在核对"))
}

/// What is wrong with a choice: a column that two headings claim, a required one that none has.
pub fn faults(chosen: &Chosen, binding: &Binding) -> Vec<FieldError> {
    let written = |cell: usize| binding.written.get(cell).map_or("", |text| text.trim());
    let mut errors = Vec::new();
    for column in chosen.layout.columns() {
        let cells: Vec<usize> = chosen
            .columns
            .iter()
            .filter(|(_, key)| key == column.key)
            .map(|(cell, _)| *cell)
            .collect();
        match cells.as_slice() {
            [] if column.required => errors.push(FieldError {
                field: "c0".to_owned(),
                message: format!("“{}”是必需的，请选定是哪一列", column.heading),
            }),
            [first, second, ..] => errors.push(FieldError {
                field: format!("c{second}"),
                message: format!(
                    "“{}”和“{}”都选成了“{}”，只能选一列",
                    written(*first),
                    written(*second),
                    column.heading
                ),
            }),
            _ => {}
        }
    }
    errors
}

/// What a person on the command line chooses: the kind of a sheet, and columns by their headings.
pub fn choose_for(
    app: &App,
    (scope, staff_id): (&Scope, StaffId),
    table: &Table,
    layout: Layout,
    picks: &[(String, String)],
) -> AppResult<()> {
    let (binding, headings) = outline(table, layout)?;
    let key_of = |column: &str| {
        let known = layout.columns().iter().find(|own| own.heading == column || own.key == column);
        known.map(|own| own.key).ok_or_else(|| {
            AppError::refused(format!("{}没有“{column}”这一列", layout.short_title()))
        })
    };
    let mut columns: Vec<(usize, String)> = Vec::new();
    for (cell, written, own) in binding.bound() {
        if let Some((_, column)) = picks.iter().find(|(heading, _)| heading == written.trim()) {
            columns.push((cell, key_of(column)?.to_owned()));
        } else if let Some(own) = own {
            // What was picked wins over what the headings say.
            let picked =
                picks.iter().any(|(_, column)| [own.heading, own.key].contains(&&**column));
            if !picked {
                columns.push((cell, own.key.to_owned()));
            }
        }
    }
    let chosen = Chosen { layout, columns };
    if let Some(error) = faults(&chosen, &binding).into_iter().next() {
        return Err(AppError::Refused(error.message));
    }
    let now = app.clock.now_at();
    let key = profile::key_of(&headings);
    app.db.write("import columns", |db| profile::put(db, scope, &key, &chosen, staff_id, now))
}

/// An empty sheet of a kind: its title and its headings, required ones with a star.
pub fn empty_sheet(layout: Layout) -> AppResult<Vec<u8>> {
    let star = |required: bool| if required { "*" } else { "" };
    let columns = layout.columns().iter().map(|column| {
        let heading = format!("{}{}", column.heading, star(column.required));
        let width = u16::try_from(heading.chars().count() * 2 + 2).unwrap_or(20);
        (heading, width.max(12))
    });
    let head = Head {
        sheet: layout.short_title().to_owned(),
        titles: vec![layout.title().to_owned()],
        columns: columns.collect(),
        ..Head::default()
    };
    write::list(&head, std::iter::empty()).map_err(AppError::broken)
}

/// `GET /imports/templates/{kind}`
pub async fn template(_me: SignedIn, kind: web::Path<String>) -> AppResult<HttpResponse> {
    let layout = Layout::from_text(&kind).ok_or(AppError::NotFound)?;
    let bytes = web::block(move || empty_sheet(layout)).await.map_err(AppError::broken)??;
    Ok(attachment(&format!("{}-空表.xlsx", layout.short_title()), WORKBOOK, bytes))
}
