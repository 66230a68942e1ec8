//! Pages across stages: workbench, search, loan file, imports, messages, settings.

pub mod imports;
