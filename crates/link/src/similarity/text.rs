//! Text as units that kernels can index: bytes where all is ASCII, code points elsewhere.

use super::Prepare;

/// A unit of text: a byte of ASCII or a code point.
pub(super) trait Unit: Copy {
    fn code(self) -> u32;
}

impl Unit for u8 {
    fn code(self) -> u32 {
        u32::from(self)
    }
}

impl Unit for u32 {
    fn code(self) -> u32 {
        self
    }
}

/// A text made ready: its characters, indexable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(Units);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Units {
    Ascii(Box<[u8]>),
    Wide(Box<[u32]>),
}

impl Text {
    /// The text's characters.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(if text.is_ascii() {
            Units::Ascii(text.as_bytes().into())
        } else {
            Units::Wide(text.chars().map(u32::from).collect())
        })
    }

    /// How many characters it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        match &self.0 {
            Units::Ascii(units) => units.len(),
            Units::Wide(units) => units.len(),
        }
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Jaro-Winkler similarity, see [`jaro_winkler`](super::jaro_winkler).
    #[must_use]
    pub fn jaro_winkler(&self, other: &Self) -> f64 {
        both(self, other, Jaro)
    }

    /// Levenshtein distance if it is at most `limit`, see [`levenshtein_within`](super::levenshtein_within).
    #[must_use]
    pub fn levenshtein_within(&self, other: &Self, limit: usize) -> Option<usize> {
        both(self, other, Edit { limit, swaps: false })
    }

    /// Damerau distance (optimal string alignment) if it is at most `limit`, see
    /// [`damerau_within`](super::damerau_within).
    #[must_use]
    pub fn damerau_within(&self, other: &Self, limit: usize) -> Option<usize> {
        both(self, other, Edit { limit, swaps: true })
    }
}

impl Prepare for Text {
    type Outcome = f64;

    fn prepare(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::new(text))
    }

    fn compare(&self, other: &Self) -> f64 {
        self.jaro_winkler(other)
    }
}

/// Something done with two texts, whatever their units are.
pub(super) trait Kernel {
    type Out;
    fn run<A: Unit, B: Unit>(self, a: &[A], b: &[B]) -> Self::Out;
    fn ascii(self, a: &[u8], b: &[u8]) -> Self::Out;
}

struct Jaro;

impl Kernel for Jaro {
    type Out = f64;

    fn run<A: Unit, B: Unit>(self, a: &[A], b: &[B]) -> f64 {
        super::jaro::winkler(a, b, super::jaro::general(a, b))
    }

    fn ascii(self, a: &[u8], b: &[u8]) -> f64 {
        super::jaro::winkler(a, b, super::jaro::ascii(a, b))
    }
}

struct Edit {
    limit: usize,
    swaps: bool,
}

impl Kernel for Edit {
    type Out = Option<usize>;

    fn run<A: Unit, B: Unit>(self, a: &[A], b: &[B]) -> Option<usize> {
        super::edit::distance(a, b, self.limit, self.swaps)
    }

    fn ascii(self, a: &[u8], b: &[u8]) -> Option<usize> {
        super::edit::distance(a, b, self.limit, self.swaps)
    }
}

fn both<K: Kernel>(a: &Text, b: &Text, kernel: K) -> K::Out {
    match (&a.0, &b.0) {
        (Units::Ascii(a), Units::Ascii(b)) => kernel.ascii(a, b),
        (Units::Ascii(a), Units::Wide(b)) => kernel.run(a, b),
        (Units::Wide(a), Units::Ascii(b)) => kernel.run(a, b),
        (Units::Wide(a), Units::Wide(b)) => kernel.run(a, b),
    }
}

/// Characters on the stack up to this many.
const STACK: usize = 64;

/// Runs a kernel over two plain texts; allocates only for text beyond ASCII of more than 64 characters.
pub(super) fn with_units<K: Kernel>(a: &str, b: &str, kernel: K) -> K::Out {
    if a.is_ascii() && b.is_ascii() {
        return kernel.ascii(a.as_bytes(), b.as_bytes());
    }
    let (mut room_a, mut room_b) = ([0; STACK], [0; STACK]);
    match (fill(a, &mut room_a), fill(b, &mut room_b)) {
        (Some(a), Some(b)) => kernel.run(a, b),
        _ => {
            let wide = |text: &str| text.chars().map(u32::from).collect::<Vec<_>>();
            kernel.run(&wide(a), &wide(b))
        }
    }
}

fn fill<'a>(text: &str, room: &'a mut [u32; STACK]) -> Option<&'a [u32]> {
    let mut length = 0;
    for character in text.chars() {
        *room.get_mut(length)? = u32::from(character);
        length += 1;
    }
    Some(&room[..length])
}

pub(super) fn jaro_winkler(a: &str, b: &str) -> f64 {
    with_units(a, b, Jaro)
}

pub(super) fn edit_distance(a: &str, b: &str, limit: usize, swaps: bool) -> Option<usize> {
    with_units(a, b, Edit { limit, swaps })
}
