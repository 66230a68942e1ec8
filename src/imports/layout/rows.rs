//! A line of any kind of sheet, once it is understood: values of the sheet only. Whether the person
//! is known is for others to find out. What an identity number says (birthday, sex) is asked from
//! the number.

use std::any::Any;
use std::fmt::Debug;
use std::ops::{Deref, DerefMut};

use super::kind::Layout;
use crate::base::id_number::IdNumber;

/// What others may ask of a line whatever its kind; `layout!` writes it.
pub trait SheetRow: Any + Debug + Send + Sync {
    /// What makes two lines of one sheet the same thing. Holds identity numbers: for comparing
    /// in memory only, never shown or stored.
    fn natural_key(&self) -> String;
    /// True for money that was paid.
    fn is_payment(&self) -> bool;
    /// Headings of the fields in which two rows differ.
    fn differences(&self, other: &Row) -> Vec<&'static str>;
    /// The identity number of the student, where the sheet has one.
    fn id_number(&self) -> Option<IdNumber>;
    /// That of the co-borrower.
    fn co_id_number(&self) -> Option<IdNumber>;
    /// 学号, where a row is nothing without it.
    fn student_number(&self) -> Option<&str>;
    /// The contracts that the line is about.
    fn contract_numbers(&self) -> &[String];
    /// The student's name as the sheet has it.
    fn name(&self) -> Option<&str>;
    /// Puts the known name in the place of the one in the sheet.
    fn set_name(&mut self, known: &str);
    fn boxed(&self) -> Row;
}

/// A row that `layout!` declares.
pub trait Declared: SheetRow {
    const LAYOUT: Layout;
}

/// A typed line of any kind.
#[derive(Debug)]
pub struct Row(Box<dyn SheetRow>);

impl Row {
    pub(in crate::imports) fn new(row: impl SheetRow) -> Row {
        Row(Box::new(row))
    }

    /// The line, when it is of this kind.
    pub fn of<R: SheetRow>(&self) -> Option<&R> {
        let any: &dyn Any = &*self.0;
        any.downcast_ref()
    }
}

impl Clone for Row {
    fn clone(&self) -> Row {
        self.boxed()
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Row) -> bool {
        self.differences(other).is_empty()
    }
}

impl Eq for Row {}

impl Deref for Row {
    type Target = dyn SheetRow;
    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl DerefMut for Row {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.0
    }
}
