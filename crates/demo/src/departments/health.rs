//! Health: residents' health records, one JSON object a line, with masked identity numbers.

use std::path::Path;

use chrono::{Days, NaiveDate};
use serde_json::{Map, Value, json};

use super::{Department, file};
use crate::city::{City, Neighbourhood, OrganizationKind, Person};
use crate::draw::Draw;
use crate::error::Result;
use crate::format::Lines;
use crate::options::DemoFile;
use crate::rates;
use crate::spelling::{DateStyle, Habit, Shown, date, identity, masked_id, masked_phone, name, phone, spell};
use crate::truth::Truth;

const PATH: &str = "data/health/居民健康档案.ndjson";
const SOURCE: &str = "health";
const CHRONIC: &[&str] = &["高血压", "糖尿病", "冠心病", "慢性阻塞性肺病", "脑卒中"];

/// Health records.
pub struct Health {
    lines: Lines,
}

impl Health {
    pub fn create(dir: &Path) -> Result<Self> {
        Ok(Self { lines: Lines::create(&dir.join(PATH))? })
    }

    fn record(
        &mut self,
        city: &City,
        home: &Neighbourhood,
        person: &Person,
        copy: u64,
        truth: &mut Truth,
    ) -> Result<()> {
        let mut draw = Draw::new(city.seed, "health", person.number * 2 + copy);
        let number = format!("{}{:09}{copy}", &home.code[..9], person.number);
        let written = name(&person.name, &mut draw);
        let place = home.place_of(person.dwelling);
        let age = person.age(city.until);
        let updated = city.until - Days::new(draw.between(1, 1_400).unsigned_abs());
        let updated = updated
            .and_hms_opt(draw.between(8, 17) as u32, draw.below(60) as u32, draw.below(60) as u32)
            .unwrap_or_default();
        let mut record = Map::new();
        record.insert("archive_no".to_owned(), json!(number));
        record.insert("name".to_owned(), json!(written));
        record.insert("gender".to_owned(), json!(person.sex.code()));
        record.insert("birthday".to_owned(), json!(date(birth(person.birth, &mut draw), DateStyle::Iso)));
        record.insert("id_no".to_owned(), shown_id(person, &mut draw));
        let number_shown = phone(person, home, &mut draw);
        let number_shown = if draw.chance(0.12) { masked_phone(&number_shown) } else { number_shown };
        record.insert("mobile".to_owned(), json!((!number_shown.is_empty()).then_some(number_shown)));
        record.insert("address".to_owned(), json!(spell(home, place, Habit::Patient, &mut draw)));
        record.insert("employer".to_owned(), json!(employer(home, age, &mut draw)));
        let chronic = CHRONIC.iter().filter(|_| draw.chance(if age > 60 { 0.22 } else { 0.02 })).collect::<Vec<_>>();
        record.insert("chronic".to_owned(), json!(chronic));
        record.insert("clinic".to_owned(), json!(format!("{}社区卫生服务中心", home.town)));
        record.insert("updated_at".to_owned(), json!(format!("{}+08:00", updated.format("%Y-%m-%dT%H:%M:%S"))));
        self.lines.row(format!("{}\n", Value::Object(record)).as_bytes())?;
        if written.is_some() {
            truth.person(SOURCE, "people", &number, &person.entity())?;
            truth.address(SOURCE, "people", &number, home, place)?;
        }
        Ok(())
    }
}

fn birth(birth: NaiveDate, draw: &mut Draw) -> NaiveDate {
    use chrono::Datelike;
    if draw.chance(rates::BIRTH_FIRST_OF_YEAR) {
        return NaiveDate::from_ymd_opt(birth.year(), 1, 1).unwrap_or(birth);
    }
    if draw.chance(rates::BIRTH_WRONG) {
        return birth.checked_sub_days(Days::new(draw.between(1, 300).unsigned_abs())).unwrap_or(birth);
    }
    birth
}

fn shown_id(person: &Person, draw: &mut Draw) -> Value {
    let dice = draw.unit();
    if dice < rates::ID_MISSING_HEALTH {
        Value::Null
    } else if dice < rates::ID_MISSING_HEALTH + rates::ID_MASKED_HEALTH {
        json!(masked_id(&person.id))
    } else {
        json!(identity(person, Shown::Typed, draw))
    }
}

fn employer(home: &Neighbourhood, age: i32, draw: &mut Draw) -> Option<String> {
    if !(22..=60).contains(&age) || !draw.chance(0.5) {
        return None;
    }
    let organization = draw.pick(&home.organizations);
    let employs = organization.active && !matches!(organization.kind, OrganizationKind::Owners);
    employs.then(|| organization.name.clone())
}

impl Department for Health {
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()> {
        for person in &home.people {
            let mut draw = Draw::new(city.seed, "health covers", person.number);
            if draw.chance(rates::HEALTH_COVERAGE) {
                self.record(city, home, person, 0, truth)?;
                if draw.chance(rates::HEALTH_TWICE) {
                    self.record(city, home, person, 1, truth)?;
                }
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        Ok(vec![file(PATH, self.lines.finish()?)])
    }
}
