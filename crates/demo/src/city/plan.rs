//! Which communities are inhabited by how many, and what the city has in common.

use chrono::{Days, NaiveDate};

use super::burst::{Burst, bursts};
use super::home::compounds_for;
use crate::draw::Draw;
use crate::error::{DemoError, Result};
use crate::geography::Geography;
use crate::options::DemoOptions;

/// People of an ordinary inhabited community; when every community is inhabited they take what is left.
const PEOPLE_OF_A_COMMUNITY: u64 = 400;
/// The first street to be inhabited, and its neighbours after it: 望京, 大屯, 太阳宫.
const FIRST_STREET: &str = "110105026";

/// An inhabited community.
#[derive(Debug, Clone)]
pub struct Inhabited {
    /// Its place among the communities of the geography.
    pub place: usize,
    /// Residents.
    pub people: u64,
    /// Number of its first resident.
    pub first_person: u64,
    /// Number of its first compound.
    pub first_compound: u64,
}

/// The plan of the city.
#[derive(Debug)]
pub struct City {
    /// Seed of all draws.
    pub seed: u64,
    /// Residents.
    pub people: u64,
    /// First day of history.
    pub from: NaiveDate,
    /// Last day of history.
    pub until: NaiveDate,
    /// The land.
    pub geography: Geography,
    /// The inhabited communities.
    pub inhabited: Vec<Inhabited>,
    /// Injected outbreaks.
    pub bursts: Vec<Burst>,
}

impl City {
    /// Plans a city.
    ///
    /// # Errors
    /// Options that no city fits.
    pub fn plan(options: &DemoOptions) -> Result<Self> {
        if !(100..=60_000_000).contains(&options.people) {
            return Err(DemoError::Options {
                what: format!("a city of {} people cannot be made", options.people),
                mend: "ask for 100 to 60,000,000 people".to_owned(),
            });
        }
        let from = options.until.checked_sub_days(Days::new(729));
        let from = from.filter(|from| *from > NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or(NaiveDate::MIN));
        let Some(from) = from else {
            return Err(DemoError::Options {
                what: format!("the history cannot end on {}", options.until),
                mend: "choose a day after 2002".to_owned(),
            });
        };
        let geography = Geography::new()?;
        let order = by_preference(&geography);
        let count =
            usize::try_from(options.people.div_ceil(PEOPLE_OF_A_COMMUNITY)).unwrap_or(usize::MAX).clamp(1, order.len());
        let weights = (0..count)
            .map(|place| Draw::new(options.seed, "community", order[place] as u64).real(0.5, 1.5))
            .collect::<Vec<_>>();
        let total: f64 = weights.iter().sum();
        let mut inhabited = Vec::with_capacity(count);
        let (mut sum, mut first_person, mut first_compound) = (0.0, 0, 0);
        for (place, weight) in order.iter().zip(&weights) {
            sum += weight;
            let until = if inhabited.len() + 1 == count {
                options.people
            } else {
                (options.people as f64 * sum / total) as u64
            };
            let people = until.saturating_sub(first_person);
            inhabited.push(Inhabited { place: *place, people, first_person, first_compound });
            first_person += people;
            first_compound += compounds_for(people);
        }
        let bursts = bursts(options.seed, &geography, &inhabited, from, options.until);
        Ok(Self {
            seed: options.seed,
            people: options.people,
            from,
            until: options.until,
            geography,
            inhabited,
            bursts,
        })
    }
}

/// Communities in the order in which they are settled: the first street and its neighbours, then the streets
/// of the core, the other streets, and the towns and villages.
fn by_preference(geography: &Geography) -> Vec<usize> {
    let core = ["110101", "110102", "110108", "110106", "110107"];
    let mut order: Vec<usize> = (0..geography.communities.len()).collect();
    order.sort_by_cached_key(|place| {
        let street = &geography.streets[geography.communities[*place].parent];
        let district = &street.code[..6];
        let ring = match () {
            () if street.code == FIRST_STREET => 0,
            () if district == "110105" => 1,
            () if core.contains(&district) => 2,
            () if street.name.ends_with("街道") => 3,
            () => 4,
        };
        let number = street.code[6..].parse::<i32>().unwrap_or(0);
        let apart = if ring == 1 { (number - 25).abs() } else { 0 };
        (ring, apart, *place)
    });
    order
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_resident_has_a_community_and_numbers_follow_on() {
        for people in [100, 20_000, 1_000_000, 20_000_000] {
            let city = City::plan(&DemoOptions { people, ..DemoOptions::new("") }).unwrap();
            assert_eq!(city.inhabited.iter().map(|community| community.people).sum::<u64>(), people);
            for pair in city.inhabited.windows(2) {
                assert_eq!(pair[0].first_person + pair[0].people, pair[1].first_person);
                assert!(pair[0].first_compound < pair[1].first_compound);
            }
        }
    }

    #[test]
    fn a_small_city_is_a_few_neighbouring_streets() {
        let city = City::plan(&DemoOptions::new("")).unwrap();
        assert_eq!(city.inhabited.len(), 50);
        let streets = city.inhabited.iter().map(|community| city.geography.communities[community.place].parent);
        assert!(streets.collect::<std::collections::BTreeSet<_>>().len() <= 4);
    }

    #[test]
    fn impossible_cities_are_refused_with_advice() {
        let error = City::plan(&DemoOptions { people: 3, ..DemoOptions::new("") }).unwrap_err();
        assert!(error.is_user_error() && error.to_string().contains("ask for"));
    }
}
