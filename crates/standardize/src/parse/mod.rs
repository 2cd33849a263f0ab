//! One parser a file: from a cell's text to its value, or a reason why not. Pure functions; spaces
//! around the text are already gone.

mod address;
mod boolean;
mod credit_code;
mod date;
mod datetime;
mod division;
mod geometry;
mod moment;
mod name;
mod number;
mod pattern;
mod phone;
mod plate;
mod point;
mod resident_id;
mod sex;
mod text;

pub use address::address;
pub use boolean::boolean;
pub use credit_code::credit_code;
pub use date::date;
pub use datetime::datetime;
pub use division::division;
pub use geometry::{Way, geometry_from_bytes, geometry_from_text};
pub use name::name;
pub use number::{integer, number};
pub use pattern::Pattern;
pub use phone::phone;
pub use plate::plate;
pub use point::{point, point_from_text};
pub use resident_id::resident_id;
pub use sex::sex;
pub use text::text;
pub(crate) use text::trimmed;

use jingwei_model::Reason;

/// What a text turns out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<T> {
    /// A value.
    Value(T),
    /// A value that stands, with something about it to know.
    Noted(T, Reason),
    /// A value that can be read but is wrong: it stands only where the configuration says `keep`.
    Doubtful(T, Reason),
    /// A value of which only a part shows.
    Partial(String),
    /// No value of the kind.
    Refused(Reason),
    /// Nothing is said.
    Missing,
}

impl<T> Cell<T> {
    /// The value, if it stands.
    #[must_use]
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) | Self::Noted(value, _) => Some(value),
            _ => None,
        }
    }

    /// What shows of a value of which only a part does.
    #[must_use]
    pub fn partial(&self) -> Option<&str> {
        match self {
            Self::Partial(shown) => Some(shown),
            _ => None,
        }
    }

    /// The reason, if there is one.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Noted(_, reason) | Self::Doubtful(_, reason) | Self::Refused(reason) => Some(*reason),
            Self::Partial(_) => Some(Reason::Masked),
            Self::Value(_) | Self::Missing => None,
        }
    }
}

/// A refusal; an empty text is none.
pub(crate) fn refused<T>(reason: Reason) -> Cell<T> {
    if reason == Reason::Missing { Cell::Missing } else { Cell::Refused(reason) }
}
