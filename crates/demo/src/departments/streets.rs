//! The streets: their own ledger of the networked devices in their compounds, a workbook kept by hand.

use std::path::{Path, PathBuf};

use chrono::{Days, TimeDelta};

use super::{Department, parts};
use crate::city::{City, Neighbourhood};
use crate::draw::Draw;
use crate::error::Result;
use crate::format::{Layout, Workbooks};
use crate::options::DemoFile;
use crate::rates;
use crate::spelling::{DateStyle, Habit, date, spell};
use crate::truth::Truth;

const SOURCE: &str = "street_devices";
const DEVICES: Layout = Layout {
    sheet: "感知设备",
    titles: &["街道物联感知设备台账"],
    header: &["街道（乡镇）", "台账编号", "设备名称", "设备编号", "安装位置", "启用日期", "维护单位"],
    merged: 1,
    footer: None,
};

/// The ledgers of the streets.
pub struct Streets {
    dir: PathBuf,
    devices: Workbooks,
    number: u64,
}

impl Streets {
    pub fn create(dir: &Path) -> Self {
        let devices = Workbooks::new(&dir.join("data/streets/街道物联设备台账.xlsx"), &[DEVICES]);
        Self { dir: dir.to_owned(), devices, number: 0 }
    }
}

/// The operator's number as it was copied: whole, without what looks superfluous, with a slip, or not at all.
fn copied(code: &str, draw: &mut Draw) -> String {
    let missing = rates::DEVICE_CODE_MISSING;
    let short = missing + rates::DEVICE_CODE_SHORT;
    let wrong = short + rates::DEVICE_CODE_WRONG;
    match draw.unit() {
        share if share < missing => String::new(),
        share if share < short => code.trim_start_matches("DEV").trim_start_matches('0').to_owned(),
        share if share < wrong => {
            // A digit of the last six, by another.
            let place = code.len() - 1 - draw.below(6) as usize;
            let digit = code.as_bytes()[place];
            let other = b'0' + (digit - b'0' + 1 + draw.below(9) as u8) % 10;
            let mut code = code.to_owned();
            code.replace_range(place..=place, &char::from(other).to_string());
            code
        }
        _ => code.to_owned(),
    }
}

impl Department for Streets {
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()> {
        for device in &home.devices {
            let serial = device.code[3..].parse().unwrap_or(0);
            let mut draw = Draw::new(city.seed, "street device", serial);
            if !draw.chance(rates::DEVICE_KNOWN_TO_STREET) {
                continue;
            }
            self.number += 1;
            let number = format!("WL{:08}", self.number);
            // Whoever keeps the ledger has been there.
            let place = device.building.map_or(device.place, |building| home.place_of_building(building));
            let later = TimeDelta::days(if draw.chance(0.7) { 0 } else { draw.between(1, 40) });
            let started = (device.installed + later).min(city.until - Days::new(1));
            self.devices.row(
                0,
                vec![
                    home.town.as_str().into(),
                    number.as_str().into(),
                    device.kind().short.into(),
                    copied(&device.code, &mut draw).into(),
                    spell(home, place, Habit::Civil, &mut draw).into(),
                    date(started, DateStyle::Dots).into(),
                    device.kind().operator.into(),
                ],
            )?;
            truth.object(SOURCE, "objects", &number, &device.code)?;
            truth.address(SOURCE, "objects", &number, home, place)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        let written = self.devices.finish()?;
        Ok(parts(&self.dir, written))
    }
}
