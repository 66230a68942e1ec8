//! One code, two databases: that both have the same tables, refuse the same things and lose
//! nothing under load. SQLite always; PostgreSQL when `TEST_POSTGRES_URL` is set.

mod bulk;
mod doors;
pub mod lists;
mod plans;
mod shape;
mod start;
mod tables;
mod writes;
