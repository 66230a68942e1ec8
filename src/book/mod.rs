//! What every stage of a loan's life shares: typed values, dated rules, the statement,
//! people, places, loans, events and positions. Never imports `life`.

pub mod parts;
pub mod account_seal;
pub mod act;
pub mod policy;
pub mod statement;
pub mod office;
pub mod staff;
pub mod liaison;
pub mod payments_known;
pub mod person;
pub mod contact;
pub mod loan;
pub mod events;
pub mod facts;
pub mod file;
pub mod file_note;
pub mod importing;
pub mod lifeline;
pub mod policy_book;
pub mod position;
pub mod delivery;
pub mod setting;
pub mod notice;
pub mod warning;
pub mod visit_sheet;
pub mod bank;
pub mod bank_difference;
pub mod reconcile;
pub mod monthly;
pub mod uncomputable;
pub mod verify;
pub mod audit_log;
pub mod batch;
