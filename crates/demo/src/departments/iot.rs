//! Operators of networked devices: devices and alarms, Parquet with points in BD-09.

use std::path::Path;

use arrow::datatypes::{DataType, TimeUnit};
use chrono::TimeDelta;
use jingwei_geo::{Crs, Transformer};

use super::{Department, file};
use crate::city::{Alarm, City, Neighbourhood, entity};
use crate::draw::Draw;
use crate::error::{DemoError, Result};
use crate::format::{Cell, ColumnsFile};
use crate::options::DemoFile;
use crate::rates;
use crate::spelling::{Habit, spell};
use crate::truth::Truth;

const DEVICES: &str = "data/iot/设备台账.parquet";
const ALARMS: &str = "data/iot/设备告警.parquet";
const ALARM_SOURCE: &str = "alarms";

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

    fn alarm(&mut self, city: &City, home: &Neighbourhood, alarm: &Alarm, truth: &mut Truth) -> Result<()> {
        self.number += 1;
        let mut draw = Draw::new(city.seed, "alarm row", self.number);
        let device = &home.devices[alarm.device];
        let number = format!("AL{:011}", self.number);
        let cleared = draw.chance(0.97).then(|| alarm.at + TimeDelta::minutes(draw.between(2, 600)));
        let marked = if alarm.mistaken { rates::ALARM_MARKED_FALSE } else { rates::ALARM_MARKED_WRONGLY };
        let kind: &&str = draw.pick(&device.kind().alarms);
        self.alarms.row(&[
            Cell::Text(&number),
            Cell::Text(&device.code),
            Cell::Text(kind),
            Cell::Moment(Some(alarm.at)),
            Cell::Moment(cleared),
            Cell::Integer(draw.between(1, 3)),
            Cell::Number((draw.real(10.0, 99.0) * 10.0).round() / 10.0),
            Cell::Boolean(draw.chance(marked)),
        ])?;
        truth.incident(ALARM_SOURCE, "events", &number, &entity(alarm.incident))
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
                Cell::Text(device.kind().name),
                Cell::Text(device.kind().operator),
                Cell::Number(millionth(x)),
                Cell::Number(millionth(y)),
                Cell::Text(&spell(home, device.place, Habit::Caller, &mut draw)),
                Cell::Date(device.installed),
                Cell::Boolean(device.online),
            ])?;
            truth.object("devices", "objects", &device.code, &device.code)?;
            truth.address("devices", "objects", &device.code, home, device.place)?;
        }
        for alarm in &home.alarms {
            self.alarm(city, home, alarm, truth)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        Ok(vec![file(DEVICES, self.devices.finish()?), file(ALARMS, self.alarms.finish()?)])
    }
}
