//! What networked devices tell: of incidents that people report as well, of others that nobody reports, and of nothing.

use chrono::{Days, NaiveDateTime, TimeDelta};

use super::incident::{CATEGORIES, Incident, first_number};
use super::neighbourhood::Neighbourhood;
use super::plan::City;
use super::thing::Device;
use crate::draw::Draw;
use crate::rates;

/// Incidents that only devices notice are numbered from here on in a neighbourhood, behind those that people report.
const ALONE: u64 = 5_000_000;

/// An alarm of a device.
#[derive(Debug, Clone)]
pub struct Alarm {
    /// Its device's place in the neighbourhood.
    pub device: usize,
    /// When.
    pub at: NaiveDateTime,
    /// Number of the incident it tells of; a false alarm and its repetitions have one of their own.
    pub incident: u64,
    /// Whether nothing has happened.
    pub mistaken: bool,
}

/// The alarms of a neighbourhood, by time.
pub fn alarms(city: &City, home: &Neighbourhood) -> Vec<Alarm> {
    let mut all = Vec::new();
    for incident in &home.incidents {
        of_incident(city, home, incident, &mut all);
    }
    let mut number = first_number(home) + ALONE;
    for (place, device) in home.devices.iter().enumerate().filter(|(_, device)| device.online) {
        let kind = device.kind();
        let from = city.from.max(device.installed);
        let days = (city.until - from).num_days();
        let serial = device.code[3..].parse().unwrap_or(0);
        for (field, mistaken, a_year) in [("alone", false, kind.alone), ("mistaken", true, kind.mistaken)] {
            let mut draw = Draw::new(city.seed, field, serial);
            for _ in 0..draw.poisson(a_year * device.factor * days as f64 / 365.25) {
                number += 1;
                let day = from + Days::new(draw.below(days.unsigned_abs()));
                let at = day.and_hms_opt(0, 0, 0).unwrap_or_default() + TimeDelta::seconds(draw.between(0, 86_399));
                repeated(&mut draw, Alarm { device: place, at, incident: number, mistaken }, &mut all);
            }
        }
    }
    let end = city.until.and_hms_opt(23, 59, 59).unwrap_or_default();
    all.retain(|alarm| alarm.at <= end && alarm.at.date() >= city.from.max(home.devices[alarm.device].installed));
    all.sort_by_key(|alarm| (alarm.at, alarm.device));
    all
}

/// The alarms of an incident that people report as well.
fn of_incident(city: &City, home: &Neighbourhood, incident: &Incident, all: &mut Vec<Alarm>) {
    let what = CATEGORIES[incident.category].levels[2];
    let there = |device: &Device| match device.building {
        Some(building) => building == incident.building,
        None => device.place.compound == incident.place.compound,
    };
    let notices = |device: &Device| device.online && device.kind().notices == Some(what) && there(device);
    let Some(place) = home.devices.iter().position(notices) else { return };
    let Some(first) = incident.reports.first() else { return };
    let kind = home.devices[place].kind();
    let mut draw = Draw::new(city.seed, "alarm", incident.number);
    if !draw.chance(kind.caught) {
        return;
    }
    let at = if draw.chance(rates::ALARM_LATE) {
        first.at + wait(&mut draw, kind.lead * 0.3)
    } else {
        first.at - wait(&mut draw, kind.lead)
    };
    repeated(&mut draw, Alarm { device: place, at, incident: incident.number, mistaken: false }, all);
}

/// An alarm, and its repetitions.
fn repeated(draw: &mut Draw, alarm: Alarm, all: &mut Vec<Alarm>) {
    let mut at = alarm.at;
    for _ in 0..draw.poisson(rates::ALARM_REPEATED) {
        at += TimeDelta::minutes(5) + wait(draw, 1.5);
        all.push(Alarm { at, ..alarm.clone() });
    }
    all.push(alarm);
}

/// A time to wait, exponential, with a mean of so many hours; never more than eight times that.
fn wait(draw: &mut Draw, hours: f64) -> TimeDelta {
    let times = -(1.0 - draw.unit()).max(1e-9).ln();
    TimeDelta::seconds((times.min(8.0) * hours * 3_600.0) as i64)
}
