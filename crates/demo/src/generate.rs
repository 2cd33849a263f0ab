//! The city, neighbourhood by neighbourhood, through every department.

use crate::city::{City, IdBook, Neighbourhood};
use crate::departments::{all, write_areas};
use crate::error::Result;
use crate::options::{DemoOptions, DemoSummary};
use crate::truth::{Truth, write_bursts};

/// Writes the city's departmental files under `data/` and the truth under `truth/` of the project's folder.
/// `progress` is called with `areas` and `people` and how many of them are written.
///
/// # Errors
/// Options that no city fits, and files that cannot be written.
pub fn generate(options: &DemoOptions, progress: &mut dyn FnMut(&str, u64)) -> Result<DemoSummary> {
    let city = City::plan(options)?;
    let mut files = write_areas(&options.dir, &city)?;
    progress("areas", files.iter().map(|file| file.rows).sum());
    let mut truth = Truth::create(&options.dir)?;
    let mut departments = all(&options.dir)?;
    let mut book = IdBook::new();
    let mut summary =
        DemoSummary { people: city.people, communities: city.inhabited.len() as u64, ..DemoSummary::default() };
    let mut people = 0;
    for number in 0..city.inhabited.len() {
        let home = Neighbourhood::make(&city, number, &mut book);
        for department in &mut departments {
            department.write(&city, &home, &mut truth)?;
        }
        people += home.people.len() as u64;
        summary.households += home.households() as u64;
        summary.dwellings += home.dwellings.len() as u64;
        summary.organizations += home.organizations.len() as u64;
        summary.incidents += home.incidents.len() as u64;
        progress("people", people);
    }
    for department in departments {
        files.extend(department.finish()?);
    }
    files.extend(truth.finish()?);
    files.push(write_bursts(&options.dir, &city)?);
    summary.files = files;
    Ok(summary)
}
