//! The city as it is: what the departments' files are made from and the truth they are measured against.
//!
//! A city is a plan ([`City`]) and, one at a time, its neighbourhoods ([`Neighbourhood`]): each is made from
//! the plan and its number, written by every department, and forgotten.

mod alarm;
mod burst;
mod home;
mod household;
mod identity;
mod incident;
mod neighbourhood;
mod organization;
mod person;
mod plan;
mod thing;

pub use alarm::Alarm;
pub use identity::{IdBook, former_mobile};
pub use incident::{CATEGORIES, Incident, Network, Report, entity};
pub use neighbourhood::{Neighbourhood, Place};
pub use organization::{Organization, OrganizationKind, property_company};
pub use person::{Person, Role, Sex};
pub use plan::City;
