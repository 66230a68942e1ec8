//! Finds the files: those inside the program, then those of the county's folder.

use std::collections::BTreeMap;
use std::path::Path;

use rust_embed::RustEmbed;

use super::calendar::Sheet;
use super::dated::RawEntry;
use super::error::{Fault, PolicyError};

#[derive(RustEmbed)]
#[folder = "../../policies/"]
struct Policies;

#[derive(RustEmbed)]
#[folder = "../../data/sample/"]
struct Sample;

/// A packed sheet of a made-up county: `county/contracts.csv.gz`. The lists of `data/` are not
/// embedded as a whole: each stands in the program once, where it is read.
pub fn sample_file(name: &str) -> Option<Vec<u8>> {
    Sample::get(name).map(|file| file.data.into_owned())
}

/// Everything found, before it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    /// (file name, is it the county's, text).
    pub tables: Vec<(String, bool, String)>,
    pub sheets: BTreeMap<String, Vec<Sheet>>,
}

/// The sheets that take part in the policy.
const SHEETS: &[(&str, &[u8])] = &[
    ("lpr.csv", include_bytes!("../../../data/lpr.csv")),
    ("pboc_benchmark.csv", include_bytes!("../../../data/pboc_benchmark.csv")),
    ("holidays.csv", include_bytes!("../../../data/holidays.csv")),
    (
        "holidays_2027_statutory_only.csv",
        include_bytes!("../../../data/holidays_2027_statutory_only.csv"),
    ),
];

impl Files {
    /// The files inside the program.
    pub fn embedded() -> Result<Self, PolicyError> {
        let mut files = Files::default();
        let mut names: Vec<_> = Policies::iter().filter(|n| n.ends_with(".toml")).collect();
        names.sort();
        for name in names {
            if let Some(found) = Policies::get(&name) {
                files.table(format!("policies/{name}"), false, found.data.into_owned())?;
            }
        }
        for (name, bytes) in SHEETS {
            files.sheet(name, format!("data/{name}"), false, bytes.to_vec());
        }
        Ok(files)
    }

    /// Adds `*.toml` and the known `*.csv` of a county's folder.
    pub fn add_folder(&mut self, folder: &Path) -> Result<(), PolicyError> {
        let unreadable = |path: &Path, error: std::io::Error| PolicyError {
            file: path.display().to_string(),
            key: String::new(),
            fault: Fault::Unreadable(error.to_string()),
        };
        let mut paths = Vec::new();
        for found in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
            paths.push(found.map_err(|error| unreadable(folder, error))?.path());
        }
        paths.sort();
        for path in paths {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let shown = path.display().to_string();
            let is_table = name.ends_with(".toml");
            if !is_table && !SHEETS.iter().any(|(sheet, _)| *sheet == name) {
                continue;
            }
            let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, error))?;
            if is_table {
                self.table(shown, true, bytes)?;
            } else {
                self.sheet(name, shown, true, bytes);
            }
        }
        Ok(())
    }

    fn table(&mut self, file: String, county: bool, bytes: Vec<u8>) -> Result<(), PolicyError> {
        let text = String::from_utf8(bytes).map_err(|_| PolicyError {
            file: file.clone(),
            key: String::new(),
            fault: Fault::Unreadable("expected UTF-8 text".to_owned()),
        })?;
        self.tables.push((file, county, text));
        Ok(())
    }

    fn sheet(&mut self, name: &str, file: String, from_county: bool, bytes: Vec<u8>) {
        let sheet = Sheet { file, from_county, bytes };
        self.sheets.entry(name.to_owned()).or_default().push(sheet);
    }

    /// The sheets of one name, the program's own first.
    pub fn sheets_of(&self, name: &str) -> &[Sheet] {
        self.sheets.get(name).map_or(&[], Vec::as_slice)
    }

    /// The entries of all TOML files by table name (`cdb.loan_cap`), in order.
    pub fn entries(&self) -> Result<BTreeMap<String, Vec<RawEntry>>, PolicyError> {
        let mut found: BTreeMap<String, Vec<RawEntry>> = BTreeMap::new();
        for (file, from_county, text) in &self.tables {
            let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
                let message = error.to_string();
                let fault = Fault::Unreadable(message.lines().collect::<Vec<_>>().join(" "));
                PolicyError { file: file.clone(), key: String::new(), fault }
            })?;
            let mut put = |key: String, value: toml::Value| {
                let Some(entries) = entries_of(value) else {
                    return Err(PolicyError { file: file.clone(), key, fault: Fault::Unknown });
                };
                let list = found.entry(key).or_default();
                for values in entries {
                    list.push(RawEntry { file: file.clone(), from_county: *from_county, values });
                }
                Ok(())
            };
            for (key, value) in table {
                match value {
                    toml::Value::Table(product) => {
                        for (inner, value) in product {
                            put(format!("{key}.{inner}"), value)?;
                        }
                    }
                    value => put(key, value)?,
                }
            }
        }
        Ok(found)
    }
}

fn entries_of(value: toml::Value) -> Option<Vec<toml::Table>> {
    let toml::Value::Array(items) = value else { return None };
    items
        .into_iter()
        .map(|item| match item {
            toml::Value::Table(values) => Some(values),
            _ => None,
        })
        .collect()
}
