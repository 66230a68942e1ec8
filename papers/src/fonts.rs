//! The fonts of this machine: which serve which purpose, and whether they have every character
//! of the data. The typesetter prints an empty box for a character that no font has and says
//! nothing, so names are looked up before anything is set.

use std::collections::HashMap;
use std::path::Path;

use serde::Serialize;
use typst::text::{FontVariant, is_default_ignorable};
use typst_kit::fonts::FontStore;

use crate::Stop;
use crate::batch::Batch;

/// 小标宋 for the letterhead and headings, else a bold 宋体.
const TITLE: [&str; 8] = [
    "FZXiaoBiaoSong-B05S",
    "方正小标宋简体",
    "方正小标宋_GBK",
    "STZhongsong",
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "Source Han Serif SC",
    "SimSun",
];

/// 仿宋 for the text, else 宋体.
const BODY: [&str; 9] = [
    "FangSong_GB2312",
    "仿宋_GB2312",
    "FangSong",
    "STFangsong",
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "Source Han Serif SC",
    "SimSun",
    "AR PL UMing CN",
];

/// 黑体 for the heads of rows, numbers and the foot.
const SANS: [&str; 7] = [
    "SimHei",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
];

/// How many places a message names at most.
const PLACES: usize = 5;

/// A character that every font of ours must have.
const PROBE: char = '县';

/// The families of each purpose, best first; those behind the first are there for characters
/// that it lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fonts {
    pub title: Vec<String>,
    pub body: Vec<String>,
    pub sans: Vec<String>,
}

/// All fonts found, and which of them papers use.
pub struct Shelf {
    /// What the typesetter takes fonts from.
    pub store: FontStore,
    pub fonts: Fonts,
    places: String,
}

impl Shelf {
    /// Looks through `folder`, or without one through `fonts/` beside the program and the fonts
    /// of the system. Fails when none of them is Chinese.
    pub fn find(folder: Option<&Path>) -> Result<Shelf, Stop> {
        let mut store = FontStore::new();
        let places = match folder {
            Some(folder) => {
                store.extend(typst_kit::fonts::scan(folder));
                folder.display().to_string()
            }
            None => {
                let program = std::env::current_exe().ok();
                let beside = program.and_then(|file| Some(file.parent()?.join("fonts")));
                if let Some(folder) = beside.filter(|folder| folder.is_dir()) {
                    store.extend(typst_kit::fonts::scan(&folder));
                }
                store.extend(typst_kit::fonts::system());
                "fonts/ beside the program and the fonts of the system".to_owned()
            }
        };
        let body = first(&store, &[&BODY[..], &TITLE, &SANS]).or_else(|| any(&store, PROBE));
        let Some(body) = body else {
            return Err(Stop::failed(format!(
                "no Chinese font in {places}; install one (Debian: fonts-noto-cjk) or name its \
                 folder with --fonts"
            )));
        };
        let pick = |names| vec![first(&store, &[names]).unwrap_or_else(|| body.clone())];
        let fonts = Fonts { title: pick(&TITLE), sans: pick(&SANS), body: vec![body] };
        Ok(Shelf { store, fonts, places })
    }

    /// Looks up every character of the data. One that the text font lacks gets the next font that
    /// has it, and a note with its first place; one that no font has is an error.
    pub fn cover(&mut self, batch: &Batch) -> Result<Vec<String>, Stop> {
        let mut has_font: HashMap<char, bool> = HashMap::new();
        let (mut notes, mut wrong) = (Vec::new(), Vec::new());
        for text in batch.texts() {
            for c in text.text.chars().filter(|c| needs_glyph(*c)) {
                let place = || format!("{}: {}: {}", text.of, text.field, named(c));
                let known = has_font.get(&c).copied();
                let lacked = known.is_none() && self.add_for(c);
                let family = if lacked { self.family_of(c) } else { None };
                let found = known.unwrap_or(!lacked || family.is_some());
                has_font.insert(c, found);
                if !found && wrong.len() < PLACES {
                    wrong.push(place());
                }
                if let Some(family) = family {
                    let first = self.fonts.body.first().map_or("", String::as_str);
                    notes.push(format!("{} is not in {first}, it is set in {family}", place()));
                }
            }
        }
        if wrong.is_empty() {
            return Ok(notes);
        }
        Err(Stop::failed(format!(
            "no font has this character: {}; put a font that has it into {} (Debian's \
             fonts-hanazono has the rare ones)",
            wrong.join("; "),
            self.places
        )))
    }

    /// Adds a family that has the character to each purpose that lacks it. Whether the text font
    /// itself lacks it.
    fn add_for(&mut self, c: char) -> bool {
        let Shelf { store, fonts, .. } = self;
        let missed = fonts.body.first().is_none_or(|family| !has(store, family, c));
        for families in [&mut fonts.title, &mut fonts.body, &mut fonts.sans] {
            if !families.iter().any(|family| has(store, family, c))
                && let Some(family) = with(store, c)
            {
                families.push(family);
            }
        }
        missed
    }

    fn family_of(&self, c: char) -> Option<&str> {
        let mut families = self.fonts.body.iter();
        families.find(|family| has(&self.store, family, c)).map(String::as_str)
    }
}

fn first(store: &FontStore, lists: &[&[&str]]) -> Option<String> {
    let names = lists.iter().flat_map(|list| list.iter());
    names.copied().find(|name| has(store, name, PROBE)).map(str::to_owned)
}

/// The first family that has a character: one that suits papers, else any.
fn with(store: &FontStore, c: char) -> Option<String> {
    let names = BODY.iter().chain(&TITLE).chain(&SANS).copied();
    let mut suitable = names.filter(|name| has(store, name, c));
    suitable.next().map(str::to_owned).or_else(|| any(store, c))
}

fn any(store: &FontStore, c: char) -> Option<String> {
    let mut names = store.book().families().map(|(name, _)| name);
    names.find(|name| has(store, name, c)).map(str::to_owned)
}

fn has(store: &FontStore, family: &str, c: char) -> bool {
    let book = store.book();
    book.select(&family.to_lowercase(), FontVariant::default())
        .and_then(|index| book.info(index))
        .is_some_and(|info| info.coverage.contains(u32::from(c)))
}

fn needs_glyph(c: char) -> bool {
    !c.is_whitespace() && !is_default_ignorable(c)
}

/// `𪚥 (U+2A6A5)`.
pub fn named(c: char) -> String {
    format!("{c} (U+{:04X})", u32::from(c))
}
