//! The words a city is named with. All combinations are made up; none is a real person, firm or compound.

mod characters;
mod organizations;
mod persons;
mod places;

pub use characters::{component_notation, confuse, pinyin_of, traditional};
pub use organizations::{company_name, shop_name, social_name};
pub use persons::{ethnicity, given_name, surname};
pub use places::{compound_name, road_name};
