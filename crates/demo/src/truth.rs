//! The truth beside the departments' files: which record speaks of which thing.

use std::path::Path;

use crate::city::{CATEGORIES, City, Neighbourhood, Place};
use crate::error::Result;
use crate::format::{Csv, Encoding};
use crate::options::DemoFile;
use crate::spelling::canonical;

/// Writes the files under `truth/`.
pub struct Truth {
    people: Csv,
    housing: Csv,
    objects: Csv,
    organizations: Csv,
    addresses: Csv,
    incidents: Csv,
}

const MEMBERS: [&str; 4] = ["source", "record", "record_id", "entity_id"];

impl Truth {
    /// Creates the files.
    pub fn create(dir: &Path) -> Result<Self> {
        let members = |name: &str| Csv::create(&dir.join("truth").join(name), Encoding::Utf8, &MEMBERS);
        let addresses = ["source", "record", "record_id", "entity_id", "level", "canonical", "lon", "lat"];
        Ok(Self {
            people: members("people.csv")?,
            housing: members("housing.csv")?,
            objects: members("objects.csv")?,
            organizations: members("organizations.csv")?,
            addresses: Csv::create(&dir.join("truth/addresses.csv"), Encoding::Utf8, &addresses)?,
            incidents: members("events_incidents.csv")?,
        })
    }

    /// A record of a person.
    pub fn person(&mut self, source: &str, record: &str, id: &str, entity: &str) -> Result<()> {
        self.people.row([source, record, id, entity])
    }

    /// A record of a building or room.
    pub fn housing(&mut self, source: &str, record: &str, id: &str, entity: &str) -> Result<()> {
        self.housing.row([source, record, id, entity])
    }

    /// A record of a component or device.
    pub fn object(&mut self, source: &str, record: &str, id: &str, entity: &str) -> Result<()> {
        self.objects.row([source, record, id, entity])
    }

    /// A record of an organization.
    pub fn organization(&mut self, source: &str, record: &str, id: &str, entity: &str) -> Result<()> {
        self.organizations.row([source, record, id, entity])
    }

    /// A report of an incident.
    pub fn incident(&mut self, source: &str, record: &str, id: &str, entity: &str) -> Result<()> {
        self.incidents.row([source, record, id, entity])
    }

    /// The address that a record writes.
    pub fn address(&mut self, source: &str, record: &str, id: &str, home: &Neighbourhood, place: Place) -> Result<()> {
        self.door(source, record, id, home, place, None)
    }

    /// The address that a record writes, with the door of a shop in a building: what the text says is a place of its own.
    pub fn door(
        &mut self,
        source: &str,
        record: &str,
        id: &str,
        home: &Neighbourhood,
        place: Place,
        door: Option<&str>,
    ) -> Result<()> {
        let (mut level, mut text) = canonical(home, place);
        let mut code = match (place.dwelling, place.building) {
            (Some(dwelling), _) => home.dwellings[dwelling].code.clone(),
            (None, Some(building)) => format!(
                "{}{}",
                home.buildings[building].code,
                place.unit.map(|unit| format!("U{unit}")).unwrap_or_default()
            ),
            (None, None) => home.compounds[place.compound].parcel.clone(),
        };
        if let Some(door) = door {
            level = "room";
            text.push_str(door);
            code.push_str(door);
        }
        let point = home.point_of(place);
        self.addresses.row([source, record, id, &code, level, &text, &point.0.to_string(), &point.1.to_string()])
    }

    /// Closes the files.
    pub fn finish(self) -> Result<Vec<DemoFile>> {
        let files = [
            ("people.csv", self.people),
            ("housing.csv", self.housing),
            ("objects.csv", self.objects),
            ("organizations.csv", self.organizations),
            ("addresses.csv", self.addresses),
            ("events_incidents.csv", self.incidents),
        ];
        files
            .into_iter()
            .map(|(name, csv)| Ok(DemoFile { path: Path::new("truth").join(name), rows: csv.finish()? }))
            .collect()
    }
}

/// Writes where the injected outbreaks are.
pub fn write_bursts(dir: &Path, city: &City) -> Result<DemoFile> {
    let header = ["kind", "category", "area_code", "from", "to", "factor", "extra_per_day"];
    let mut csv = Csv::create(&dir.join("truth/bursts.csv"), Encoding::Utf8, &header)?;
    for burst in &city.bursts {
        let category = &CATEGORIES[burst.category];
        let (from, to) = (burst.from.to_string(), burst.to.to_string());
        let numbers = (burst.factor.to_string(), burst.extra.to_string());
        csv.row(["work_orders", &category.levels.join("/"), &burst.area_code, &from, &to, &numbers.0, &numbers.1])?;
    }
    Ok(DemoFile { path: Path::new("truth/bursts.csv").to_owned(), rows: csv.finish()? })
}
