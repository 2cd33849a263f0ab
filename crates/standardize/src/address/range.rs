//! Ranges that registers write for several buildings or rooms: 1-10幢.

use super::fold::form;

/// Most numbers of a range; more is a slip of the pen.
const MOST: u32 = 1000;

/// The single numbers of a range such as `1-10幢`, `3、5号楼` or `1-3、8号楼`, each with the words around it. A
/// text without a range is returned as it is; numbers that go down are no range.
#[must_use]
pub fn expand_range(text: &str) -> Vec<String> {
    let folded: String = text.chars().filter_map(form).collect();
    let Some(start) = folded.find(|character: char| character.is_ascii_digit()) else { return vec![folded] };
    let list = &folded[start..];
    let length = list
        .find(|character: char| !matches!(character, '0'..='9' | '-' | '、' | '至' | '到' | '/'))
        .unwrap_or(list.len());
    let (list, suffix) = list.split_at(length);
    let prefix = &folded[..start];
    let mut numbers = Vec::new();
    for item in list.split(['、', '/']) {
        let mut bounds = item.split(['-', '至', '到']);
        match (bounds.next().map(str::parse::<u32>), bounds.next().map(str::parse::<u32>), bounds.next()) {
            (Some(Ok(first)), None, None) => numbers.push(first),
            (Some(Ok(first)), Some(Ok(last)), None) if first < last && last - first < MOST => {
                numbers.extend(first..=last)
            }
            _ => return vec![folded],
        }
    }
    // The words between a list and its kind may begin with a sign that belongs to neither.
    numbers.into_iter().map(|number| format!("{prefix}{number}{suffix}")).collect()
}

#[cfg(test)]
mod tests {
    use super::expand_range;

    #[test]
    fn ranges_become_single_numbers() {
        assert_eq!(expand_range("1-3幢"), ["1幢", "2幢", "3幢"]);
        assert_eq!(expand_range("１－１０幢").len(), 10);
        assert_eq!(expand_range("花园小区3、5号楼"), ["花园小区3号楼", "花园小区5号楼"]);
        assert_eq!(expand_range("1至2、8号楼"), ["1号楼", "2号楼", "8号楼"]);
        for whole in ["5号楼", "10-1幢", "1-999999幢", "东区", "1-2-3", ""] {
            assert_eq!(expand_range(whole), [whole]);
        }
    }
}
