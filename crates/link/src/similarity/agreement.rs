//! What every enum of agreements has in common: stable names for models, words for people.

use std::fmt::Debug;

/// A way two values agree, strongest first.
pub trait Agreement: Copy + Debug + Eq + Ord + Send + Sync + 'static {
    /// All, from strongest to weakest.
    const ALL: &'static [Self];

    /// The stable name, as model files and SQL use it.
    fn name(self) -> &'static str;

    /// What was seen, in English.
    fn title(self) -> &'static str;

    /// What was seen, in Chinese.
    fn title_zh(self) -> &'static str;

    /// A number from 1 (the same) to 0 (nothing in common), for ranking where there is no model. It falls along
    /// [`ALL`](Self::ALL).
    fn score(self) -> f64;

    /// The one of a name.
    #[must_use]
    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|agreement| agreement.name() == name)
    }
}

/// Defines an enum of agreements: variant, stable name, score, title in English and in Chinese.
macro_rules! agreements {
    ($(#[$about:meta])* $enum:ident { $($(#[$doc:meta])* $variant:ident = $name:literal, $score:literal, $title:literal, $title_zh:literal;)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $enum { $($(#[$doc])* $variant,)* }

        impl $crate::similarity::Agreement for $enum {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }

            fn title(self) -> &'static str { match self { $(Self::$variant => $title,)* } }

            fn title_zh(self) -> &'static str { match self { $(Self::$variant => $title_zh,)* } }

            fn score(self) -> f64 { match self { $(Self::$variant => $score,)* } }
        }
    };
}
pub(crate) use agreements;

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    /// The laws of an enum of agreements.
    pub fn assert_lawful<A: Agreement>() {
        let names = A::ALL.iter().map(|agreement| agreement.name()).collect::<BTreeSet<_>>();
        assert_eq!(names.len(), A::ALL.len(), "names are unique");
        assert!(A::ALL.iter().all(|agreement| A::of_name(agreement.name()) == Some(*agreement)));
        assert!(A::ALL.is_sorted(), "ALL follows the order of the variants");
        assert!(A::ALL.is_sorted_by(|a, b| a.score() >= b.score()), "scores fall");
        assert!((A::ALL.first().unwrap().score() - 1.0).abs() < f64::EPSILON);
        assert!(A::ALL.last().unwrap().score().abs() < f64::EPSILON);
        assert!(A::ALL.iter().all(|agreement| !agreement.title().is_empty() && !agreement.title_zh().is_empty()));
    }
}
