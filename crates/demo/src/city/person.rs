//! A resident.

use chrono::{Datelike, NaiveDate};

/// Sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// 男.
    Male,
    /// 女.
    Female,
}

impl Sex {
    /// In Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Male => "男",
            Self::Female => "女",
        }
    }

    /// GB/T 2261 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
        }
    }
}

/// Place in the household.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// 户主.
    Head,
    /// 配偶.
    Spouse,
    /// 子女.
    Child,
    /// 父母.
    Parent,
    /// 非亲属.
    Tenant,
}

/// A resident.
#[derive(Debug, Clone)]
pub struct Person {
    /// Number in the city.
    pub number: u64,
    /// Name.
    pub name: String,
    /// Sex.
    pub sex: Sex,
    /// Date of birth.
    pub birth: NaiveDate,
    /// Identity number.
    pub id: String,
    /// Phone, own or the household's.
    pub phone: Option<String>,
    /// Ethnic group.
    pub ethnicity: &'static str,
    /// Place in the household.
    pub role: Role,
    /// Household number in the city.
    pub household: u64,
    /// The dwelling: a place in the neighbourhood.
    pub dwelling: usize,
    /// The household's first member: a place in the neighbourhood.
    pub head: usize,
    /// Whether the household registration is in the city.
    pub local: bool,
    /// Dwelling of household registration, if another than the one lived in.
    pub registered_at: Option<usize>,
    /// Old and without anyone else in the dwelling.
    pub alone: bool,
    /// Household on low income.
    pub low_income: bool,
}

impl Person {
    /// The entity in the truth.
    pub fn entity(&self) -> String {
        format!("P{:09}", self.number)
    }

    /// Full years on a day.
    pub fn age(&self, on: NaiveDate) -> i32 {
        let had_birthday = (on.month(), on.day()) >= (self.birth.month(), self.birth.day());
        on.year() - self.birth.year() - i32::from(!had_birthday)
    }
}
