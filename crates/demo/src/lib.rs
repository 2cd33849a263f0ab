//! A deterministic demo city written as its departments really export it, with the truth kept apart.
//!
//! Input: a number of people, a seed and a last day. Output: under the project's folder, `data/` with one
//! folder a department, and `truth/` with what only the generator knows. Invariant: the same input gives the
//! same bytes; memory does not grow with the city.
//!
//! The land is real in its codes and names (`geography`), the people and homes are made up one neighbourhood
//! at a time (`city`), and each department (`departments`) writes what it knows of a neighbourhood with its own
//! habits (`spelling`) and mistakes (`rates`) into its own kind of file (`format`).

mod city;
mod departments;
mod draw;
mod error;
mod format;
mod generate;
mod geography;
mod options;
mod rates;
mod spelling;
mod truth;
mod words;

pub use error::DemoError;
pub use generate::generate;
pub use options::{DemoFile, DemoOptions, DemoSummary};
