//! The sixteen levels of an address, from province to room.

use serde::{Deserialize, Serialize};

/// A level, coarse to fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// 省, 自治区, 直辖市.
    Prov,
    /// 市, 州, 盟.
    City,
    /// 区, 县, 旗.
    District,
    /// 开发区.
    Devzone,
    /// 街道, 镇, 乡, 地区.
    Town,
    /// 社区, 村.
    Community,
    /// 路, 街, 胡同.
    Road,
    /// 门牌号.
    Roadno,
    /// 支路, 巷, 里弄.
    Subroad,
    /// Its number.
    Subroadno,
    /// 小区, 大厦, a place.
    Poi,
    /// Part of it: 东区, 二期.
    Subpoi,
    /// 号楼, 幢, 栋.
    Houseno,
    /// 单元, 门.
    Cellno,
    /// 层.
    Floorno,
    /// 室.
    Roomno,
}

impl Level {
    /// All levels, coarse to fine.
    pub const ALL: [Self; 16] = [
        Self::Prov,
        Self::City,
        Self::District,
        Self::Devzone,
        Self::Town,
        Self::Community,
        Self::Road,
        Self::Roadno,
        Self::Subroad,
        Self::Subroadno,
        Self::Poi,
        Self::Subpoi,
        Self::Houseno,
        Self::Cellno,
        Self::Floorno,
        Self::Roomno,
    ];

    /// The column name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prov => "prov",
            Self::City => "city",
            Self::District => "district",
            Self::Devzone => "devzone",
            Self::Town => "town",
            Self::Community => "community",
            Self::Road => "road",
            Self::Roadno => "roadno",
            Self::Subroad => "subroad",
            Self::Subroadno => "subroadno",
            Self::Poi => "poi",
            Self::Subpoi => "subpoi",
            Self::Houseno => "houseno",
            Self::Cellno => "cellno",
            Self::Floorno => "floorno",
            Self::Roomno => "roomno",
        }
    }
}

/// Anything that says an address level by level: what a parser read, or a row of a table.
pub trait Levels {
    /// The text at a level in its standard form.
    fn level(&self, level: Level) -> Option<&str>;

    /// Whether a level was filled in by somebody else than who wrote the address, so that it proves little.
    fn is_inferred(&self, level: Level) -> bool {
        let _ = level;
        false
    }

    /// Pieces of the text that are in no level, where the text itself is at hand.
    fn unread(&self) -> &str {
        ""
    }

    /// Appends what was written before `level` and all finer levels, folded to simplified characters, where the text
    /// itself is at hand. Whether it is.
    fn written_before(&self, level: Level, out: &mut String) -> bool {
        let _ = (level, out);
        false
    }
}

/// An address in levels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    parts: [Option<String>; 16],
}

impl Address {
    /// The text at a level.
    #[must_use]
    pub fn get(&self, level: Level) -> Option<&str> {
        self.parts[level as usize].as_deref()
    }

    /// Sets a level.
    pub fn set(&mut self, level: Level, text: Option<String>) {
        self.parts[level as usize] = text;
    }

    /// The finest level that has a text.
    #[must_use]
    pub fn finest(&self) -> Option<Level> {
        Level::ALL.into_iter().rev().find(|level| self.get(*level).is_some())
    }

    /// Whether no level has a text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.finest().is_none()
    }
}

impl Levels for Address {
    fn level(&self, level: Level) -> Option<&str> {
        self.get(level)
    }
}
