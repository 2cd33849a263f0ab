//! From a text to the addresses it may mean.

use jingwei_model::{Level, Levels};

use super::forms::core;
use super::index::{AddressIndex, DISTRICT, Feature};
use super::query::Query;
use super::resegment::{Reading, Zone};
use super::strings::{NONE, UNKNOWN};
use super::weights as w;

/// Sites of one feature that are looked at. A value that more of them share tells nothing without the district.
const MOST_SITES: usize = 512;
/// Sites whose addresses are looked at, the best first.
const MOST_TAILS: usize = 32;
/// Addresses reported.
const MOST_CANDIDATES: usize = 8;
/// An address is found when it is at least this likely.
const FOUND: f64 = 0.5;
/// A second address that is at least this likely, and half as likely as the first, ties with it.
const TIES: f64 = 0.1;

/// An address that a text may mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Its row in the index.
    pub row: u32,
    /// How likely it is the one.
    pub probability: f64,
    /// The sum of the levels' weights, natural logarithms of likelihood ratios.
    pub weight: f32,
}

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// This address.
    Found(Candidate),
    /// Several addresses fit alike; the text does not say which.
    Tied,
    /// The compound or village is known, but it has no such number, building or room.
    NoSuchAddress,
    /// Nothing that the text names is known.
    Unknown,
}

impl Verdict {
    /// The row that was found.
    #[must_use]
    pub const fn row(&self) -> Option<u32> {
        match self {
            Self::Found(candidate) => Some(candidate.row),
            _ => None,
        }
    }

    /// Its name in SQL and JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Found(_) => "found",
            Self::Tied => "tied",
            Self::NoSuchAddress => "no_such_address",
            Self::Unknown => "unknown",
        }
    }
}

/// The buffers of a search, used again for the next, and its answer.
#[derive(Debug, Clone, Default)]
pub struct Search {
    pub(super) query: Query,
    /// Weight and site, the best first.
    sites: Vec<(f32, u32)>,
    names: Vec<u32>,
    zone: String,
    readings: Vec<Reading>,
    candidates: Vec<Candidate>,
    nearest: Option<u32>,
}

impl Search {
    /// Addresses the text may mean, the likeliest first.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The building or compound that the text names, where it is an address of its own and the text's is none.
    #[must_use]
    pub const fn nearest(&self) -> Option<u32> {
        self.nearest
    }
}

impl AddressIndex {
    /// Finds the address that a text means. The answer depends on the text and the index alone.
    pub fn find(&self, address: &impl Levels, search: &mut Search) -> Verdict {
        search.query.fill(self, address);
        search.sites.clear();
        search.candidates.clear();
        self.collect(search);
        self.look_at_tails(search);
        let verdict = self.decide(search);
        let settled = matches!(verdict, Verdict::Found(_) | Verdict::Tied);
        let verdict = if !settled && self.resegment(address, search) { self.decide(search) } else { verdict };
        search.nearest = if verdict.row().is_some() { None } else { self.nearest(search) };
        verdict
    }

    /// The sites that share a feature with the text.
    fn collect(&self, search: &mut Search) {
        let Search { query, sites, names, .. } = search;
        let district = query.divisions[DISTRICT];
        let mut take = |feature: Feature, key: (u32, u32)| {
            if let Some((feature, key)) = feature.within(district, key) {
                self.sites_of(feature, key, MOST_SITES, |site| sites.push((0.0, site)));
            }
            self.sites_of(feature, key, MOST_SITES, |site| sites.push((0.0, site)));
        };
        let place = query.place.id;
        if place != NONE {
            take(Feature::Place, (place, 0));
            take(Feature::Stem, (place, 0));
            if query.stem != place {
                take(Feature::Stem, (query.stem, 0));
                take(Feature::Place, (query.stem, 0));
            }
            if query.whole != place && query.whole != query.stem {
                take(Feature::Place, (query.whole, 0));
            }
        }
        let road = query.road.id;
        if road != NONE {
            let door = (road, query.roadno);
            take(Feature::Door, door);
            for division in query.villages() {
                take(Feature::DoorAt, (division, super::index::paired(door)));
            }
        }
        if road == NONE || road == UNKNOWN {
            for division in query.villages() {
                take(Feature::Village, (division, query.roadno));
            }
            // 沙古堆70号: a village without its kind reads like a compound.
            if place != NONE {
                let village = self.strings.find(core(Level::Community, &query.place.text));
                take(Feature::Village, (village, query.roadno));
            }
        }
        if place != NONE && !self.is_name(place) {
            self.fuzzy.each(&query.place.text, &self.strings, |name, _| names.push(name));
            for name in names.drain(..) {
                take(Feature::Place, (name, 0));
                if road == NONE {
                    take(Feature::Village, (name, query.roadno));
                }
            }
        }
        if road != NONE && !self.is_name(road) {
            self.fuzzy.each(&query.road.text, &self.strings, |name, _| names.push(name));
            for name in names.drain(..) {
                take(Feature::Door, (name, query.roadno));
            }
        }
        self.rank(query, sites);
    }

    /// Scores sites, each once, the best first.
    fn rank(&self, query: &Query, sites: &mut Vec<(f32, u32)>) {
        sites.sort_unstable_by_key(|site| site.1);
        sites.dedup_by_key(|site| site.1);
        for site in sites.iter_mut() {
            site.0 = self.site_score(query, &self.sites[site.1 as usize]);
        }
        best_first(sites);
        sites.truncate(MOST_TAILS);
    }

    /// The addresses at the sites that have the text's building, unit, floor and room.
    fn look_at_tails(&self, search: &mut Search) {
        let Search { query, sites, candidates, .. } = search;
        let alone = query.cell == NONE && (query.house == NONE) != (query.room == NONE);
        let readings = [
            (query.house, query.room, 0.0),
            // 23号15号: the number is a room's of a door without buildings; 6号-4: or a building's.
            (query.room, query.house, if query.house == NONE { 2.0 * w::TAIL_SHIFTED } else { w::TAIL_SHIFTED }),
        ];
        for (score, site) in sites.iter() {
            for (house, room, shift) in &readings[..1 + usize::from(alone)] {
                self.leaves_of(*site, *house, *room, |leaf| {
                    let weight = score + shift + Self::tail_score(query, leaf);
                    candidates.push(Candidate { row: leaf.row, probability: 0.0, weight });
                });
            }
        }
    }

    /// Adds what other cuts of the names lead to. Whether there is anything.
    fn resegment(&self, address: &impl Levels, search: &mut Search) -> bool {
        let first = search.query.clone();
        let mut all = std::mem::take(&mut search.sites);
        let before = all.len();
        let mut readings = std::mem::take(&mut search.readings);
        let mut last = String::new();
        for zone in Zone::ALL {
            let mut text = std::mem::take(&mut search.zone);
            zone.write(address, &mut text);
            readings.clear();
            if text != last || zone == Zone::BeforeDoor {
                self.each_reading(&text, |reading| readings.push(reading));
            }
            for reading in &readings {
                let Some(query) = self.read_as(&first, zone, &text, reading) else { continue };
                search.query = query;
                search.sites.clear();
                let Search { query, sites, .. } = &mut *search;
                let key = (reading.id, if reading.feature == Feature::Place { 0 } else { query.roadno });
                let within = reading.feature.within(query.divisions[DISTRICT], key);
                for (feature, key) in within.into_iter().chain([(reading.feature, key)]) {
                    self.sites_of(feature, key, MOST_SITES, |site| sites.push((0.0, site)));
                }
                self.rank(query, sites);
                for site in sites.iter_mut() {
                    site.0 += w::RESEGMENTED;
                }
                self.look_at_tails(search);
                all.append(&mut search.sites);
            }
            last.clone_from(&text);
            search.zone = text;
        }
        let found = all.len() > before;
        // A site is one hypothesis, however often it is reached.
        all.sort_unstable_by(|left, right| left.1.cmp(&right.1).then(right.0.total_cmp(&left.0)));
        all.dedup_by_key(|site| site.1);
        best_first(&mut all);
        search.sites = all;
        search.query = first;
        search.readings = readings;
        found
    }

    /// Probabilities over the candidates, an address that the table lacks at each site, and nothing at all.
    fn decide(&self, search: &mut Search) -> Verdict {
        let Search { query, sites, candidates, .. } = search;
        // A number nobody could place contradicts whatever address leaves it out.
        let nowhere = if query.has_unread_number { w::NOWHERE - w::NUMBER_DIFFERS } else { w::NOWHERE };
        candidates.sort_unstable_by(|left, right| left.row.cmp(&right.row).then(right.weight.total_cmp(&left.weight)));
        candidates.dedup_by_key(|candidate| candidate.row);
        candidates.sort_unstable_by(|left, right| right.weight.total_cmp(&left.weight).then(left.row.cmp(&right.row)));
        let best_site = sites.first().map_or(f32::NEG_INFINITY, |site| site.0);
        let best = candidates.first().map_or(f32::NEG_INFINITY, |candidate| candidate.weight);
        let top = best.max(best_site).max(nowhere);
        let likelihood = |weight: f32| f64::from(weight - top).exp();
        let total = likelihood(nowhere)
            + sites.iter().map(|site| likelihood(site.0 + w::ABSENT)).sum::<f64>()
            + candidates.iter().map(|candidate| likelihood(candidate.weight)).sum::<f64>();
        for candidate in candidates.iter_mut() {
            candidate.probability = likelihood(candidate.weight) / total;
        }
        candidates.truncate(MOST_CANDIDATES);
        match candidates.as_slice() {
            [first, second, ..] if second.probability >= TIES.max(first.probability / 2.0) => Verdict::Tied,
            [first, ..] if first.probability >= FOUND => Verdict::Found(*first),
            _ if best_site > w::NOWHERE => Verdict::NoSuchAddress,
            _ => Verdict::Unknown,
        }
    }

    /// The building, else the compound, of the best site.
    fn nearest(&self, search: &Search) -> Option<u32> {
        let (score, site) = search.sites.first()?;
        if *score <= w::NOWHERE {
            return None;
        }
        let mut nearest: Option<u32> = None;
        for house in [search.query.house, NONE] {
            if nearest.is_none() {
                self.leaves_of(*site, house, NONE, |leaf| {
                    if leaf.cell == NONE && leaf.floor == NONE && nearest.is_none_or(|other| leaf.row < other) {
                        nearest = Some(leaf.row);
                    }
                });
            }
        }
        nearest
    }
}

fn best_first(sites: &mut [(f32, u32)]) {
    sites.sort_unstable_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
}
