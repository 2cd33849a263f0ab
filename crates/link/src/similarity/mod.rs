//! How alike two values are: pure kernels, one file a kind, without the query engine.
//!
//! A kind has a *prepared* form of a value ([`Prepare`]): everything that concerns one value alone (folding,
//! readings, check digits, sorted tokens) is worked out once, so that a value that meets many others costs little
//! each time. Comparing neither allocates nor fails. An outcome is either a number from 0 (nothing in common) to
//! 1 (the same), or an agreement: an enum whose variants go from strongest to weakest and say what was seen
//! ([`Agreement`]), so that a model can give each its own weight. Comparing is symmetric in every kind, and a
//! whole value compared with itself gives the strongest outcome; what two masked values share is only what shows.

mod address;
mod agreement;
mod chinese_name;
mod credit_code;
mod date;
mod edit;
mod exact;
mod geo;
mod jaro;
mod marks;
mod number;
mod organization;
mod packed;
mod person_name;
mod phone;
mod resident_id;
mod text;
mod tokens;

pub(crate) use address::LEVEL_END;
pub use address::{AddressAgreement, AddressLevels, AddressTokens};
pub use agreement::Agreement;
pub use chinese_name::{ChineseName, ChineseNameAgreement};
pub use credit_code::{CreditCodeAgreement, RegistrationCode};
pub use date::{DateAgreement, PreparedDate};
pub use edit::{damerau, damerau_within, edit_similarity, levenshtein, levenshtein_within};
pub use exact::{Folded, fold};
pub use geo::Point;
pub use jaro::{jaro, jaro_winkler};
pub use number::{Number, NumberAgreement, relative_difference};
pub use organization::{OrganizationAgreement, OrganizationName};
pub use packed::Packed;
pub use person_name::{PersonName, PersonNameAgreement};
pub use phone::{PhoneAgreement, PhoneNumber};
pub use resident_id::{ResidentIdAgreement, ResidentNumber};
pub use text::Text;
pub use tokens::Tokens;

/// The first of the ideographs of everyday use, and how many there are.
pub(crate) const IDEOGRAPHS: (usize, usize) = (0x4e00, 0x5200);

/// A value made ready to be compared with many others.
pub trait Prepare: Sized + Send + Sync {
    /// What comparing two of them gives: a number from 0 to 1, or an [`Agreement`].
    type Outcome;

    /// Prepares the text of a value; `None` when there is nothing in it to compare.
    fn prepare(text: &str) -> Option<Self>;

    /// Compares with another; symmetric, without allocation.
    fn compare(&self, other: &Self) -> Self::Outcome;
}
