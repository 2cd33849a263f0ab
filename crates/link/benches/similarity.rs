//! Comparisons a second of each kind, on one core, over prepared values that are mostly unlike.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use jingwei_link::similarity::{
    AddressTokens, ChineseName, OrganizationName, PersonName, PhoneNumber, Prepare, PreparedDate, RegistrationCode,
    ResidentNumber, Text, Tokens,
};

const VALUES: usize = 200;

fn kind<P: Prepare>(
    group: &mut BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    text: impl Fn(usize) -> String,
) {
    let texts = (0..VALUES).map(text).collect::<Vec<_>>();
    pairs(group, name, &texts.iter().map(|text| P::prepare(text).unwrap()).collect::<Vec<_>>(), P::compare);
    group.throughput(Throughput::Elements(VALUES as u64));
    group.bench_function(format!("{name}/prepare"), |bencher| {
        bencher.iter(|| texts.iter().filter_map(|text| P::prepare(black_box(text))).count());
    });
}

fn pairs<T, O>(
    group: &mut BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    values: &[T],
    compare: impl Fn(&T, &T) -> O,
) {
    group.throughput(Throughput::Elements((VALUES * VALUES) as u64));
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            for a in values {
                for b in values {
                    black_box(compare(a, b));
                }
            }
        });
    });
}

fn pick<'a>(words: &[&'a str], place: usize) -> &'a str {
    words[place % words.len()]
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("similarity");
    let western = |place: usize| {
        let first = pick(&["Robert", "Roberta", "Elizabeth", "Jon", "Maria", "Mitchell", "Katherine"], place);
        let last = pick(&["Smith", "Smythe", "Johnson", "Johnston", "Montgomery", "Lee", "Garcia", "Brown"], place / 3);
        format!("{first} {last}")
    };
    let surnames = ["王", "李", "张", "欧阳", "陈"];
    let given = ["小明", "晓明", "伟", "国强", "丽华", "明", "静", "建国"];
    let chinese = |place: usize| format!("{}{}", pick(&surnames, place), pick(&given, place / 5));
    let id = |place: usize| {
        format!("1101{:02}19{:02}{:02}{:02}{:03}X", place % 20, place % 90, place % 12 + 1, place % 28 + 1, place)
    };
    let address =
        |place: usize| format!("北京市朝阳区阜通东大街{}号院{}号楼{}单元{}室", place % 9, place % 23, place % 4, place);
    let ascii = (0..VALUES).map(|place| Text::new(&western(place))).collect::<Vec<_>>();
    let wide = (0..VALUES).map(|place| Text::new(&address(place))).collect::<Vec<_>>();
    pairs(&mut group, "jaro_winkler/ascii", &ascii, Text::jaro_winkler);
    pairs(&mut group, "jaro_winkler/chinese address", &wide, Text::jaro_winkler);
    pairs(&mut group, "damerau within 1/ascii", &ascii, |a, b| a.damerau_within(b, 1));
    pairs(&mut group, "damerau within 3/ascii", &ascii, |a, b| a.damerau_within(b, 3));
    pairs(&mut group, "damerau/ascii", &ascii, |a, b| a.damerau_within(b, usize::MAX));
    pairs(&mut group, "damerau/chinese address", &wide, |a, b| a.damerau_within(b, usize::MAX));
    kind::<ChineseName>(&mut group, "chinese_name", chinese);
    kind::<PersonName>(&mut group, "person_name", western);
    kind::<OrganizationName>(&mut group, "organization_name", |place| {
        format!("北京{}{}科技有限公司", chinese(place), place % 7)
    });
    kind::<ResidentNumber>(&mut group, "resident_id", id);
    kind::<PhoneNumber>(&mut group, "phone", |place| format!("138{:08}", place * 7919));
    kind::<RegistrationCode>(&mut group, "credit_code", |place| format!("9131011066600{place:04}T"));
    kind::<PreparedDate>(&mut group, "date", |place| {
        format!("19{:02}-{:02}-{:02}", place % 90, place % 12 + 1, place % 28 + 1)
    });
    kind::<Tokens>(&mut group, "tokens", western);
    kind::<AddressTokens>(&mut group, "address_tokens", address);
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
