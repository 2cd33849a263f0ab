//! Places: compounds, towers, markets and companies, their parts, and those of the city's registers.

use jingwei_model::Level;

use super::asides;
use super::gazetteer::{Learned, NOWHERE};
use super::lexicon;
use super::names::push_name;
use super::parsed::Rule;
use super::scan::Scanner;
use super::words;

/// Longer names are no company's.
const LONGEST_COMPANY: usize = 24;

impl Scanner<'_> {
    /// Takes the name up to `end`, in which no word says what it is.
    pub fn place_name(&mut self, end: usize) {
        let (text, start) = (self.text, self.at);
        if asides::is_person(text, start, end) {
            return self.rest_to(end);
        }
        if self.is_inside() {
            return self.tenant(end);
        }
        let mut part = words::part_of_compound(text, start, end);
        if part == start {
            return self.part(end);
        }
        if end - start == 1 {
            self.crossing |= text[start] == '口' && self.last == Some(Level::Subroad);
            return if text[start] == '院' { self.drop_to(end, Rule::Filler) } else { self.rest_to(end) };
        }
        if self.has(Level::Poi) {
            return self.part(end);
        }
        if part == end {
            part = lexicon::second_place(text, start, end);
        } else if lexicon::is_stem_of_name(start, part, text[end - 1]) {
            part = end;
        }
        self.set(Level::Poi, part, push_name);
        if part < end {
            self.part(end);
        }
    }

    /// Takes the name up to `end` as that of a part of the place before.
    fn part(&mut self, end: usize) {
        if self.has(Level::Subpoi) { self.rest_to(end) } else { self.set(Level::Subpoi, end, push_name) }
    }

    /// Takes the name up to `end`, which stands after a building or a floor: a company in it, which the standard address
    /// is without, else a note.
    pub fn tenant(&mut self, end: usize) {
        if words::part_of_compound(self.text, self.at, end) == self.at && !self.has(Level::Subpoi) {
            // 五爱市场3楼A区.
            self.part(end);
        } else if !lexicon::is_place(self.text, self.at, end) {
            self.rest_to(end);
        } else if !self.has(Level::Poi) {
            self.mention(Level::Poi, end);
        } else if !self.has(Level::Subpoi) {
            self.mention(Level::Subpoi, end);
        } else {
            self.rest_to(end);
        }
    }

    /// The end of a company's name that begins here with the name of a division: 台州市宏达鞋业有限公司.
    pub fn company_end(&self) -> Option<usize> {
        let (text, start) = (self.text, self.at);
        let window = start..text.len().min(start + LONGEST_COMPANY);
        let stop = window.clone().find(|at| !text[*at].is_alphanumeric() || text[*at].is_ascii_digit());
        let stop = stop.unwrap_or(window.end);
        (start + 4..=stop).rev().find(|end| lexicon::is_place(text, start, *end)).filter(|end| {
            // 萧山区人民路: a level of the address, not a company.
            !(start + 1..*end).any(|at| matches!(text[at], '路' | '街' | '镇' | '巷' | '号'))
        })
    }

    /// Reads a road or compound of the city's registers.
    pub fn learned(&mut self) -> bool {
        if self.is_inside() {
            return false;
        }
        let mut found: Option<(usize, Learned)> = None;
        let gazetteer = self.gazetteer;
        let (text, places) = (self.text, &self.out.places);
        let fits = |place: u32| {
            place == NOWHERE
                || places.is_empty()
                || places.iter().any(|other| gazetteer.is_within(place, *other) || gazetteer.is_within(*other, place))
        };
        let (road, poi) = (self.has(Level::Road), self.has(Level::Poi));
        gazetteer.learned.each(text, self.at, |end, values| {
            let aside = asides::begins_aside(text, end, end, true);
            let part = text.get(end).is_some_and(|next| {
                words::is_direction(*next) && matches!(text.get(end + 1), Some('区' | '里' | '园'))
            });
            if !aside && (part || words::goes_on(text, end, false)) {
                return;
            }
            for value in values {
                let open = match value {
                    Learned::Road(place) => !road && fits(*place),
                    Learned::Compound(at) => !poi && fits(gazetteer.compounds[*at as usize].place),
                };
                // A compound named like a road is written after that road.
                let better =
                    found.is_none_or(|(last, before)| end > last || (road && matches!(before, Learned::Road(_))));
                if open && better {
                    found = Some((end, *value));
                }
            }
        });
        match found {
            Some((end, Learned::Road(_))) => self.set(Level::Road, end, push_name),
            Some((end, Learned::Compound(_))) => self.place_name(end),
            None => return false,
        }
        true
    }
}
