//! Volunteers and their time bank, an SQLite database of two tables.

use std::path::{Path, PathBuf};

use chrono::Days;
use rusqlite::Connection;

use super::{Department, file};
use crate::city::{City, Neighbourhood, Person};
use crate::draw::Draw;
use crate::error::{DemoError, Result};
use crate::options::DemoFile;
use crate::rates;
use crate::spelling::{DateStyle, Habit, Shown, date, identity, name, phone, spell};
use crate::truth::Truth;

const PATH: &str = "data/volunteers/志愿服务.db";
const TABLES: &str = "
CREATE TABLE volunteers (vol_no TEXT PRIMARY KEY, real_name TEXT, gender TEXT, birth TEXT, id_card TEXT, phone TEXT, address TEXT, community_code TEXT, skills TEXT, reg_date TEXT);
CREATE TABLE time_bank (entry_no TEXT PRIMARY KEY, vol_no TEXT, service TEXT, beneficiary TEXT, beneficiary_phone TEXT, address TEXT, service_date TEXT, hours REAL, score INTEGER);
";
const SKILLS: &[&str] = &["助老", "心理疏导", "急救", "家电维修", "法律咨询", "文艺", "教育辅导", "垃圾分类宣传"];
const SERVICES: &[&str] = &["陪同就医", "代买代购", "上门陪聊", "居室清洁", "理发", "助餐送餐"];

/// Volunteers and the time bank.
pub struct Volunteers {
    path: PathBuf,
    database: Connection,
    volunteers: u64,
    services: u64,
}

impl Volunteers {
    pub fn create(dir: &Path) -> Result<Self> {
        let path = dir.join(PATH);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(DemoError::io(folder))?;
        }
        if path.exists() {
            std::fs::remove_file(&path).map_err(DemoError::io(&path))?;
        }
        let database = Connection::open(&path).map_err(DemoError::format(&path))?;
        let setup = format!("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN; {TABLES}");
        database.execute_batch(&setup).map_err(DemoError::format(&path))?;
        Ok(Self { path, database, volunteers: 0, services: 0 })
    }

    fn volunteer(&mut self, city: &City, home: &Neighbourhood, person: &Person, truth: &mut Truth) -> Result<()> {
        let mut draw = Draw::new(city.seed, "volunteer", person.number);
        let number = format!("VOL{:09}", person.number);
        let written = name(&person.name, &mut draw);
        let place = home.place_of(person.dwelling);
        let registered = city.until - Days::new(draw.between(30, 2_000).unsigned_abs());
        let row = (
            &number,
            &written,
            person.sex.zh(),
            date(person.birth, DateStyle::Iso),
            identity(person, Shown::Typed, &mut draw),
            phone(person, home, &mut draw),
            spell(home, place, Habit::Patient, &mut draw),
            &home.code,
            draw.pick(SKILLS),
            date(registered, DateStyle::Iso),
        );
        self.database
            .prepare_cached("INSERT INTO volunteers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .and_then(|mut statement| statement.execute(row))
            .map_err(DemoError::format(&self.path))?;
        self.volunteers += 1;
        if written.is_some() {
            truth.person("volunteers", "people", &number, &person.entity())?;
            truth.address("volunteers", "people", &number, home, place)?;
        }
        let served = home.people.iter().filter(|other| other.age(city.until) >= 65).collect::<Vec<_>>();
        if served.is_empty() {
            return Ok(());
        }
        let count = draw.poisson(3.0);
        if count > 0 && written.is_some() {
            truth.person("time_bank", "volunteer", &number, &person.entity())?;
        }
        for _ in 0..count {
            self.services += 1;
            let other = draw.pick(&served);
            let day = city.until - Days::new(draw.between(0, 729).unsigned_abs());
            let row = (
                format!("TB{:010}", self.services),
                &number,
                draw.pick(SERVICES),
                &other.name,
                &other.phone,
                spell(home, home.place_of(other.dwelling), Habit::Patient, &mut draw),
                date(day, DateStyle::Iso),
                (draw.real(0.5, 4.0) * 2.0).round() / 2.0,
                draw.between(3, 5),
            );
            self.database
                .prepare_cached("INSERT INTO time_bank VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
                .and_then(|mut statement| statement.execute(row))
                .map_err(DemoError::format(&self.path))?;
        }
        Ok(())
    }
}

impl Department for Volunteers {
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()> {
        for person in &home.people {
            let adult = (16..=78).contains(&person.age(city.until));
            if adult && Draw::new(city.seed, "volunteers", person.number).chance(rates::VOLUNTEERS) {
                self.volunteer(city, home, person, truth)?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        self.database.execute_batch("COMMIT").map_err(DemoError::format(&self.path))?;
        let path = self.path.clone();
        self.database.close().map_err(|(_, error)| DemoError::format(path)(error))?;
        Ok(vec![file(PATH, self.volunteers + self.services)])
    }
}
