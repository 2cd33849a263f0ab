//! What each department keeps of a neighbourhood, written as it really exports it. One file per source or pair
//! of sources; each implements [`Department`].

mod access_control;
mod areas;
mod city_management;
mod civil_affairs;
mod health;
mod hotline;
mod housing;
mod hukou;
mod iot;
mod lists;
mod organizations;
mod planning;
mod property;
mod streets;
mod volunteers;

use std::path::{Path, PathBuf};

use crate::city::{City, Neighbourhood};
use crate::error::Result;
use crate::options::DemoFile;
use crate::truth::Truth;

pub use areas::write_areas;

/// A department that writes what it knows, one neighbourhood after the other.
pub trait Department {
    /// Writes what it knows of a neighbourhood, and whom and what that really is.
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()>;

    /// Closes its files.
    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>>;
}

/// All departments, with their files created in `dir`.
pub fn all(dir: &Path) -> Result<Vec<Box<dyn Department>>> {
    Ok(vec![
        Box::new(hukou::Hukou::create(dir)?),
        Box::new(civil_affairs::CivilAffairs::create(dir)),
        Box::new(health::Health::create(dir)?),
        Box::new(housing::Housing::create(dir)?),
        Box::new(planning::Planning::create(dir)?),
        Box::new(organizations::Organizations::create(dir)?),
        Box::new(hotline::Hotline::create(dir)?),
        Box::new(city_management::CityManagement::create(dir)?),
        Box::new(iot::Iot::create(dir)?),
        Box::new(streets::Streets::create(dir)),
        Box::new(property::Property::create(dir)),
        Box::new(access_control::AccessControl::create(dir)?),
        Box::new(volunteers::Volunteers::create(dir)?),
        Box::new(lists::Lists::create(dir)),
    ])
}

/// A file as the summary names it.
fn file(path: &str, rows: u64) -> DemoFile {
    DemoFile { path: PathBuf::from(path), rows }
}

/// The parts of a register, named from the project's folder.
fn parts(dir: &Path, written: Vec<(PathBuf, u64)>) -> Vec<DemoFile> {
    let within = |path: PathBuf| path.strip_prefix(dir).map(Path::to_owned).unwrap_or(path);
    written.into_iter().map(|(path, rows)| DemoFile { path: within(path), rows }).collect()
}
