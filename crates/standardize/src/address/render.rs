//! Filling levels from the gazetteer, and the standard spelling.

use std::fmt::Write;

use jingwei_model::Level;

use super::gazetteer::NOWHERE;
use super::parsed::Kind;
use super::scan::Scanner;

impl Scanner<'_> {
    /// Fills and spells what was read.
    pub fn finish(&mut self) {
        self.recall();
        let place = self.place();
        self.fill(place);
        self.spell();
        self.collect_rest();
    }

    /// What the city's registers say of a compound or a door: the other name, the road, the community.
    fn recall(&mut self) {
        let gazetteer = self.gazetteer;
        if gazetteer.compounds.is_empty() {
            return;
        }
        let mut name = String::new();
        name.push_str(self.out.form(Level::Poi).unwrap_or_default());
        name.push_str(self.out.form(Level::Subpoi).unwrap_or_default());
        let road = self.out.form(Level::Road).unwrap_or_default().to_owned();
        let roadno = self.out.form(Level::Roadno).unwrap_or_default().to_owned();
        let by_name = || {
            let chars: Vec<char> = name.chars().collect();
            gazetteer
                .learned
                .get(&chars)
                .iter()
                .filter_map(|learned| match learned {
                    super::gazetteer::Learned::Compound(at) => Some(*at),
                    super::gazetteer::Learned::Road(_) => None,
                })
                .collect::<Vec<_>>()
        };
        let mut found = if name.is_empty() { Vec::new() } else { by_name() };
        if found.is_empty() && name.is_empty() && !roadno.is_empty() {
            found = gazetteer.doors.get(format!("{road}|{roadno}").as_str()).cloned().unwrap_or_default();
        }
        found.retain(|at| {
            let compound = &gazetteer.compounds[*at as usize];
            let agrees = |written: &str, known: &str| written.is_empty() || known.is_empty() || written == known;
            let is_here = self.out.places.is_empty()
                || compound.place == NOWHERE
                || self.out.places.iter().any(|place| {
                    gazetteer.is_within(compound.place, *place) || gazetteer.is_within(*place, compound.place)
                });
            agrees(&road, &compound.road) && agrees(&roadno, &compound.roadno) && is_here
        });
        if let [only] = found[..] {
            let compound = &gazetteer.compounds[only as usize];
            if compound.place != NOWHERE {
                self.out.places.retain(|place| gazetteer.is_within(*place, compound.place));
                if self.out.places.is_empty() {
                    self.out.places.push(compound.place);
                }
            }
            if road.is_empty() && !compound.road.is_empty() {
                self.put(Level::Road, &compound.road);
                self.put(Level::Roadno, &compound.roadno);
            }
            if name.is_empty() {
                let chars: Vec<char> = compound.name.chars().collect();
                let part = super::words::part_of_compound(&chars, 0, chars.len());
                let (stem, rest): (String, String) = (chars[..part].iter().collect(), chars[part..].iter().collect());
                self.put(Level::Poi, &stem);
                self.put(Level::Subpoi, &rest);
            }
        } else if found.is_empty() && !road.is_empty() {
            self.recall_road(&road);
        }
    }

    /// The division a road lies in, where the registers know it in one district only.
    fn recall_road(&mut self, road: &str) {
        let gazetteer = self.gazetteer;
        let chars: Vec<char> = road.chars().collect();
        let here = |place: &u32| {
            self.out.places.is_empty() || self.out.places.iter().any(|other| gazetteer.is_within(*place, *other))
        };
        let places: Vec<u32> = gazetteer
            .learned
            .get(&chars)
            .iter()
            .filter_map(|learned| match learned {
                super::gazetteer::Learned::Road(place) if *place != NOWHERE => Some(*place),
                _ => None,
            })
            .filter(here)
            .collect();
        let common = self.common(places.iter());
        // One district has one road of a name; several districts may each have one.
        if gazetteer.places.get(common as usize).is_some_and(|place| place.level >= Level::District) {
            self.out.places.clear();
            self.out.places.push(common);
        }
    }

    fn put(&mut self, level: Level, form: &str) {
        if !form.is_empty() {
            let start = self.out.forms.len() as u32;
            self.out.forms.push_str(form);
            self.out.form[level as usize] = Some((start, self.out.forms.len() as u32));
        }
    }

    fn fill(&mut self, place: u32) {
        let mut named: [u32; 16] = [NOWHERE; 16];
        let mut above = place;
        if let Some(place) = self.gazetteer.places.get(place as usize) {
            self.out.code.push_str(&place.code);
        }
        while let Some(place) = self.gazetteer.places.get(above as usize) {
            named[place.level as usize] = above;
            above = place.parent;
        }
        // A municipality is its own city, and so is a special administrative region.
        let province = named[Level::Prov as usize];
        if named[Level::City as usize] == NOWHERE
            && self.out.form[Level::City as usize].is_none()
            && self
                .gazetteer
                .places
                .get(province as usize)
                .is_some_and(|place| place.name.ends_with('市') || place.name.ends_with("特别行政区"))
        {
            named[Level::City as usize] = province;
        }
        for level in Level::ALL {
            let start = self.out.filled.len();
            match self.gazetteer.places.get(named[level as usize] as usize) {
                Some(place) if !place.name.is_empty() => self.out.filled.push_str(&place.name),
                _ => {
                    if let Some((from, to)) = self.out.form[level as usize] {
                        self.out.filled.push_str(&self.out.forms[from as usize..to as usize]);
                    }
                }
            }
            if self.out.filled.len() > start {
                self.out.full[level as usize] = Some((start as u32, self.out.filled.len() as u32));
            }
        }
    }

    /// Joins the levels: a municipality once, and no floor that the room's number says.
    fn spell(&mut self) {
        let numbered = self.has(Level::Roadno) || self.has(Level::Subroadno);
        let crossing = self.crossing && !numbered && self.has(Level::Road) && self.has(Level::Subroad);
        let out = &mut *self.out;
        for level in Level::ALL {
            let Some((start, end)) = out.full[level as usize] else { continue };
            let text = &out.filled[start as usize..end as usize];
            if crossing && level == Level::Road {
                continue;
            }
            if crossing && level == Level::Subroad {
                // Either road may be named first; the spelling has one order.
                let road =
                    out.full[Level::Road as usize].map_or("", |(start, end)| &out.filled[start as usize..end as usize]);
                let (first, second) = if road <= text { (road, text) } else { (text, road) };
                let _ = write!(out.canonical, "{first}与{second}交叉口");
                out.ends[Level::Road as usize] = out.canonical.len() as u32;
                out.ends[level as usize] = out.canonical.len() as u32;
                continue;
            }
            let repeats = level == Level::City
                && out.full[Level::Prov as usize]
                    .is_some_and(|(start, end)| &out.filled[start as usize..end as usize] == text);
            let implied = level == Level::Floorno
                && out.full[Level::Roomno as usize]
                    .is_some_and(|(start, end)| is_on_floor(&out.filled[start as usize..end as usize], text));
            if !repeats && !implied {
                // 望京SOHO-T1号楼: the building's letter must not run into the name.
                let joins =
                    |character: Option<char>| character.is_some_and(|character| character.is_ascii_alphanumeric());
                if joins(out.canonical.chars().next_back()) && joins(text.chars().next()) {
                    out.canonical.push('-');
                }
                let _ = out.canonical.write_str(text);
                out.ends[level as usize] = out.canonical.len() as u32;
            } else if repeats {
                out.ends[level as usize] = out.canonical.len() as u32;
            }
        }
    }

    fn collect_rest(&mut self) {
        for place in 0..self.out.pieces.len() {
            let (start, end, kind) = self.out.pieces[place];
            if kind == Kind::Rest {
                if !self.out.rest.is_empty() {
                    self.out.rest.push(' ');
                }
                let text = &self.text[start as usize..end as usize];
                self.out.rest.extend(text);
            }
        }
    }
}

/// Whether a room's number begins with its floor's: 1203室 is on 12层.
fn is_on_floor(room: &str, floor: &str) -> bool {
    let Some(digits) =
        room.strip_suffix('室').filter(|digits| digits.len() >= 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
    else {
        return false;
    };
    floor.strip_suffix('层').is_some_and(|floor| *floor == digits[..digits.len() - 2])
}
