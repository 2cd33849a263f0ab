//! Numbers: by absolute and relative difference, and by the slips of typing.

use super::Prepare;
use super::agreement::agreements;

agreements! {
    /// How two numbers agree.
    NumberAgreement {
        /// Equal.
        Same = "same", 1.0, "equal", "相等";
        /// Within a hundredth of the larger: rounding.
        Rounded = "rounded", 0.9, "within 1 %", "相差不超过1%";
        /// Within a tenth of the larger.
        Near = "near", 0.6, "within 10 %", "相差不超过10%";
        /// Anything else.
        Different = "different", 0.0, "different", "不同";
    }
}

/// A finite number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(f64);

impl Number {
    /// A number; `None` for what is not finite.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value))
    }

    /// Its value.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }

    /// Absolute difference.
    #[must_use]
    pub fn difference(self, other: Self) -> f64 {
        (self.0 - other.0).abs()
    }
}

impl Prepare for Number {
    type Outcome = NumberAgreement;

    fn prepare(text: &str) -> Option<Self> {
        Self::new(text.trim().replace(['，', ','], "").parse().ok()?)
    }

    fn compare(&self, other: &Self) -> NumberAgreement {
        let apart = relative_difference(self.0, other.0);
        if apart == 0.0 {
            NumberAgreement::Same
        } else if apart <= 0.01 {
            NumberAgreement::Rounded
        } else if apart <= 0.1 {
            NumberAgreement::Near
        } else {
            NumberAgreement::Different
        }
    }
}

/// Difference over the larger magnitude: 0 equal, 1 one of them is zero or they differ in sign.
#[must_use]
pub fn relative_difference(a: f64, b: f64) -> f64 {
    // Bits of equal numbers need no division, and zero cannot be divided by.
    if a == b {
        return 0.0;
    }
    let larger = a.abs().max(b.abs());
    if a.signum() * b.signum() < 0.0 { 1.0 } else { ((a / larger) - (b / larger)).abs().min(1.0) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_way_of_agreeing_is_told() {
        crate::similarity::agreement::tests::assert_lawful::<NumberAgreement>();
        let number = |text| Number::prepare(text).unwrap();
        for (a, b, agreement) in [
            ("89.5", "89.50", NumberAgreement::Same),
            ("1,000", "1000", NumberAgreement::Same),
            ("89.5", "90", NumberAgreement::Rounded),
            ("89.5", "95", NumberAgreement::Near),
            ("89.5", "-89.5", NumberAgreement::Different),
            ("0", "3", NumberAgreement::Different),
        ] {
            assert_eq!(number(a).compare(&number(b)), agreement, "{a} {b}");
        }
        assert_eq!(Number::prepare("NaN"), None);
        assert_eq!(number("3").difference(number("-4")), 7.0);
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_bounded(a: f64, b: f64) {
            prop_assume!(a.is_finite() && b.is_finite());
            let apart = relative_difference(a, b);
            prop_assert_eq!(apart, relative_difference(b, a));
            prop_assert!((0.0..=1.0).contains(&apart));
            prop_assert_eq!(relative_difference(a, a), 0.0);
        }
    }
}
