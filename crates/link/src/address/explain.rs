//! Why an address is what a text means, or is not: every level's weight, whose sum decides.

use jingwei_model::{Level, Levels};

use super::find::Search;
use super::index::{AddressIndex, DIVISIONS, Feature, Leaf};
use super::query::Query;
use super::resegment::Zone;
use super::score::{Outcome, detail, number};
use super::strings::NONE;
use super::weights as w;

/// What one level proves.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The level; a compound and its part are one, under [`Level::Poi`].
    pub level: Level,
    /// The text, in the form that is compared; empty where it has none.
    pub text: String,
    /// The address likewise.
    pub address: String,
    /// How they compare.
    pub outcome: Outcome,
    /// Natural logarithm of the likelihood ratio.
    pub weight: f32,
}

impl AddressIndex {
    /// The evidence for and against the address of a row being what a text means, under the cut of the text's names
    /// that speaks for it best. The weights sum to the candidate's, but for what a different cut and a number taken
    /// for another level cost.
    #[must_use]
    pub fn explain(&self, address: &impl Levels, row: u32) -> Vec<Evidence> {
        let Some(leaf) = self.rows.get(row as usize).and_then(|at| self.leaves.get(*at as usize)) else {
            return Vec::new();
        };
        let mut query = Query::default();
        query.fill(self, address);
        let site = &self.sites[leaf.site as usize];
        let mut best = query.clone();
        let mut weight = self.site_score(&query, site);
        let mut text = String::new();
        for zone in Zone::ALL {
            zone.write(address, &mut text);
            self.each_reading(&text, |reading| {
                let fits = match reading.feature {
                    Feature::Place => reading.id == site.place,
                    _ => reading.id == site.road,
                };
                if let Some(read) = fits.then(|| self.read_as(&query, zone, &text, &reading)).flatten() {
                    let other = self.site_score(&read, site) + w::RESEGMENTED;
                    if other > weight {
                        weight = other;
                        best = read;
                    }
                }
            });
        }
        self.evidence(&best, leaf, address)
    }

    fn evidence(&self, query: &Query, leaf: &Leaf, said: &impl Levels) -> Vec<Evidence> {
        let site = &self.sites[leaf.site as usize];
        let area = &self.areas[site.area as usize];
        let mut evidence = Vec::new();
        let mut push = |level: Level, text: &str, known: u32, scored: Option<(Outcome, f32)>| {
            if let Some((outcome, weight)) = scored {
                let address = self.strings.get(known).to_owned();
                evidence.push(Evidence { level, text: text.to_owned(), address, outcome, weight });
            }
        };
        let text = |level: Level| said.level(level).unwrap_or_default();
        for (place, level) in DIVISIONS.into_iter().enumerate() {
            push(level, text(level), area.names[place], self.division(query, &area.cores, place));
        }
        push(Level::Road, &query.road.text, site.road, self.road(query, site));
        push(Level::Roadno, self.strings.get(query.roadno), site.roadno, self.door(query, site));
        push(Level::Subroad, &query.subroad.text, site.subroad, self.subroad(query, site));
        push(
            Level::Subroadno,
            self.strings.get(query.subroadno),
            site.subroadno,
            number(query.subroadno, site.subroadno),
        );
        push(Level::Poi, &query.place.text, site.place, self.place(query, site));
        let exists = |said: u32, known: u32, weight: f32| {
            (said != NONE || known != NONE).then(|| {
                let outcome = match (said, known) {
                    (NONE, _) => Outcome::Missing,
                    (_, NONE) => Outcome::Extra,
                    (said, known) if said == known => Outcome::Agrees,
                    _ => Outcome::Differs,
                };
                (outcome, if outcome == Outcome::Agrees { weight } else { w::NUMBER_DIFFERS })
            })
        };
        let house_weight = if leaf.room == NONE { w::TAIL_EXISTS } else { 0.0 };
        push(Level::Houseno, text(Level::Houseno), leaf.house, exists(query.house, leaf.house, house_weight));
        push(Level::Cellno, text(Level::Cellno), leaf.cell, detail(query.cell, leaf.cell));
        push(Level::Floorno, text(Level::Floorno), leaf.floor, detail(query.floor, leaf.floor));
        push(Level::Roomno, text(Level::Roomno), leaf.room, exists(query.room, leaf.room, w::TAIL_EXISTS));
        evidence
    }

    /// Finds what a text means, and the evidence for the likeliest addresses.
    #[must_use]
    pub fn find_explained(&self, address: &impl Levels) -> (super::Verdict, Vec<(super::Candidate, Vec<Evidence>)>) {
        let mut search = Search::default();
        let verdict = self.find(address, &mut search);
        let explained =
            search.candidates().iter().map(|candidate| (*candidate, self.explain(address, candidate.row))).collect();
        (verdict, explained)
    }
}
