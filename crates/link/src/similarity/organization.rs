//! Names of organizations, Chinese and in alphabets: legal forms, places of registration, abbreviations, branches.

use jingwei_model::hash::hash64;

use super::agreement::agreements;
use super::exact::fold;
use super::marks::distinguishes;
use super::tokens::words;
use super::{Prepare, Text, Tokens};

agreements! {
    /// How two names of organizations agree.
    OrganizationAgreement {
        /// The same; width, case, brackets and signs aside.
        Exact = "exact", 1.0, "same name", "名称相同";
        /// The same without legal form and place of registration: 北京百川科技有限公司, 百川科技.
        Core = "core", 0.9, "same without legal form and place", "字号相同";
        /// One is the other's initials: IBM.
        Acronym = "acronym", 0.75, "one is the other's initials", "首字母缩写";
        /// Nearly the same, and no number or direction tells them apart.
        Similar = "similar", 0.7, "nearly the same", "近似";
        /// One holds all of the other, in order: an abbreviation, or a branch and its house.
        Contained = "contained", 0.6, "one contains the other", "包含";
        /// Half of the words or more are common.
        Related = "related", 0.3, "half in common", "部分相同";
        /// Anything else.
        Different = "different", 0.0, "different", "不同";
    }
}

/// Endings that say the legal form, longer before shorter.
const FORMS_ZH: &[&str] = &[
    "集团股份有限公司",
    "集团有限责任公司",
    "集团有限公司",
    "股份有限公司",
    "有限责任公司",
    "股份公司",
    "有限公司",
    "普通合伙企业",
    "合伙企业",
    "个人独资企业",
    "总公司",
    "集团",
    "公司",
    "有限合伙",
    "普通合伙",
    "特殊普通合伙",
    "个体工商户",
];
/// Words that say the legal form.
const FORMS: &[&str] = &[
    "ltd",
    "limited",
    "inc",
    "incorporated",
    "llc",
    "llp",
    "lp",
    "plc",
    "corp",
    "corporation",
    "co",
    "company",
    "gmbh",
    "ag",
    "kg",
    "sa",
    "sarl",
    "srl",
    "spa",
    "bv",
    "nv",
    "oy",
    "ab",
    "as",
    "pte",
    "pty",
    "the",
    "and",
    "of",
];
/// Places that stand before a name without the word that says what they are.
const PLACES: &[&str] = &[
    "中国",
    "北京",
    "天津",
    "上海",
    "重庆",
    "河北",
    "山西",
    "辽宁",
    "吉林",
    "黑龙江",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "海南",
    "四川",
    "贵州",
    "云南",
    "陕西",
    "甘肃",
    "青海",
    "内蒙古",
    "广西",
    "西藏",
    "宁夏",
    "新疆",
];

/// A name made ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationName {
    /// Hash of the name without signs.
    whole: u64,
    /// The name without legal form and place.
    core: Text,
    core_hash: u64,
    /// Words, or pairs of Chinese characters, of the core.
    parts: Tokens,
    /// Initials of the core's words; empty for a single word and for Chinese.
    initials: Text,
    /// Hash of the characters that tell neighbours apart.
    marks: u64,
}

impl Prepare for OrganizationName {
    type Outcome = OrganizationAgreement;

    fn prepare(text: &str) -> Option<Self> {
        let folded = fold(text);
        let chinese = folded.chars().any(jingwei_model::han::is_han);
        let signs = |other: char| !other.is_alphanumeric();
        let joined = folded.replace('&', " and ").replace(['.', '\''], "");
        let whole = joined.replace(signs, "");
        if whole.is_empty() {
            return None;
        }
        let (core, parts, initials) = if chinese {
            let core = core_zh(&whole).to_owned();
            let parts = Tokens::grams(&core, 2);
            (core, parts, String::new())
        } else {
            let all = words(&joined).collect::<Vec<_>>();
            let mut kept = all.iter().filter(|word| !FORMS.contains(word)).copied().collect::<Vec<_>>();
            if kept.is_empty() {
                kept = all;
            }
            let initials = if kept.len() > 1 {
                kept.iter().filter_map(|word| word.chars().next()).collect()
            } else {
                String::new()
            };
            (kept.join(" "), Tokens::of(&kept), initials)
        };
        let marks = core.chars().filter(|character| distinguishes(*character)).collect::<String>();
        Some(Self {
            whole: hash64(whole.as_bytes()),
            core_hash: hash64(core.as_bytes()),
            core: Text::new(&core),
            parts,
            initials: Text::new(&initials),
            marks: hash64(marks.as_bytes()),
        })
    }

    fn compare(&self, other: &Self) -> OrganizationAgreement {
        use OrganizationAgreement as Is;
        if self.whole == other.whole {
            return Is::Exact;
        }
        if self.core_hash == other.core_hash {
            return Is::Core;
        }
        let acronym = |initials: &Self, word: &Self| initials.initials.len() >= 3 && initials.initials == word.core;
        if acronym(self, other) || acronym(other, self) {
            return Is::Acronym;
        }
        let (jaccard, containment) = (self.parts.jaccard(&other.parts), self.parts.containment(&other.parts));
        let slips = self.core.len().max(other.core.len()) / 8 + 1;
        if self.marks == other.marks
            && (jaccard >= 0.8
                || self.core.len().min(other.core.len()) >= 4 && self.core.damerau_within(&other.core, slips).is_some())
        {
            return Is::Similar;
        }
        if containment >= 1.0 && self.core.len().min(other.core.len()) >= 3 {
            return Is::Contained;
        }
        if jaccard >= 0.5 { Is::Related } else { Is::Different }
    }
}

/// A Chinese name without legal form and place of registration.
fn core_zh(whole: &str) -> &str {
    let longer = |text: &str| text.chars().count() >= 2;
    let mut core = whole;
    if let Some(rest) = FORMS_ZH.iter().find_map(|form| core.strip_suffix(form)).filter(|rest| longer(rest)) {
        core = rest;
    }
    while let Some(rest) = without_place(core).filter(|rest| longer(rest)) {
        core = rest;
    }
    core
}

fn without_place(text: &str) -> Option<&str> {
    for place in PLACES {
        if let Some(rest) = text.strip_prefix(place) {
            return Some(rest.strip_prefix(['省', '市']).unwrap_or(rest));
        }
    }
    // Two or three characters and what they are: 朝阳区, 石景山区, 安吉县.
    text.char_indices()
        .skip(2)
        .take(2)
        .find(|(_, character)| "省市区县".contains(*character))
        .map(|(place, character)| &text[place + character.len_utf8()..])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use OrganizationAgreement as Is;

    fn compare(a: &str, b: &str) -> OrganizationAgreement {
        let (a, b) = (OrganizationName::prepare(a).unwrap(), OrganizationName::prepare(b).unwrap());
        assert_eq!(a.compare(&b), b.compare(&a));
        a.compare(&b)
    }

    #[test]
    fn each_way_of_agreeing_is_told() {
        crate::similarity::agreement::tests::assert_lawful::<OrganizationAgreement>();
        for (a, b, agreement) in [
            ("北京百川科技有限公司", "北京百川科技有限公司 ", Is::Exact),
            ("百川（北京）科技有限公司", "百川(北京)科技有限公司", Is::Exact),
            ("北京百川科技有限公司", "百川科技有限责任公司", Is::Core),
            ("北京市朝阳区百川科技公司", "百川科技", Is::Core),
            ("北京百川科技发展有限公司", "百川科计发展公司", Is::Similar),
            ("朝阳区第一幼儿园", "朝阳区第二幼儿园", Is::Different),
            ("中国银行股份有限公司", "中国银行望京支行", Is::Different),
            ("百川科技望京分公司", "百川科技", Is::Contained),
            ("International Business Machines Corp.", "IBM", Is::Acronym),
            ("Smith & Sons Ltd", "Smith and Sons Limited", Is::Core),
            ("Acme Widgets Inc.", "The Acme Widgets Company", Is::Core),
            ("Acme Widgets", "Acme Widgets Holding", Is::Contained),
            ("Acme Widgets", "Zenith Motors", Is::Different),
        ] {
            assert_eq!(compare(a, b), agreement, "{a} {b}");
        }
        assert_eq!(OrganizationName::prepare(" - "), None);
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_reflexive(a in "(北京|朝阳区)?[百川科技一二]{1,6}(公司|有限公司)?|[a-c ]{1,12}|\\PC{1,12}", b in "(北京|朝阳区)?[百川科技一二]{1,6}(公司|有限公司)?|[a-c ]{1,12}|\\PC{1,12}") {
            if let (Some(a), Some(b)) = (OrganizationName::prepare(&a), OrganizationName::prepare(&b)) {
                prop_assert_eq!(a.compare(&b), b.compare(&a));
                prop_assert_eq!(a.compare(&a), Is::Exact);
            }
        }
    }
}
