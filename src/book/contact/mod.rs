//! A family's numbers, what was said, the year's duty, and changes that borrowers ask for.

pub mod change;
pub mod in_force;
pub mod task;
pub mod keep;
mod number;
pub mod point;
pub mod promise;
pub mod record;
