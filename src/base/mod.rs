//! Values that know nothing of databases, pages or loans' lives: money, rates, days, identities,
//! names and numbers of people and places. Each is read once into its type.

pub mod money;
pub mod rate;
pub mod capital;
pub mod choice;
pub mod dates;
pub mod email;
pub mod month_day;
pub mod ids;
pub mod scope;
pub mod id_number;
pub mod phone_number;
pub mod person_name;
pub mod division_code;
pub mod place;
pub mod hex;
pub mod spoken_code;
pub mod url;
pub mod language;
