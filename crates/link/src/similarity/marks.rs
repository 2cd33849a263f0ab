//! Characters that tell one thing from its neighbour: 一区 and 二区, 朝阳北路 and 朝阳路 are no misspellings.

/// Whether names that differ in this character name different things.
pub(super) fn distinguishes(character: char) -> bool {
    character.is_numeric()
        || "零一二三四五六七八九十百千甲乙丙丁戊己庚辛东南西北中上下前后左右内外里大小新老".contains(character)
}

/// Whether two names differ by one character that is no mark of difference, in a text of three or more.
pub(super) fn near(a: &[char], b: &[char]) -> bool {
    if a.len().min(b.len()) < 2 || a.len().max(b.len()) < 3 || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let end = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[start..a.len() - end], &b[start..b.len() - end]);
    a.len() <= 1 && b.len() <= 1 && !a.iter().chain(b).any(|character| distinguishes(*character))
}
