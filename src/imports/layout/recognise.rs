//! Which kind of sheet a table is. Never guessed from what remains: title and headings must agree,
//! and the kind that the headings are nearest to must be complete; otherwise a person chooses.

use super::binding::{Binding, Chosen};
use super::heading::{self, KNOWN, Tried, find_headings};
use super::kind::Layout;
use super::unit::{Unit, unit_of};
use super::value;
use crate::plumbing::sheet::Table;

/// How much a title that names a layout weighs against headings.
const NAMED: usize = 6;
/// Headings that are complete for another layout and fit it so much better contradict a title.
const CLEARLY: usize = 2;

/// Why the layout of a sheet is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutProblem {
    /// No line looks like headings.
    NoHeadings,
    /// It is nearest to this layout, but lacks required columns.
    Missing {
        layout: Layout,
        /// Headings of the required columns that are not there.
        headings: Vec<&'static str>,
    },
    /// It may be any of these; somebody has to choose ([`recognise_as`]).
    Ambiguous(Vec<Layout>),
    /// The title says one thing, the headings another.
    Disagree {
        /// What the title says.
        title: Layout,
        /// What the headings are.
        headings: Layout,
    },
    /// Two headings claim one column.
    Claimed {
        layout: Layout,
        /// Heading of the column.
        column: &'static str,
        /// The headings as written.
        headings: Vec<String>,
    },
}

impl LayoutProblem {
    /// The layout that somebody may well choose: of title and headings that disagree, the headings'
    /// own, whose columns are there.
    pub fn nearest(&self) -> Option<Layout> {
        match self {
            LayoutProblem::NoHeadings => None,
            LayoutProblem::Missing { layout, .. } | LayoutProblem::Claimed { layout, .. } => {
                Some(*layout)
            }
            LayoutProblem::Ambiguous(layouts) => layouts.first().copied(),
            LayoutProblem::Disagree { headings, .. } => Some(*headings),
        }
    }

    /// What is wrong and what to do, as a clerk reads it.
    pub fn to_chinese(&self) -> String {
        match self {
            LayoutProblem::NoHeadings => "没有找到表头。请确认表中有一行列名，\
                例如“身份证号”“合同编号”，并且位于前 15 行之内。"
                .to_owned(),
            LayoutProblem::Missing { layout, headings } => format!(
                "这张表最像“{}”，但缺少必需的列：{}。请补上这些列，或核对列名后重新导入。",
                layout.short_title(),
                headings.join("、")
            ),
            LayoutProblem::Disagree { title, headings } => format!(
                "标题写的是“{}”，列名却是“{}”的列名。请核对后选定表格种类。",
                title.short_title(),
                headings.short_title()
            ),
            LayoutProblem::Claimed { column, headings, .. } => {
                let names: Vec<_> = headings.iter().map(|name| format!("“{name}”")).collect();
                format!(
                    "有 {} 列都可以当作“{column}”：{}。请选定用哪一列。",
                    headings.len(),
                    names.join("和")
                )
            }
            LayoutProblem::Ambiguous(layouts) => {
                let names: Vec<_> =
                    layouts.iter().map(|layout| format!("“{}”", layout.short_title())).collect();
                format!(
                    "这张表可能是{}，列名不足以区分。请选定表格种类后再导入。",
                    names.join("或")
                )
            }
        }
    }
}

/// Says which layout a sheet is.
///
/// # Errors
/// [`LayoutProblem`]: no headings, required columns missing, several layouts fit alike, title and
/// headings disagree, or two headings claim one column.
pub fn recognise(table: &Table) -> Result<Binding, LayoutProblem> {
    let tried = find_headings(table).ok_or(LayoutProblem::NoHeadings)?;
    let fits: Vec<Fit> =
        Layout::ALL.into_iter().map(|layout| Fit::of(layout, table, &tried)).collect();
    let most = fits.iter().map(|fit| fit.score).max().unwrap_or_default();
    let complete = || fits.iter().filter(|fit| fit.missing.is_empty());
    let best = complete().map(|fit| fit.score).max().unwrap_or_default();
    let named = named(table, &heading::titles(table, tried.last_row));
    let titled: Vec<&Fit> = fits.iter().filter(|fit| named.contains(&fit.binding.layout)).collect();
    let agreeing: Vec<&Fit> = titled
        .iter()
        .filter(|fit| fit.missing.is_empty() && fit.score + NAMED >= most)
        .copied()
        .collect();
    let top = agreeing.iter().map(|fit| fit.score).max();
    if let Some(top) = top {
        return one_of(agreeing.into_iter().filter(|fit| fit.score == top));
    }
    if let Some(fit) = titled.iter().max_by_key(|fit| fit.score) {
        let title = fit.binding.layout;
        let whole = complete().find(|other| other.score == best && best >= fit.score + CLEARLY);
        let nearest = || fits.iter().find(|other| other.score == most && most > fit.score + NAMED);
        return Err(match whole.or_else(nearest) {
            Some(other) => LayoutProblem::Disagree { title, headings: other.binding.layout },
            None => LayoutProblem::Missing { layout: title, headings: fit.missing.clone() },
        });
    }
    if best < most {
        // The nearest one lacks a column: its heading was renamed, or it is no such sheet. Name
        // what the nearest lacks, not the shortest list.
        let nearest = fits
            .iter()
            .max_by_key(|fit| (fit.score, std::cmp::Reverse(fit.missing.len())))
            .ok_or(LayoutProblem::NoHeadings)?;
        let headings = nearest.missing.clone();
        return Err(LayoutProblem::Missing { layout: nearest.binding.layout, headings });
    }
    // Without a title, and with headings that nobody knows, what is left must be of this kind and
    // of no other: every list of people has names and numbers.
    let fitting: Vec<&Fit> = complete().filter(|fit| fit.score == best).collect();
    let is_strange = |name: &String| !name.is_empty() && !KNOWN.contains_key(name);
    if let [only] = fitting.as_slice()
        && only.binding.claims.is_empty()
        && tried.headings.iter().any(|(name, _)| is_strange(name))
        && !tells(&only.binding)
    {
        return Err(LayoutProblem::Ambiguous(vec![only.binding.layout]));
    }
    one_of(fitting.into_iter())
}

/// Has the sheet a heading that no other layout has?
fn tells(binding: &Binding) -> bool {
    binding.places.iter().flatten().any(|place| meanings(binding, place.0) == 1)
}

/// How many layouts have the heading of a cell.
fn meanings(binding: &Binding, cell: usize) -> usize {
    binding.repeated.get(cell).and_then(|name| KNOWN.get(name)).map_or(0, Vec::len)
}

fn one_of<'f>(fits: impl Iterator<Item = &'f Fit>) -> Result<Binding, LayoutProblem> {
    let fits: Vec<&Fit> = fits.collect();
    match fits.as_slice() {
        [only] => without_claims(only.binding.clone()),
        all => Err(LayoutProblem::Ambiguous(all.iter().map(|fit| fit.binding.layout).collect())),
    }
}

fn without_claims(binding: Binding) -> Result<Binding, LayoutProblem> {
    match binding.claims.first() {
        None => Ok(binding),
        Some((column, headings)) => Err(LayoutProblem::Claimed {
            layout: binding.layout,
            column,
            headings: headings.clone(),
        }),
    }
}

/// The layouts that the titles name; when they name none, those that the tab names.
fn named(table: &Table, titles: &[String]) -> Vec<Layout> {
    let of = |text: &str| {
        let names =
            |layout: &Layout| text.contains(layout.short_title()) || text.contains(layout.title());
        Layout::ALL.into_iter().filter(names).collect::<Vec<_>>()
    };
    let by_title: Vec<Layout> = titles.iter().flat_map(|title| of(title)).collect();
    if by_title.is_empty() { of(&table.name) } else { by_title }
}

/// Reads a sheet as the layout that somebody chose.
///
/// # Errors
/// When there are no headings, required columns are missing, or two headings claim one.
pub fn recognise_as(table: &Table, layout: Layout) -> Result<Binding, LayoutProblem> {
    let tried = find_headings(table).ok_or(LayoutProblem::NoHeadings)?;
    let Fit { missing, binding, .. } = Fit::of(layout, table, &tried);
    if missing.is_empty() {
        without_claims(binding)
    } else {
        Err(LayoutProblem::Missing { layout, headings: missing })
    }
}

/// Reads a sheet with the columns that somebody chose; columns that were not chosen are not read.
///
/// # Errors
/// When there are no headings, or required columns are missing.
pub fn recognise_by(table: &Table, chosen: &Chosen) -> Result<Binding, LayoutProblem> {
    let tried = find_headings(table).ok_or(LayoutProblem::NoHeadings)?;
    let layout = chosen.layout;
    let place_of = |key: &str| {
        let cell = chosen.columns.iter().find(|(_, own)| own == key).map(|(cell, _)| *cell)?;
        Some((cell, tried.headings.get(cell).map_or(Unit::Plain, |(_, unit)| *unit)))
    };
    let places = layout.columns().iter().map(|column| place_of(column.key)).collect();
    let binding = put_together(layout, table, &tried, places, Vec::new());
    let headings = missing(&binding);
    if headings.is_empty() { Ok(binding) } else { Err(LayoutProblem::Missing { layout, headings }) }
}

/// What somebody who chooses has to see: the headings as written, which columns they stand for
/// as `layout`, and by what the same headings are known when they come again.
///
/// # Errors
/// When there are no headings.
pub fn outline(table: &Table, layout: Layout) -> Result<(Binding, String), LayoutProblem> {
    let tried = find_headings(table).ok_or(LayoutProblem::NoHeadings)?;
    let mut names: Vec<&str> = tried.headings.iter().map(|(name, _)| name.as_str()).collect();
    while names.last().is_some_and(|name| name.is_empty()) {
        names.pop();
    }
    let titled = named(table, &heading::titles(table, tried.last_row));
    let titled: Vec<&str> = titled.iter().map(|layout| layout.as_text()).collect();
    let key = format!("{}|{}", titled.join(","), names.join("|"));
    Ok((Fit::of(layout, table, &tried).binding, key))
}

/// The first sheet of a workbook whose layout is known, with its index.
///
/// # Errors
/// The problem of the first sheet, when none is known.
pub fn recognise_any(tables: &[Table]) -> Result<(usize, Binding), LayoutProblem> {
    let mut first_problem = LayoutProblem::NoHeadings;
    for (at, table) in tables.iter().enumerate() {
        match recognise(table) {
            Ok(binding) => return Ok((at, binding)),
            Err(problem) if at == 0 => first_problem = problem,
            Err(_) => {}
        }
    }
    Err(first_problem)
}

/// A layout held against a sheet.
struct Fit {
    score: usize,
    missing: Vec<&'static str>,
    binding: Binding,
}

impl Fit {
    fn of(layout: Layout, table: &Table, tried: &Tried) -> Fit {
        let binding = bind(layout, table, tried);
        Fit { score: score(&binding), missing: missing(&binding), binding }
    }
}

fn bind(layout: Layout, table: &Table, tried: &Tried) -> Binding {
    let columns = layout.columns();
    let mut places: Vec<Option<(usize, Unit)>> = vec![None; columns.len()];
    let mut claims: Vec<(&'static str, Vec<String>)> = Vec::new();
    let mut behind_co_borrower = false;
    for (cell, (name, unit)) in tried.headings.iter().enumerate() {
        let known = KNOWN.get(name).and_then(|places| places.iter().find(|p| p.0 == layout));
        let Some((_, at)) = known else { continue };
        // 身份证号 once more, behind 共同借款人姓名, is the co-borrower's.
        let key = columns.get(*at).map_or("", |column| column.key);
        let twin = || columns.iter().position(|column| column.key.strip_prefix("co_") == Some(key));
        let is_free = |at: &usize| places.get(*at).is_some_and(Option::is_none);
        let free = Some(*at)
            .filter(is_free)
            .or_else(|| twin().filter(|at| behind_co_borrower && is_free(at)));
        match free.and_then(|at| places.get_mut(at).zip(columns.get(at))) {
            Some((place, column)) => {
                *place = Some((cell, *unit));
                behind_co_borrower = column.key.starts_with("co_");
            }
            None if is_used(table, tried, cell) => {
                claim(&mut claims, columns, &places, *at, tried, cell)
            }
            None => {}
        }
    }
    put_together(layout, table, tried, places, claims)
}

fn claim(
    claims: &mut Vec<(&'static str, Vec<String>)>,
    columns: &'static [crate::imports::layout::kind::Column],
    places: &[Option<(usize, Unit)>],
    at: usize,
    tried: &Tried,
    cell: usize,
) {
    let written = |cell: usize| tried.written.get(cell).cloned().unwrap_or_default();
    let Some(column) = columns.get(at) else { return };
    match claims.iter_mut().find(|(heading, _)| *heading == column.heading) {
        Some((_, headings)) => headings.push(written(cell)),
        None => {
            let first = places.get(at).copied().flatten().map(|(cell, _)| written(cell));
            let both = first.into_iter().chain([written(cell)]).collect();
            claims.push((column.heading, both));
        }
    }
}

/// True when something stands below a heading.
fn is_used(table: &Table, tried: &Tried, cell: usize) -> bool {
    let mut below = table.rows.from(tried.last_row + 1);
    below.any(|row| row.cells.get(cell).is_some_and(|cell| !cell.is_blank()))
}

fn put_together(
    layout: Layout,
    table: &Table,
    tried: &Tried,
    places: Vec<Option<(usize, Unit)>>,
    claims: Vec<(&'static str, Vec<String>)>,
) -> Binding {
    let columns = layout.columns().iter().zip(&places);
    let absent = columns.filter(|(column, place)| !column.required && place.is_none());
    let absent = absent.map(|(column, _)| column.heading).collect();
    let is_bound = |cell: usize| places.iter().flatten().any(|(at, _)| *at == cell);
    let names = tried.written.iter().enumerate();
    let extra = names.filter(|(cell, name)| !name.trim().is_empty() && !is_bound(*cell));
    let extra = extra.map(|(_, name)| name.clone()).collect();
    let titles = heading::titles(table, tried.last_row);
    Binding {
        layout,
        heading_line: table.rows.get(tried.last_row).map_or(0, |row| row.line),
        first_row: tried.last_row + 1,
        as_of: titles.iter().find_map(|title| value::as_of(title)),
        unit: unit_of(&titles),
        titles,
        extra,
        absent,
        claims,
        written: tried.written.clone(),
        places,
        from_1904: table.from_1904,
        repeated: tried.headings.iter().map(|(name, _)| name.clone()).collect(),
    }
}

/// One for each column found, two more where no other layout has such a heading.
fn score(binding: &Binding) -> usize {
    let mut score = 0;
    for place in binding.places.iter().flatten() {
        score += if meanings(binding, place.0) == 1 { 3 } else { 1 };
    }
    score
}

fn missing(binding: &Binding) -> Vec<&'static str> {
    let columns = binding.layout.columns().iter().zip(&binding.places);
    let missing = columns.filter(|(column, place)| column.required && place.is_none());
    missing.map(|(column, _)| column.heading).collect()
}
