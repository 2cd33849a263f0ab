//! Smart access control: passages through each compound's gate a day, Parquet.

use std::path::Path;

use arrow::datatypes::DataType;
use chrono::{Datelike, Days, Weekday};

use super::{Department, file};
use crate::city::{City, Neighbourhood};
use crate::draw::Draw;
use crate::error::Result;
use crate::format::{Cell, ColumnsFile};
use crate::options::DemoFile;
use crate::truth::Truth;

const PATH: &str = "data/access_control/门禁日统计.parquet";

/// Counts of passages.
pub struct AccessControl {
    counts: ColumnsFile,
}

impl AccessControl {
    pub fn create(dir: &Path) -> Result<Self> {
        let columns = [
            ("gate_id", DataType::Utf8),
            ("compound", DataType::Utf8),
            ("community_code", DataType::Utf8),
            ("stat_date", DataType::Date32),
            ("entries", DataType::Int64),
            ("exits", DataType::Int64),
            ("visitors", DataType::Int64),
            ("residents_seen", DataType::Int64),
        ];
        Ok(Self { counts: ColumnsFile::create(&dir.join(PATH), &columns)? })
    }
}

impl Department for AccessControl {
    fn write(&mut self, city: &City, home: &Neighbourhood, _truth: &mut Truth) -> Result<()> {
        for (place, compound) in home.compounds.iter().enumerate() {
            let living = home
                .people
                .iter()
                .filter(|person| home.buildings[home.dwellings[person.dwelling].building].compound == place)
                .count();
            let name = format!("{}{}", compound.name, compound.part);
            let gate = format!("MJ{:08}01", compound.number + 1);
            for offset in 0..=(city.until - city.from).num_days() {
                let day = city.from + Days::new(offset.unsigned_abs());
                let mut draw = Draw::new(city.seed, "gate", compound.number * 4_096 + offset.unsigned_abs());
                // A gate's controller is offline now and then.
                if draw.chance(0.004) {
                    continue;
                }
                let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
                let holiday = (day.month() == 10 && day.day() <= 7) || (day.month() == 2 && day.day() <= 7);
                let passages = if holiday {
                    0.75
                } else if weekend {
                    1.2
                } else {
                    1.55
                };
                let entries = i64::from(draw.poisson(living as f64 * passages));
                let exits = (entries + draw.between(-6, 6)).max(0);
                let seen = (living as f64 * if holiday { 0.55 } else { draw.real(0.74, 0.88) }) as i64;
                self.counts.row(&[
                    Cell::Text(&gate),
                    Cell::Text(&name),
                    Cell::Text(&home.code),
                    Cell::Date(day),
                    Cell::Integer(entries),
                    Cell::Integer(exits),
                    Cell::Integer(i64::from(draw.poisson(living as f64 * 0.12))),
                    Cell::Integer(seen),
                ])?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        Ok(vec![file(PATH, self.counts.finish()?)])
    }
}
