//! A second address in the same text. A text means one address, the first: parts of two mixed would stand nowhere.

use jingwei_model::Level;

use super::gazetteer::Rank;
use super::numerals::read;
use super::scan::Scanner;
use super::unit::{Unit, unit};
use super::words;

/// How far from its division's name an address's number stands at most.
const REACH: usize = 30;

/// What makes a town's name that of an office in it: 古山镇政府.
const OFFICES: [&str; 10] =
    ["政府", "人民政府", "办事处", "派出所", "卫生院", "中心", "医院", "敬老院", "供电所", "司法所"];

/// Names of divisions that stand one after the other.
#[derive(Default)]
struct Chain {
    count: usize,
    end: usize,
    /// Whether one of them neither holds nor lies in what was read before.
    is_other: bool,
    ends_with_town: bool,
}

impl Scanner<'_> {
    /// Takes all that is left as the rest, if after an address that has its number another begins: another division
    /// with a number, or the same one with a second road and its number. The name alone does not make one: divisions may
    /// follow their road, and companies bear the names of cities.
    pub fn second_address(&mut self) -> bool {
        let is_numbered = self.has(Level::Roadno) || self.has(Level::Subroadno) || self.is_inside();
        if !is_numbered || self.out.places.is_empty() {
            return false;
        }
        let chain = self.chain();
        if chain.count == 0 || self.company_end().is_some() {
            return false;
        }
        let Some(number) = self.number_after(chain.end) else { return false };
        let has_road = (chain.end..number).any(|at| matches!(self.text[at], '路' | '街' | '道' | '巷' | '弄' | '村'));
        let is_office = chain.ends_with_town && words::any(self.text, chain.end, &OFFICES) > 0;
        let begins = if chain.is_other {
            has_road || (!is_office && (chain.count > 1 || chain.ends_with_town))
        } else {
            has_road && self.has(Level::Road)
        };
        if begins {
            self.rest_to(self.text.len());
        }
        begins
    }

    /// The full names of provinces, cities, districts and towns that begin here.
    fn chain(&self) -> Chain {
        let mut chain = Chain { end: self.at, ..Chain::default() };
        loop {
            let mut next = None;
            self.gazetteer.names.each(self.text, chain.end, |end, entries| {
                // 台州市场 is a market, 中山路 a road.
                let is_word = self.text.get(end) == Some(&'场') || words::is_road_next(self.text, end);
                let full = entries.iter().filter(|entry| entry.rank == Rank::Full);
                let mut named = full.filter(|entry| self.gazetteer.places[entry.place as usize].level <= Level::Town);
                if end < chain.end + 3 || is_word {
                    return;
                }
                let Some(first) = named.next() else { return };
                let is_known = |place: u32| {
                    let mut places = self.out.places.iter();
                    places
                        .any(|other| self.gazetteer.is_within(place, *other) || self.gazetteer.is_within(*other, place))
                };
                let is_other = !is_known(first.place) && !named.any(|entry| is_known(entry.place));
                let is_town = self.gazetteer.places[first.place as usize].level == Level::Town;
                next = Some((end, is_other, is_town));
            });
            let Some((end, is_other, is_town)) = next else { return chain };
            chain.count += 1;
            chain.end = end;
            chain.is_other |= is_other;
            chain.ends_with_town = is_town;
        }
    }

    /// Where the first number after `start` stands, if it is that of a door, a lane or a building.
    fn number_after(&self, start: usize) -> Option<usize> {
        let end = self.text.len().min(start + REACH);
        let at = (start..end).find(|at| self.text[*at].is_ascii_digit())?;
        let number = read(self.text, at)?;
        let counts = matches!(
            unit(self.text, number.end).0,
            Unit::Door | Unit::Yard | Unit::Lane | Unit::House | Unit::HouseOrFloor | Unit::Hash
        );
        counts.then_some(at)
    }
}
