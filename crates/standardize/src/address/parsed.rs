//! What an address was found to say.

use std::ops::Range;

use jingwei_model::Level;

use super::fold::Folded;

/// How fine an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// A province alone.
    Province,
    /// A city.
    City,
    /// A district or county.
    District,
    /// A street, town or township.
    Town,
    /// A community or village.
    Community,
    /// A road without a number.
    Road,
    /// A number on a road, or a named place: 院, 小区, 大厦.
    Compound,
    /// A building.
    Building,
    /// A unit of a building, or a floor.
    Unit,
    /// A room.
    Room,
}

impl Grain {
    /// All, coarse to fine.
    pub const ALL: [Self; 10] = [
        Self::Province,
        Self::City,
        Self::District,
        Self::Town,
        Self::Community,
        Self::Road,
        Self::Compound,
        Self::Building,
        Self::Unit,
        Self::Room,
    ];

    /// Its name in SQL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::District => "district",
            Self::Town => "town",
            Self::Community => "community",
            Self::Road => "road",
            Self::Compound => "compound",
            Self::Building => "building",
            Self::Unit => "unit",
            Self::Room => "room",
        }
    }

    /// The one of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grain| grain.name() == name)
    }

    /// The one an address has whose finest level this is.
    #[must_use]
    pub const fn of(level: Level) -> Self {
        match level {
            Level::Prov => Self::Province,
            Level::City => Self::City,
            Level::District | Level::Devzone => Self::District,
            Level::Town => Self::Town,
            Level::Community => Self::Community,
            Level::Road | Level::Subroad => Self::Road,
            Level::Roadno | Level::Subroadno | Level::Poi | Level::Subpoi => Self::Compound,
            Level::Houseno => Self::Building,
            Level::Cellno | Level::Floorno => Self::Unit,
            Level::Roomno => Self::Room,
        }
    }
}

/// Why a piece of a text says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Spaces, commas and characters without width.
    Blank,
    /// Dashes and other signs between levels.
    Separator,
    /// A level said before.
    Repeated,
    /// The country.
    Country,
    /// A word without meaning of its own: 内, 院内, 第, 与.
    Filler,
}

/// What a piece of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A level's text.
    Level(Level),
    /// In no level: relative places, notes, phone numbers.
    Rest,
    /// Dropped, and by which rule.
    Dropped(Rule),
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its bytes.
    pub bytes: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// A range of a buffer that has a value, or none.
pub(super) type Part = Option<(u32, u32)>;

/// A parsed address. One is used again for the next address, so that parsing does not allocate.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    pub(super) text: String,
    pub(super) folded: Folded,
    /// Pieces as characters of `folded`, in order.
    pub(super) pieces: Vec<(u32, u32, Kind)>,
    /// First and last piece's characters by level.
    pub(super) written: [Part; 16],
    /// Standard forms of what is written, and where each level's stands.
    pub(super) forms: String,
    pub(super) form: [Part; 16],
    /// Places in the gazetteer the address may lie in.
    pub(super) places: Vec<u32>,
    pub(super) spare: Vec<u32>,
    /// Levels filled from the gazetteer, one after the other.
    pub(super) filled: String,
    pub(super) full: [Part; 16],
    pub(super) canonical: String,
    /// Length of `canonical` down to each level, zero where the level is not in it.
    pub(super) ends: [u32; 16],
    pub(super) rest: String,
    pub(super) code: String,
}

fn cut(text: &str, part: Part) -> Option<&str> {
    let (start, end) = part?;
    text.get(start as usize..end as usize)
}

impl Parsed {
    /// A level's text as written.
    #[must_use]
    pub fn get(&self, level: Level) -> Option<&str> {
        self.span(level).and_then(|bytes| self.text.get(bytes))
    }

    /// The bytes of a level's text.
    #[must_use]
    pub fn span(&self, level: Level) -> Option<Range<usize>> {
        let (start, end) = self.written[level as usize]?;
        Some(self.bytes(start, end))
    }

    /// A level in its standard form, filled from the gazetteer where the text leaves it out.
    #[must_use]
    pub fn completed(&self, level: Level) -> Option<&str> {
        cut(&self.filled, self.full[level as usize])
    }

    /// The standard spelling: the same for all spellings that mean the same. Empty where nothing was understood.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The standard spelling down to `grain`; `None` if the address is not that fine.
    #[must_use]
    pub fn key(&self, grain: Grain) -> Option<&str> {
        let mut end = 0;
        let mut reached = false;
        for level in Level::ALL {
            let here = self.ends[level as usize] as usize;
            if here > 0 && Grain::of(level) <= grain {
                end = here;
                reached |= Grain::of(level) == grain;
            }
        }
        reached.then(|| &self.canonical[..end])
    }

    /// How fine the address is.
    #[must_use]
    pub fn grain(&self) -> Option<Grain> {
        Level::ALL.into_iter().rev().find(|level| self.full[*level as usize].is_some()).map(Grain::of)
    }

    /// The code of the finest division known; empty where none is.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What is in no level, piece by piece with a space between.
    #[must_use]
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// Every byte of the text, in order: in a level, in the rest, or dropped by a rule.
    #[must_use]
    pub fn segments(&self) -> Vec<Segment> {
        let mut segments = Vec::with_capacity(self.pieces.len() * 2);
        let mut last = 0;
        let mut push = |bytes: Range<usize>, kind| {
            if !bytes.is_empty() {
                segments.push(Segment { bytes, kind });
            }
        };
        for (start, end, kind) in &self.pieces {
            let bytes = self.bytes(*start, *end);
            push(last..bytes.start, Kind::Dropped(Rule::Blank));
            last = bytes.end;
            push(bytes, *kind);
        }
        push(last..self.text.len(), Kind::Dropped(Rule::Blank));
        segments
    }

    pub(super) fn bytes(&self, start: u32, end: u32) -> Range<usize> {
        let first = self.folded.bytes.get(start as usize).map_or(0, |bytes| bytes.0);
        let last =
            (end as usize).checked_sub(1).and_then(|place| self.folded.bytes.get(place)).map_or(first, |bytes| bytes.1);
        first as usize..(last as usize).max(first as usize)
    }

    /// Forgets everything but the buffers, and takes a text.
    pub(super) fn begin(&mut self, text: &str) {
        // Places are kept in 32 bits; nothing that long is an address.
        let mut end = text.len().min(1 << 24);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        self.text.clear();
        self.text.push_str(text);
        self.folded.fill(text);
        self.pieces.clear();
        self.written = [None; 16];
        self.forms.clear();
        self.form = [None; 16];
        self.places.clear();
        self.filled.clear();
        self.full = [None; 16];
        self.canonical.clear();
        self.ends = [0; 16];
        self.rest.clear();
        self.code.clear();
    }

    pub(super) fn form(&self, level: Level) -> Option<&str> {
        cut(&self.forms, self.form[level as usize])
    }
}
