//! Housing: the register of dwellings with their owners, CSV in UTF-8 with a byte-order mark.

use std::path::Path;

use chrono::Days;

use super::{Department, file};
use crate::city::{City, Neighbourhood};
use crate::draw::Draw;
use crate::error::Result;
use crate::format::{Csv, Encoding};
use crate::options::DemoFile;
use crate::rates;
use crate::spelling::{DateStyle, Habit, Shown, date, identity, name, phone, spell};
use crate::truth::Truth;

const PATH: &str = "data/housing/房屋登记簿.csv";
const SOURCE: &str = "housing_register";
const HEADER: [&str; 15] = [
    "不动产单元号",
    "坐落",
    "楼栋",
    "单元",
    "所在层",
    "总层数",
    "房号",
    "建筑面积",
    "规划用途",
    "建成年份",
    "权利人",
    "证件号码",
    "共有情况",
    "登记日期",
    "联系电话",
];

/// The housing register.
pub struct Housing {
    csv: Csv,
}

impl Housing {
    pub fn create(dir: &Path) -> Result<Self> {
        Ok(Self { csv: Csv::create(&dir.join(PATH), Encoding::Utf8Bom, &HEADER)? })
    }
}

impl Department for Housing {
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()> {
        for building in &home.buildings {
            truth.housing(SOURCE, "building", &building.code, &building.code)?;
        }
        for (number, dwelling) in home.dwellings.iter().enumerate() {
            let mut draw = Draw::new(city.seed, "dwelling", home.place as u64 * 65_536 + number as u64);
            let building = &home.buildings[dwelling.building];
            let compound = &home.compounds[building.compound];
            let owner = &home.people[dwelling.owner];
            let written = name(&owner.name, &mut draw);
            let place = home.place_of(number);
            let area = if draw.chance(0.02) {
                format!("{}平方米", dwelling.area_m2)
            } else {
                format!("{:.2}", dwelling.area_m2)
            };
            let registered = city.until - Days::new(draw.between(30, 7_000).unsigned_abs());
            let fields = [
                dwelling.code.as_str(),
                &spell(home, place, Habit::Estate, &mut draw),
                &format!("{}号楼", building.number),
                &if building.units > 1 { dwelling.unit.to_string() } else { "无".to_owned() },
                &dwelling.floor.to_string(),
                &building.floors.to_string(),
                &dwelling.room.to_string(),
                &area,
                "住宅",
                &compound.built.to_string(),
                written.as_deref().unwrap_or(""),
                &identity(owner, Shown::Typed, &mut draw),
                if draw.chance(0.4) { "共同共有" } else { "单独所有" },
                &date(registered, DateStyle::Slashes),
                &phone(owner, home, &mut draw),
            ];
            self.csv.row(fields)?;
            if draw.chance(rates::HOUSING_TWICE) {
                self.csv.row(fields)?;
            }
            truth.housing(SOURCE, "room", &dwelling.code, &dwelling.code)?;
            truth.address(SOURCE, "room", &dwelling.code, home, place)?;
            if written.is_some() {
                truth.person(SOURCE, "owner", &dwelling.code, &owner.entity())?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        Ok(vec![file(PATH, self.csv.finish()?)])
    }
}
