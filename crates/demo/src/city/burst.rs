//! Outbreaks that are injected into the history, so that early warning can be measured.

use chrono::{Days, NaiveDate};

use super::incident::CATEGORIES;
use super::plan::Inhabited;
use crate::draw::Draw;
use crate::geography::Geography;

/// A category of incidents that happens more often than usual in an area for some days.
#[derive(Debug, Clone)]
pub struct Burst {
    /// Place in [`CATEGORIES`].
    pub category: usize,
    /// Community code.
    pub area_code: String,
    /// Number of the inhabited community.
    pub inhabited: usize,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Times the usual rate.
    pub factor: f64,
    /// Extra incidents a day, so that a rare category shows as well.
    pub extra: f64,
}

impl Burst {
    /// Whether a day is in it.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.to
    }
}

/// Eight bursts and one more for every 25 communities, none in the first year's quarter: methods need a past.
pub fn bursts(
    seed: u64,
    geography: &Geography,
    inhabited: &[Inhabited],
    from: NaiveDate,
    until: NaiveDate,
) -> Vec<Burst> {
    let count = (8 + inhabited.len() / 25).min(inhabited.len() * 3);
    let days = (until - from).num_days();
    let mut bursts = (0..count)
        .map(|number| {
            let mut draw = Draw::new(seed, "burst", number as u64);
            let category = draw.below(CATEGORIES.len() as u64) as usize;
            let community = draw.below(inhabited.len() as u64) as usize;
            let length = draw.between(3, 14);
            let start = draw.between(90, days - length - 1);
            let from = from + Days::new(start.unsigned_abs());
            Burst {
                category,
                area_code: geography.communities[inhabited[community].place].code.clone(),
                inhabited: community,
                from,
                to: from + Days::new(length.unsigned_abs()),
                factor: draw.real(4.0, 12.0).round(),
                extra: (draw.real(0.8, 2.5) * 10.0).round() / 10.0,
            }
        })
        .collect::<Vec<_>>();
    bursts.sort_by(|a, b| a.from.cmp(&b.from).then_with(|| a.area_code.cmp(&b.area_code)));
    bursts
}
