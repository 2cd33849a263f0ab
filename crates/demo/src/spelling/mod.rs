//! How departments write what they know: each with habits of its own, and with the mistakes of [`crate::rates`].

mod address;
mod date;
mod name;
mod number;

pub use address::{Habit, canonical, spell};
pub use date::{DateStyle, date};
pub use name::name;
pub use number::{Shown, damaged_by_excel, identity, masked_id, masked_phone, phone};
