#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use ChineseNameAgreement as Is;

fn name(text: &str) -> ChineseName {
    ChineseName::prepare(text).unwrap()
}

fn compare(a: &str, b: &str) -> ChineseNameAgreement {
    let (a, b) = (name(a), name(b));
    let there = a.compare(&b);
    assert_eq!(there, b.compare(&a));
    there
}

#[test]
fn each_way_of_agreeing_is_told() {
    crate::similarity::agreement::tests::assert_lawful::<ChineseNameAgreement>();
    for (a, b, agreement) in [
        ("张三", "张 三", Is::Exact),
        ("阿卜杜拉·买买提", "阿卜杜拉•买买提", Is::Exact),
        ("張國榮", "张国荣", Is::Variant),
        ("刘国峰", "劉囯峯", Is::Variant),
        ("张伟", "张玮", Is::Homophone),
        ("张伟", "章炜", Is::Homophone),
        ("曾国藩", "增国藩", Is::Homophone),
        ("王小明", "王明小", Is::Swapped),
        ("李凤兰", "李风兰", Is::Homophone),
        ("王建佑", "王建佐", Is::Lookalike),
        ("陈静", "程静", Is::NearHomophone),
        ("刘宁", "牛林", Is::NearHomophone),
        ("张小明", "Zhang Xiaoming", Is::Romanised),
        ("张小明", "XIAOMING ZHANG", Is::Romanised),
        ("欧阳修", "ou yang xiu", Is::Romanised),
        ("张小明", "张明", Is::Missing),
        ("王芳芳", "王芳", Is::Missing),
        ("张*明", "张小明", Is::MaskedGiven),
        ("张小?", "张小囡", Is::MaskedGiven),
        ("*小明", "张小明", Is::MaskedGiven),
        ("王建国", "黄建国", Is::Given),
        ("王小明", "王小杰", Is::OneCharacter),
        ("张某", "张小明", Is::MaskedSurname),
        ("张某某", "张小明", Is::MaskedSurname),
        ("张先生", "张小明", Is::MaskedSurname),
        ("张**", "张*", Is::MaskedSurname),
        ("欧阳*", "欧阳修", Is::MaskedSurname),
        ("李⿰氵甸", "李华", Is::MaskedSurname),
        ("张三", "张伟", Is::Surname),
        ("张三", "李四", Is::Different),
        ("张*明", "张小华", Is::Different),
        ("张某", "李小明", Is::Different),
    ] {
        assert_eq!(compare(a, b), agreement, "{a} {b}");
    }
}

#[test]
fn names_of_two_surname_characters_are_cut_behind_them() {
    for (text, length) in [("欧阳修", 2), ("司马相如", 2), ("万俟卨", 2), ("张三", 1), ("诸葛", 2), ("John Smith", 0)]
    {
        assert_eq!(name(text).surname_length(), length, "{text}");
    }
    assert_eq!(compare("欧阳修", "欧阳明"), Is::Surname);
}

#[test]
fn what_shows_nothing_is_no_name() {
    for text in ["", " ", "***", "?", "某某", "·"] {
        assert_eq!(ChineseName::prepare(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn it_is_symmetric_and_reflexive(
        a in "[王张刘牛][小明芳宁林静]{1,2}|[张王][*某?小明]{1,3}|[小明张王]{4,7}|[a-z]{2,5} [a-z]{2,7}|\\PC{1,8}",
        b in "[王张刘牛][小明芳宁林静]{1,2}|[张王][*某?小明]{1,3}|[小明张王]{4,7}|[a-z]{2,5} [a-z]{2,7}|\\PC{1,8}",
    ) {
        if let (Some(a), Some(b)) = (ChineseName::prepare(&a), ChineseName::prepare(&b)) {
            prop_assert_eq!(a.compare(&b), b.compare(&a));
            prop_assert!(a.is_masked() || a.compare(&a) == Is::Exact);
        }
    }

    #[test]
    fn a_masked_name_fits_the_name_it_was_made_of(name in "[王张刘][小明芳国华]{1,3}", place in 0_usize..6) {
        let given = name.chars().count() - 1;
        let masked = |at: usize| at == 1 + place % given;
        let hidden = name.chars().enumerate().map(|(at, character)| if masked(at) { '*' } else { character });
        let hidden = hidden.collect::<String>();
        prop_assert!(matches!(compare(&name, &hidden), Is::MaskedGiven | Is::MaskedSurname));
    }
}
