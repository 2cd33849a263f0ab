//! Numbers of organizations: credit codes of 18 characters, and what came before them, by the organization code
//! that most of them hold.

use jingwei_model::hash::hash64;
use jingwei_model::id::{clean, credit};

use super::Prepare;
use super::agreement::agreements;

agreements! {
    /// How two registration numbers of organizations agree.
    CreditCodeAgreement {
        /// The same number.
        Same = "same", 1.0, "same number", "号码相同";
        /// Different kinds of number that hold the same organization code: a credit code, a tax number of 15
        /// characters, an organization code of nine.
        SameOrganization = "same_organization", 0.95, "same organization code inside", "组织机构代码相同";
        /// One character differs or two neighbours changed places, and a check character says that one of the two
        /// is mistyped.
        Slip = "slip", 0.9, "one character wrong or two swapped", "一位有误或相邻颠倒";
        /// One is a licence number from before credit codes; the division of registration agrees, more cannot be seen.
        SameDivision = "same_division", 0.2, "licence of the same division", "旧执照同一登记区划";
        /// One is a licence number from before credit codes, of another division. Organizations move.
        OtherDivision = "other_division", 0.1, "licence of another division", "旧执照不同登记区划";
        /// Anything else.
        Different = "different", 0.0, "different", "不同";
    }
}

/// A registration number made ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RegistrationCode {
    code: [u8; 18],
    length: u8,
    /// The organization code inside: the range of `code` it stands in.
    organization: Option<(u8, u8)>,
    /// Whether its check characters fit.
    checked: bool,
    /// Hash of the code.
    hash: u64,
}

impl RegistrationCode {
    fn code(&self) -> &[u8] {
        &self.code[..usize::from(self.length)]
    }

    /// The organization code inside, nine characters.
    #[must_use]
    pub fn organization(&self) -> Option<&[u8]> {
        self.organization.and_then(|(start, end)| self.code.get(usize::from(start)..usize::from(end)))
    }

    /// The division of registration, six digits.
    #[must_use]
    pub fn division(&self) -> Option<&[u8]> {
        match self.length {
            18 => self.code.get(2..8),
            13 | 15 => self.code.get(..6),
            _ => None,
        }
    }

    /// Whether its check characters fit.
    #[must_use]
    pub const fn is_checked(&self) -> bool {
        self.checked
    }

    /// Whether the two cannot be one organization's: each holds a right organization code, and not the same.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        self.checked
            && other.checked
            && matches!((self.organization(), other.organization()), (Some(one), Some(other)) if one != other)
    }
}

impl Prepare for RegistrationCode {
    type Outcome = CreditCodeAgreement;

    /// Takes credit codes of 18 characters, licence and tax numbers of 15, licence numbers of 13 digits as they were
    /// before 2007, organization codes of 9.
    fn prepare(text: &str) -> Option<Self> {
        let text = clean::code(text);
        if !text.is_ascii() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let bytes = text.as_bytes();
        let inside = |start: usize| {
            let right =
                bytes.get(start..start + 8).and_then(credit::organization_check) == bytes.get(start + 8).copied();
            right.then(|| u8::try_from(start).map(|start| (start, start + 9)).ok()).flatten()
        };
        let (organization, checked) = match bytes.len() {
            // Credit codes of sole traders hold no organization code that follows GB 11714, but nine characters that
            // are theirs alone.
            18 => (Some((8, 17)), credit::check_character(bytes) == Some(bytes[17])),
            // A tax number is division and organization code; a licence number is digits that seldom hold one.
            15 => (inside(6), inside(6).is_some()),
            13 if bytes.iter().all(u8::is_ascii_digit) => (None, false),
            9 => (Some((0, 9)), inside(0).is_some()),
            _ => return None,
        };
        let mut code = [0; 18];
        code[..bytes.len()].copy_from_slice(bytes);
        let length = u8::try_from(bytes.len()).ok()?;
        Some(Self { code, length, organization, checked, hash: hash64(bytes) })
    }

    fn compare(&self, other: &Self) -> CreditCodeAgreement {
        use CreditCodeAgreement as Is;
        if self.hash == other.hash {
            return Is::Same;
        }
        if let (Some(one), Some(other)) = (self.organization(), other.organization())
            && one == other
        {
            return Is::SameOrganization;
        }
        if self.length == other.length {
            let (one, other_code) = (self.code(), other.code());
            if !(self.checked && other.checked) && super::edit::distance(one, other_code, 1, true) == Some(1) {
                return Is::Slip;
            }
            return Is::Different;
        }
        let licence = |code: &Self| matches!(code.length, 13 | 15) && code.organization.is_none();
        match (self.division(), other.division()) {
            (Some(one), Some(two)) if licence(self) || licence(other) => {
                if one == two {
                    Is::SameDivision
                } else {
                    Is::OtherDivision
                }
            }
            _ => Is::Different,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use CreditCodeAgreement as Is;

    fn code(text: &str) -> RegistrationCode {
        RegistrationCode::prepare(text).unwrap()
    }

    #[test]
    fn each_way_of_agreeing_is_told() {
        crate::similarity::agreement::tests::assert_lawful::<CreditCodeAgreement>();
        for (a, b, agreement) in [
            ("91310110666007217T", "91310110666007217t", Is::Same),
            ("91310110666007217T", "66600721-7", Is::SameOrganization),
            ("91310110666007217T", "310110666007217", Is::SameOrganization),
            ("91310110666007217T", "92310115666007217A", Is::SameOrganization),
            ("91310110666007217T", "91310110666007227T", Is::Slip),
            ("91310110666007217T", "91310110660607217T", Is::Slip),
            ("91310110666007217T", "310110600012345", Is::SameDivision),
            ("91310110666007217T", "110108600012345", Is::OtherDivision),
            ("91310110666007217T", "3101101012345", Is::SameDivision),
            ("310110600012345", "3101101012345", Is::SameDivision),
            ("91310110666007217T", "1101081012345", Is::OtherDivision),
            ("666007217", "310110600012345", Is::Different),
            ("91310110666007217T", "91310115591693856A", Is::Different),
        ] {
            assert_eq!(code(a).compare(&code(b)), agreement, "{a} {b}");
        }
        assert!(code("91310110666007217T").excludes(&code("91310115591693856A")));
        assert!(!code("91310110666007217T").excludes(&code("310110600012345")));
        for text in ["", "123", "9131011066600721*T", "无"] {
            assert_eq!(RegistrationCode::prepare(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_reflexive(a in "9[0-9]{16}[0-9A]|[0-9]{15}|[0-9]{13}|[0-9]{9}", b in "9[0-9]{16}[0-9A]|[0-9]{15}|[0-9]{13}|[0-9]{9}") {
            let (a, b) = (code(&a), code(&b));
            prop_assert_eq!(a.compare(&b), b.compare(&a));
            prop_assert_eq!(a.compare(&a), Is::Same);
            prop_assert_eq!(a.excludes(&b), b.excludes(&a));
        }

        #[test]
        fn the_organization_code_inside_is_found_again(division in 110_000_u32..659_999, body in "[0-9A-HJ-NPQRTUWXY]{8}") {
            let whole = credit::make('9', '1', &division.to_string(), &body).unwrap();
            prop_assert_eq!(code(&whole).compare(&code(&whole[8..17])), Is::SameOrganization);
            prop_assert_eq!(code(&whole).compare(&code(&format!("{division}{}", &whole[8..17]))), Is::SameOrganization);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,30}") {
            let _ = RegistrationCode::prepare(&text);
        }
    }
}
