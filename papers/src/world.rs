//! What the typesetter may see: the templates, the data of one document as `papers.json`, the
//! fonts. No clock, no network, no other file.

use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World, WorldExt as _};
use typst_kit::files::{FileLoader, FileStore};
use typst_kit::fonts::FontStore;

use crate::Stop;
use crate::fonts::Shelf;
use crate::templates::Template;

/// The name under which a template reads its data.
const DATA: &str = "papers.json";

/// The typesetter's view for one document.
pub struct Desk<'a> {
    library: &'a LazyHash<Library>,
    fonts: &'a FontStore,
    main: FileId,
    files: FileStore<Files<'a>>,
}

struct Files<'a> {
    template: &'a Template,
    data: Bytes,
}

impl FileLoader for Files<'_> {
    fn load(&self, id: FileId) -> FileResult<Bytes> {
        let path = id.get();
        if *path.root() != VirtualRoot::Project {
            let why = "packages are not fetched; put the file beside the template";
            return Err(FileError::Other(Some(why.into())));
        }
        match path.vpath().get_without_slash() {
            DATA => Ok(self.data.clone()),
            name => match self.template.bytes(name) {
                Some(bytes) => Ok(Bytes::new(bytes)),
                None => Err(FileError::NotFound(name.into())),
            },
        }
    }
}

/// The typesetter's own functions; made once for all documents.
pub fn library() -> LazyHash<Library> {
    LazyHash::new(Library::default())
}

impl<'a> Desk<'a> {
    /// A view of `template` with `data`.
    pub fn new(
        library: &'a LazyHash<Library>,
        shelf: &'a Shelf,
        template: &'a Template,
        data: Vec<u8>,
    ) -> Result<Desk<'a>, Stop> {
        let path = VirtualPath::new(&template.name)
            .map_err(|error| Stop::input(format!("template {}: {error}", template.name)))?;
        let main = FileId::new(RootedPath::new(VirtualRoot::Project, path));
        let files = FileStore::new(Files { template, data: Bytes::new(data) });
        Ok(Desk { library, fonts: &shelf.store, main, files })
    }

    /// `template visit-sheet.typ, line 12: unknown font family: x`.
    pub fn say(&self, found: &SourceDiagnostic) -> String {
        let place = found.span.id().map(|id| {
            let line = self
                .range(found.span)
                .and_then(|range| self.source(id).ok()?.lines().byte_to_line(range.start));
            let name = id.get().vpath().get_without_slash();
            line.map_or(name.to_owned(), |line| format!("{name}, line {}", line + 1))
        });
        let hint = found.hints.first().map(|hint| format!(" ({})", hint.v)).unwrap_or_default();
        let message = found.message.replace("\n", " ");
        match place {
            Some(place) => format!("template {place}: {message}{hint}"),
            None => format!("template: {message}{hint}"),
        }
    }
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.files.source(id)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.file(id)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
