//! City management: components and inspection cases, layers of one `GeoPackage` in CGCS2000.

use std::path::Path;

use chrono::{NaiveDateTime, TimeDelta};
use rusqlite::ToSql;

use super::{Department, file};
use crate::city::{CATEGORIES, City, Incident, Neighbourhood, Network};
use crate::draw::Draw;
use crate::error::Result;
use crate::format::GeoPackage;
use crate::geography::rounded;
use crate::options::DemoFile;
use crate::spelling::{Habit, spell};
use crate::truth::Truth;

const PATH: &str = "data/city_management/城市管理.gpkg";
const SOURCE: &str = "inspection_cases";
const CGCS2000: i32 = 4490;
const COMPONENTS: &str = "ObjID TEXT, ObjName TEXT, ObjClass TEXT, DeptName1 TEXT, DeptName3 TEXT, BGID TEXT, ObjState TEXT, ORDate TEXT, DataSource TEXT";
const CASES: &str = "CaseNo TEXT, EventType TEXT, EventTypeCode TEXT, Address TEXT, BGID TEXT, ReportTime TEXT, RegisterTime TEXT, DispatchTime TEXT, Deadline TEXT, DisposeTime TEXT, CheckTime TEXT, CloseTime TEXT, DeptName TEXT, Rework INTEGER, Status TEXT, ReporterNo TEXT";

/// City management.
pub struct CityManagement {
    package: GeoPackage,
    components: u64,
    cases: u64,
}

impl CityManagement {
    pub fn create(dir: &Path) -> Result<Self> {
        let package = GeoPackage::create(&dir.join(PATH))?;
        package.layer("components", COMPONENTS, CGCS2000, "2026-07-01T00:00:00.000Z")?;
        package.layer("cases", CASES, CGCS2000, "2026-07-01T00:00:00.000Z")?;
        Ok(Self { package, components: 0, cases: 0 })
    }

    fn case(
        &mut self,
        city: &City,
        home: &Neighbourhood,
        incident: &Incident,
        at: NaiveDateTime,
        truth: &mut Truth,
    ) -> Result<()> {
        let category = &CATEGORIES[incident.category];
        let Some((_, code, name)) = category.inspected else { return Ok(()) };
        self.cases += 1;
        let mut draw = Draw::new(city.seed, "case", self.cases);
        let number = format!("{}{}{:05}", home.district_code(), at.format("%Y%m%d"), self.cases % 100_000);
        let number = format!("{number}{:02}", self.cases / 100_000 % 100);
        let (x, y) = incident.spot;
        let point = (rounded(x + draw.real(-3e-4, 3e-4)), rounded(y + draw.real(-2e-4, 2e-4)));
        let grid = city.geography.grid_of(home.place, point);
        let end = city.until.and_hms_opt(23, 59, 59).unwrap_or(at);
        let stage =
            |after: NaiveDateTime, minutes: i64| Some(after + TimeDelta::minutes(minutes)).filter(|time| *time <= end);
        let text = |time: Option<NaiveDateTime>| time.map(|time| time.format("%Y-%m-%d %H:%M:%S").to_string());
        let registered = stage(at, draw.between(3, 60));
        let dispatched = registered.and_then(|time| stage(time, draw.between(5, 120)));
        let deadline = dispatched.map(|time| time + TimeDelta::hours(category.hours));
        let disposed =
            dispatched.and_then(|time| stage(time, (category.hours as f64 * 60.0 * draw.real(0.1, 1.2)) as i64));
        let checked = disposed.and_then(|time| stage(time, draw.between(20, 900)));
        let closed = checked.and_then(|time| stage(time, draw.between(5, 200)));
        let status = match (dispatched, disposed, closed) {
            (.., Some(_)) => "已结案",
            (_, Some(_), None) => "待核查",
            (Some(_), None, _) => "处置中",
            _ => "待派遣",
        };
        let values: [&dyn ToSql; 16] = [
            &number,
            &name,
            &code,
            &spell(home, incident.place, Habit::Planning, &mut draw),
            &grid,
            &text(Some(at)),
            &text(registered),
            &text(dispatched),
            &text(deadline),
            &text(disposed),
            &text(checked),
            &text(closed),
            &category.handler,
            &i64::from(draw.chance(0.04)),
            &status,
            &format!("JDY{:05}", home.number),
        ];
        self.package.feature("cases", CGCS2000, point, &values)?;
        truth.incident(SOURCE, "events", &number, &incident.entity())
    }
}

impl Department for CityManagement {
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()> {
        for component in &home.components {
            let values: [&dyn ToSql; 9] = [
                &component.code,
                &component.kind,
                &component.class,
                &format!("{}城市管理委员会", home.district),
                &format!("{}市政管护所", home.town),
                &component.grid,
                &component.state,
                &component.surveyed.to_string(),
                &"实测",
            ];
            self.package.feature("components", CGCS2000, component.point, &values)?;
            truth.object("components", "objects", &component.code, &component.code)?;
            self.components += 1;
        }
        for incident in &home.incidents {
            for report in incident.reports.iter().filter(|report| report.network == Network::Inspection) {
                self.case(city, home, incident, report.at, truth)?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        let rows = self.components + self.cases;
        self.package.finish()?;
        Ok(vec![file(PATH, rows)])
    }
}
