//! Operators of networked devices: devices and alarms, Parquet with points in BD-09.

use std::path::Path;

use arrow::datatypes::{DataType, TimeUnit};
use chrono::{Days, NaiveDate, TimeDelta};
use jingwei_geo::{Crs, Transformer};

use super::{Department, file};
use crate::city::{City, Device, Neighbourhood};
use crate::draw::Draw;
use crate::error::{DemoError, Result};
use crate::format::{Cell, ColumnsFile};
use crate::options::DemoFile;
use crate::spelling::{Habit, spell};
use crate::truth::Truth;

const DEVICES: &str = "data/iot/设备台账.parquet";
const ALARMS: &str = "data/iot/设备告警.parquet";

/// Devices and alarms.
pub struct Iot {
    devices: ColumnsFile,
    alarms: ColumnsFile,
    to_bd09: Transformer,
    number: u64,
}

impl Iot {
    pub fn create(dir: &Path) -> Result<Self> {
        let text = DataType::Utf8;
        let moment = DataType::Timestamp(TimeUnit::Microsecond, None);
        let devices = [
            ("device_id", text.clone()),
            ("device_type", text.clone()),
            ("operator", text.clone()),
            ("bd_lng", DataType::Float64),
            ("bd_lat", DataType::Float64),
            ("address", text.clone()),
            ("install_date", DataType::Date32),
            ("online", DataType::Boolean),
        ];
        let alarms = [
            ("alarm_id", text.clone()),
            ("device_id", text.clone()),
            ("alarm_type", text.clone()),
            ("alarm_time", moment.clone()),
            ("clear_time", moment),
            ("level", DataType::Int64),
            ("value", DataType::Float64),
            ("false_alarm", DataType::Boolean),
        ];
        let bd09 = Crs::parse("BD-09").and_then(|crs| Transformer::new(&Crs::wgs84(), &crs));
        Ok(Self {
            devices: ColumnsFile::create(&dir.join(DEVICES), &devices)?,
            alarms: ColumnsFile::create(&dir.join(ALARMS), &alarms)?,
            to_bd09: bd09.map_err(|error| DemoError::Internal(error.to_string()))?,
            number: 0,
        })
    }

    fn alarms(&mut self, city: &City, device: &Device) -> Result<()> {
        let from: NaiveDate = city.from.max(device.installed);
        let days = (city.until - from).num_days();
        let serial = device.code[3..].parse().unwrap_or(0);
        let mut draw = Draw::new(city.seed, "alarms", serial);
        let count = draw.poisson(device.alarms_a_year * days as f64 / 365.25);
        let mut times = (0..count).map(|_| (draw.between(0, days - 1), draw.between(0, 86_399))).collect::<Vec<_>>();
        times.sort_unstable();
        for (day, second) in times {
            self.number += 1;
            let at = (from + Days::new(day.unsigned_abs())).and_hms_opt(0, 0, 0).unwrap_or_default()
                + TimeDelta::seconds(second);
            let cleared = draw.chance(0.97).then(|| at + TimeDelta::minutes(draw.between(2, 600)));
            self.alarms.row(&[
                Cell::Text(&format!("AL{:011}", self.number)),
                Cell::Text(&device.code),
                Cell::Text(&format!("{}告警", device.kind)),
                Cell::Moment(Some(at)),
                Cell::Moment(cleared),
                Cell::Integer(draw.between(1, 3)),
                Cell::Number((draw.real(10.0, 99.0) * 10.0).round() / 10.0),
                Cell::Boolean(draw.chance(0.35)),
            ])?;
        }
        Ok(())
    }
}

impl Department for Iot {
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()> {
        for device in &home.devices {
            let serial = device.code[3..].parse().unwrap_or(0);
            let mut draw = Draw::new(city.seed, "device row", serial);
            let (x, y) = self
                .to_bd09
                .transform(device.point.0, device.point.1)
                .map_err(|error| DemoError::Internal(error.to_string()))?;
            let millionth = |value: f64| (value * 1e6).round() / 1e6;
            self.devices.row(&[
                Cell::Text(&device.code),
                Cell::Text(device.kind),
                Cell::Text(device.operator),
                Cell::Number(millionth(x)),
                Cell::Number(millionth(y)),
                Cell::Text(&spell(home, device.place, Habit::Caller, &mut draw)),
                Cell::Date(device.installed),
                Cell::Boolean(device.online),
            ])?;
            truth.address("devices", "objects", &device.code, home, device.place)?;
            if device.online {
                self.alarms(city, device)?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        Ok(vec![file(DEVICES, self.devices.finish()?), file(ALARMS, self.alarms.finish()?)])
    }
}
