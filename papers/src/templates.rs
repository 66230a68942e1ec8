//! Where the text of a template comes from: the county's own folder, else the ones inside the
//! program (`templates/documents/`). A template says in its first line what it sets:
//! `// papers: slip, letter, sheet`.

use std::path::{Path, PathBuf};

use crate::Stop;
use crate::papers::Kind;

/// The templates inside the program.
const EMBEDDED: [(&str, &str); 4] = [
    ("cover-list.typ", include_str!("../../templates/documents/cover-list.typ")),
    ("pack.typ", include_str!("../../templates/documents/pack.typ")),
    ("paper.typ", include_str!("../../templates/documents/paper.typ")),
    ("visit-sheet.typ", include_str!("../../templates/documents/visit-sheet.typ")),
];

/// What a template's first line begins with.
const KINDS: &str = "// papers:";

/// A template and the folder whose files win over the embedded ones.
#[derive(Clone, Debug)]
pub struct Template {
    /// `visit-sheet.typ`.
    pub name: String,
    pub folder: Option<PathBuf>,
    pub kinds: Vec<Kind>,
}

impl Template {
    /// Finds a template by its name (`visit-sheet`), or by its file when `given` is one
    /// (`folder/own.typ`). `own` is the county's folder of templates.
    pub fn find(given: &str, own: Option<&Path>) -> Result<Template, Stop> {
        let (name, folder) = if given.ends_with(".typ") || given.contains(['/', '\\']) {
            let path = Path::new(given);
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            (name, Some(folder.unwrap_or(Path::new(".")).to_owned()))
        } else {
            (format!("{given}.typ"), own.map(|folder| folder.join("documents")))
        };
        let mut template = Template { name, folder, kinds: Vec::new() };
        let text = match template.bytes(&template.name) {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => return Err(Stop::input(format!("template {given}: {}", unknown()))),
        };
        template.kinds = kinds(&text)
            .map_err(|wrong| Stop::input(format!("template {}: line 1: {wrong}", template.name)))?;
        Ok(template)
    }

    /// The content of a file that a template asks for, relative to its own folder. Nothing
    /// outside the folder is read.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let inside = !name.split(['/', '\\']).any(|part| part == ".." || part.is_empty());
        let own = self.folder.as_ref().filter(|_| inside).map(|folder| folder.join(name));
        own.and_then(|path| std::fs::read(path).ok()).or_else(|| {
            let found = EMBEDDED.iter().find(|(embedded, _)| *embedded == name);
            found.map(|(_, text)| text.as_bytes().to_vec())
        })
    }
}

fn unknown() -> String {
    let names: Vec<&str> = EMBEDDED
        .iter()
        .filter(|(_, text)| text.starts_with(KINDS))
        .filter_map(|(name, _)| name.strip_suffix(".typ"))
        .collect();
    format!("there is no such template or file; take one of {}", names.join(", "))
}

fn kinds(text: &str) -> Result<Vec<Kind>, String> {
    let first = text.lines().next().unwrap_or_default();
    let Some(words) = first.strip_prefix(KINDS) else {
        return Err(format!("write what it sets, like \"{KINDS} slip, letter, sheet\""));
    };
    let read = |word: &str| {
        Kind::read(word.trim())
            .ok_or_else(|| format!("{:?} is none of slip, letter, sheet", word.trim()))
    };
    words.split(',').map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_found_by_name_or_file_and_says_what_it_sets() {
        let pack = Template::find("pack", None).unwrap();
        assert_eq!(pack.kinds, [Kind::Slip, Kind::Letter, Kind::Sheet]);
        let line = Template::find("none", None).unwrap_err().line;
        assert_eq!(
            line,
            "template none: there is no such template or file; take one of cover-list, pack, \
             visit-sheet"
        );
        assert!(Template::find("paper", None).unwrap_err().line.contains("write what it sets"));
    }

    #[test]
    fn the_countys_file_wins_and_nothing_outside_its_folder_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("documents");
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("visit-sheet.typ"), "// papers: letter\nown").unwrap();
        std::fs::write(folder.path().join("secret.typ"), "secret").unwrap();
        let template = Template::find("visit-sheet", Some(folder.path())).unwrap();
        assert_eq!(template.kinds, [Kind::Letter]);
        assert!(template.bytes("paper.typ").unwrap().starts_with(b"// What all papers share"));
        assert_eq!(template.bytes("../secret.typ"), None);
        assert_eq!(template.bytes(&folder.path().join("secret.typ").to_string_lossy()), None);
        let file = own.join("visit-sheet.typ");
        assert!(Template::find(&file.to_string_lossy(), None).is_ok());
    }
}
