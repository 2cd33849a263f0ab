//! Finding addresses among 114,000 and among 2,000,000, and the memory of the index.
//!
//! The city is made from numbers, so that it needs no file: compounds on roads, with buildings, units and rooms, and
//! villages whose doors are numbered. Texts are as departments write them: a third by the compound alone, a third by the
//! road's door, a third in full, one in ten with a name misspelt and one in twenty with a room that does not exist.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jingwei_link::address::{AddressIndex, Search};
use jingwei_model::{Address, Level};

const STEMS: [&str; 24] = [
    "望和", "锦绣", "阳光", "清远", "瑞景", "龙泽", "翠微", "华严", "福润", "天华", "安慧", "芳城", "嘉铭", "融泽",
    "育芳", "裕民", "慧忠", "南湖", "花家", "酒仙", "将台", "左安", "永泰", "新科",
];
const KINDS: [&str; 8] = ["家园", "小区", "花园", "公寓", "嘉园", "新城", "雅苑", "大厦"];
const TEXTS: usize = 10_000;

/// A small generator, the same everywhere (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

fn address(levels: &[(Level, String)]) -> Address {
    let mut address = Address::default();
    for (level, text) in levels {
        address.set(*level, Some(text.clone()));
    }
    address
}

/// The address with number `at`: every eleventh a village's door, the others rooms, forty to a building.
fn standard(at: usize) -> Address {
    if at.is_multiple_of(11) {
        let village = at / 440;
        return address(&[
            (Level::District, format!("{}区", STEMS[village % 16])),
            (Level::Community, format!("{}{}庄村", STEMS[village % 24], STEMS[village / 24 % 24])),
            (Level::Roadno, format!("{}号", at / 11 % 40 + village / 576 * 40 + 1)),
        ]);
    }
    let (room, building) = (at % 40, at / 40);
    let compound = building / 4;
    address(&[
        (Level::District, format!("{}区", STEMS[compound % 16])),
        (Level::Town, format!("{}街道", STEMS[compound / 16 % 24])),
        (Level::Road, format!("{}{}路", STEMS[compound / 7 % 24], STEMS[compound % 24])),
        (Level::Roadno, format!("{}号院", compound / 168 + 1)),
        (Level::Poi, format!("{}{}{}", STEMS[compound % 24], STEMS[compound / 24 % 24], KINDS[compound / 576 % 8])),
        (Level::Subpoi, ["一区", "二区", "东区", "三期"][compound / 4608 % 4].to_owned()),
        (Level::Houseno, format!("{}号楼", building % 4 + 1)),
        (Level::Cellno, format!("{}单元", room / 20 + 1)),
        (Level::Roomno, format!("{}室", (room % 20 / 2 + 1) * 100 + room % 2 + 1)),
    ])
}

fn text(at: usize, random: &mut Random) -> Address {
    let mut address = standard(at);
    let drop: &[Level] = match random.below(3) {
        0 => &[Level::Town, Level::Road, Level::Roadno],
        1 => &[Level::Town, Level::Poi, Level::Subpoi],
        _ => &[],
    };
    if address.get(Level::Road).is_some() {
        drop.iter().for_each(|level| address.set(*level, None));
    }
    if random.below(10) == 0
        && let Some(name) = address.get(Level::Poi)
    {
        let mut name: Vec<char> = name.chars().collect();
        let at = random.below(name.len());
        name[at] = random.pick(&["圆", "菀", "扬", "青"]).chars().next().unwrap();
        address.set(Level::Poi, Some(name.into_iter().collect()));
    }
    if random.below(20) == 0 && address.get(Level::Roomno).is_some() {
        address.set(Level::Roomno, Some("9999室".to_owned()));
    }
    address
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("find a standard address");
    group.sample_size(10);
    for size in [114_000_usize, 2_000_000] {
        let mut index = AddressIndex::new();
        for at in 0..size {
            index.add(&standard(at));
        }
        index.shrink();
        let mut random = Random(7);
        let texts: Vec<Address> = (0..TEXTS).map(|_| text(random.below(size), &mut random)).collect();
        let mut search = Search::default();
        let found = texts.iter().filter(|text| index.find(*text, &mut search).row().is_some()).count();
        group.throughput(Throughput::Elements(TEXTS as u64));
        // Criterion has no place for memory; the name of the bench carries it.
        let name = format!("among {size}, {} bytes an address, {found} found", index.memory() / size);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for text in &texts {
                    black_box(index.find(black_box(text), &mut search));
                }
            });
        });
    }
    group.finish();
    criterion.bench_function("index 10,000 addresses", |bencher| {
        let addresses: Vec<Address> = (0..10_000).map(standard).collect();
        bencher.iter_batched(
            AddressIndex::new,
            |mut index| {
                for address in &addresses {
                    index.add(address);
                }
                index
            },
            BatchSize::LargeInput,
        );
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
