//! The offices whose rows somebody may see.

/// The offices whose rows a person (or a job) may see. Every query of a store takes one, so
/// forgetting it does not compile. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    own: String,
    offices: Vec<String>,
}

impl Scope {
    /// One county's own rows: what staff of that office see.
    pub fn of(office_code: &str) -> Scope {
        Scope { own: office_code.to_owned(), offices: vec![office_code.to_owned()] }
    }

    /// The office in whose name something is written.
    pub fn own(&self) -> &str {
        &self.own
    }

    /// Their codes; a query asks `scope.holds(table::office_code)`.
    pub fn codes(&self) -> &[String] {
        &self.offices
    }
}
