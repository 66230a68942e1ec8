//! Sets papers with a template, some at a time, and looks at what came out: no warning, no empty
//! box for a character, every sheet on one page.

use typst::diag::Warned;
use typst::foundations::Label;
use typst::introspection::Tag;
use typst::layout::{Frame, FrameItem};
use typst::utils::PicoStr;
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use crate::Stop;
use crate::batch::Batch;
use crate::fonts::{Shelf, named};
use crate::join;
use crate::papers::{self, Paper};
use crate::templates::Template;
use crate::world::{self, Desk};

/// Sheets set in one document; eight lines of a list count as one. A document of a thousand
/// takes 650 MB, one of a hundred 80 MB beside the 115 MB of the program with its fonts.
pub const AT_ONCE: usize = 100;

/// The mark at which a paper begins; `letterhead` of `paper.typ` makes it.
const MARK: &str = "paper";

#[derive(Debug)]
pub struct Done {
    pub pdf: Vec<u8>,
    pub papers: usize,
    pub pages: usize,
}

/// Sets all papers of a batch that the template asks for as one PDF.
///
/// So many share a document: `AT_ONCE`, fewer in tests.
pub fn all(
    batch: &Batch,
    template: &Template,
    shelf: &Shelf,
    at_once: usize,
) -> Result<Done, Stop> {
    let papers = papers::in_order(batch, &template.kinds);
    if papers.is_empty() {
        return Err(Stop::input(format!(
            "nothing to print: the data has no {} for {}",
            if batch.sheets.is_empty() { "covers or sheets" } else { "covers" },
            template.name
        )));
    }
    let library = world::library();
    let mut parts = Vec::new();
    for papers in papers::documents(&papers, at_once) {
        let data = papers::json(&batch.office, &shelf.fonts, papers)?;
        let desk = Desk::new(&library, shelf, template, data)?;
        parts.push(one(&desk, template, papers)?);
        // What the typesetter remembers of one document is of no use to the next.
        typst::comemo::evict(0);
    }
    let pages = parts.iter().map(|part| part.pages).sum();
    let pdf = join::join(parts.into_iter().map(|part| part.pdf).collect(), &batch.office.office)?;
    Ok(Done { pdf, papers: papers.len(), pages })
}

struct Part {
    pdf: Vec<u8>,
    pages: usize,
}

fn one(desk: &Desk<'_>, template: &Template, papers: &[Paper<'_>]) -> Result<Part, Stop> {
    let Warned { output, warnings } = typst::compile::<PagedDocument>(desk);
    let document = output.map_err(|errors| {
        let line = errors.first().map_or_else(String::new, |error| desk.say(error));
        Stop::input(line)
    })?;
    if let Some(warning) = warnings.first() {
        return Err(Stop::input(desk.say(warning)));
    }
    check(&document, template, papers)?;
    // Tags are for reading aloud; these are printed, and would take half of the memory.
    let options = PdfOptions { tagged: false, ..PdfOptions::default() };
    let pdf = typst_pdf::pdf(&document, &options).map_err(|errors| {
        let line = errors.first().map_or_else(String::new, |error| desk.say(error));
        Stop::failed(line)
    })?;
    Ok(Part { pdf, pages: document.pages().len() })
}

/// What a page holds.
#[derive(Default)]
struct Seen {
    marks: usize,
    empty_box: Option<char>,
}

fn check(document: &PagedDocument, template: &Template, papers: &[Paper<'_>]) -> Result<(), Stop> {
    let Some(mark) = Label::new(PicoStr::intern(MARK)) else { return Ok(()) };
    let (mut begun, mut last) = (0, 0);
    for page in document.pages() {
        let mut seen = Seen::default();
        look_at(&page.frame, mark, &mut seen);
        begun += seen.marks;
        let paper = papers.get(begun.saturating_sub(1));
        let name = paper.map(Paper::name).unwrap_or_default();
        if let Some(c) = seen.empty_box {
            return Err(Stop::failed(format!(
                "{name}: the template {} sets {} in a font that lacks it; name another font there \
                 or add one",
                template.name,
                named(c)
            )));
        }
        let continues = begun > 0 && last == begun;
        if (continues && paper.is_some_and(Paper::is_one_page)) || seen.marks > 1 {
            return Err(Stop::input(format!(
                "{name} does not fill exactly one page; shorten its texts or mend the template {}",
                template.name
            )));
        }
        last = begun;
    }
    if begun == papers.len() {
        return Ok(());
    }
    Err(Stop::input(format!(
        "template {}: {} papers to set, but {begun} began; begin each with letterhead() of \
         paper.typ and set every kind that line 1 names",
        template.name,
        papers.len()
    )))
}

fn look_at(frame: &Frame, mark: Label, seen: &mut Seen) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => look_at(&group.frame, mark, seen),
            FrameItem::Tag(Tag::Start(content, _)) if content.label() == Some(mark) => {
                seen.marks += 1;
            }
            FrameItem::Text(text) => {
                if let Some(glyph) = text.glyphs.iter().find(|glyph| glyph.id == 0) {
                    let text = text.text.get(glyph.range()).unwrap_or_default();
                    seen.empty_box = seen.empty_box.or(text.chars().next());
                }
            }
            _ => {}
        }
    }
}
