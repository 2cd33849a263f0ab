//! Planning and natural resources: parcels and buildings, Shapefiles in EPSG:4548 with GBK attributes.

use std::path::Path;

use jingwei_geo::{Crs, Transformer};

use super::{Department, file};
use crate::city::{City, Neighbourhood};
use crate::draw::Draw;
use crate::error::{DemoError, Result};
use crate::format::{Field, FieldKind, Shapefile};
use crate::geography::Point;
use crate::options::DemoFile;
use crate::rates;
use crate::spelling::{Habit, spell};
use crate::truth::Truth;

const PARCELS: &str = "data/planning/宗地.shp";
const BUILDINGS: &str = "data/planning/楼栋.shp";

const fn text(name: &'static str, width: u8) -> Field {
    Field { name, kind: FieldKind::Text, width }
}

const PARCEL_FIELDS: &[Field] = &[
    text("ZDDM", 19),
    Field { name: "ZDMJ", kind: FieldKind::Number(2), width: 16 },
    text("TDYT", 20),
    text("QLXZ", 20),
    text("QLR", 80),
    text("TDZL", 120),
    Field { name: "DCRQ", kind: FieldKind::Date, width: 8 },
];
const BUILDING_FIELDS: &[Field] = &[
    text("FWBM", 24),
    text("XQMC", 60),
    text("LDH", 12),
    Field { name: "ZCS", kind: FieldKind::Number(0), width: 4 },
    Field { name: "JCNF", kind: FieldKind::Number(0), width: 4 },
    Field { name: "JZMJ", kind: FieldKind::Number(2), width: 14 },
    text("ZL", 120),
    text("FWYT", 20),
];

/// The projection as the survey's software writes it.
const PRJ: &str = "PROJCS[\"CGCS2000_3_Degree_GK_CM_117E\",GEOGCS[\"GCS_China_Geodetic_Coordinate_System_2000\",DATUM[\"D_China_2000\",SPHEROID[\"CGCS2000\",6378137.0,298.257222101]],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]],PROJECTION[\"Gauss_Kruger\"],PARAMETER[\"False_Easting\",500000.0],PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",117.0],PARAMETER[\"Scale_Factor\",1.0],PARAMETER[\"Latitude_Of_Origin\",0.0],UNIT[\"Meter\",1.0]]";

/// Parcels and buildings.
pub struct Planning {
    parcels: Shapefile,
    buildings: Shapefile,
    to_metres: Transformer,
}

impl Planning {
    pub fn create(dir: &Path) -> Result<Self> {
        let metric = Crs::parse("EPSG:4548").and_then(|crs| Transformer::new(&Crs::wgs84(), &crs));
        let to_metres = metric.map_err(|error| DemoError::Internal(error.to_string()))?;
        Ok(Self {
            parcels: Shapefile::create(&dir.join(PARCELS), PARCEL_FIELDS, PRJ)?,
            buildings: Shapefile::create(&dir.join(BUILDINGS), BUILDING_FIELDS, PRJ)?,
            to_metres,
        })
    }

    /// A ring in metres, to the millimetre.
    fn metres(&self, ring: &[Point]) -> Result<Vec<Point>> {
        let millimetre = |value: f64| (value * 1000.0).round() / 1000.0;
        let corner = |(x, y): &Point| self.to_metres.transform(*x, *y).map(|(x, y)| (millimetre(x), millimetre(y)));
        ring.iter().map(corner).collect::<Result<_, _>>().map_err(|error| DemoError::Internal(error.to_string()))
    }
}

fn area(ring: &[Point]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    let (west, south) = ring[0];
    ring.iter().zip(next).map(|(a, b)| (a.0 - west) * (b.1 - south) - (b.0 - west) * (a.1 - south)).sum::<f64>().abs()
        / 2.0
}

impl Department for Planning {
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()> {
        for (number, compound) in home.compounds.iter().enumerate() {
            let mut draw = Draw::new(city.seed, "parcel", compound.number);
            let ring = self.metres(&compound.parcel_ring)?;
            let place = crate::city::Place { compound: number, building: None, unit: None, dwelling: None };
            let values = [
                compound.parcel.clone(),
                format!("{:.2}", area(&ring)),
                "城镇住宅用地".to_owned(),
                (*draw.pick(&["出让", "划拨"])).to_owned(),
                format!("北京{}房地产开发有限公司", compound.name),
                spell(home, place, Habit::Planning, &mut draw),
                format!("{}0{}15", 2008 + draw.below(15), draw.between(1, 9)),
            ];
            self.parcels.polygon(&ring, &values)?;
        }
        for (number, building) in home.buildings.iter().enumerate() {
            let mut draw = Draw::new(city.seed, "building", home.place as u64 * 4_096 + number as u64);
            let compound = &home.compounds[building.compound];
            let ring = self.metres(&building.ring)?;
            let place = home.place_of_building(number);
            let mut code = building.code.clone();
            // Surveyed anew under a number of another thousand: no building has it.
            if draw.chance(rates::BUILDING_CODE_WRONG) {
                let digit = code.len() - 4;
                code.replace_range(digit..=digit, "5");
            }
            let values = [
                code.clone(),
                format!("{}{}", compound.name, compound.part),
                format!("{}号楼", building.number),
                building.floors.to_string(),
                compound.built.to_string(),
                format!("{:.2}", area(&ring) * f64::from(building.floors)),
                spell(home, place, Habit::Planning, &mut draw),
                "住宅".to_owned(),
            ];
            self.buildings.polygon(&ring, &values)?;
            truth.housing("buildings", "housing", &code, &building.code)?;
            truth.address("buildings", "housing", &code, home, place)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        Ok(vec![file(PARCELS, self.parcels.finish()?), file(BUILDINGS, self.buildings.finish()?)])
    }
}
