//! Addresses a second: all sixteen levels, with the standard spelling, on one core.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jingwei_standardize::address::{AddressParser, KnownCompound, KnownRoad, Parsed};

/// Spellings of departments, each with its own building and room.
fn addresses() -> Vec<String> {
    let spellings = [
        "北京市朝阳区望京街道花家地社区阜通东大街6号院方恒国际{h}号楼2单元{r}室",
        "朝阳区望京街道阜通东大街六号{h}-2-{r}",
        "海淀区学院路30号{h}栋3门{r}号",
        "北京市丰台区方庄芳城园一区{h}号楼12层{r}",
        "門頭溝區妙峰山鎮禪房街{h}號和禪國際大廈Ｂ座{r}室",
        "怀柔区渤海镇六渡河村{h}号",
        "上海市长宁区仙霞路700弄{h}号{r}室",
        "浙江省杭州市余杭区五常街道文一西路969号{h}幢5层{r}室(电联)",
        "昌平区回龙观镇龙腾苑四区{h}号楼3单元门0{r}户 业主反映",
        "广东省深圳市南山区粤海街道科技南十二路2号金蝶软件园A座{h}楼",
    ];
    (0..10_000_u32)
        .map(|place| {
            let spelling = spellings[place as usize % spellings.len()];
            spelling.replace("{h}", &(place % 23 + 1).to_string()).replace("{r}", &(place % 12 * 100 + 101).to_string())
        })
        .collect()
}

/// Addresses as people type them, of the corpus that the quality is measured on.
fn typed() -> Vec<String> {
    let corpus = [include_str!("../tests/addresses/seen.txt"), include_str!("../tests/addresses/unseen.txt")];
    let lines = corpus.iter().flat_map(|corpus| corpus.lines()).filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(' ').filter_map(|piece| Some(piece.rsplit_once('/')?.0)).collect()).collect()
}

fn bench(criterion: &mut Criterion) {
    let addresses = addresses();
    let typed = typed();
    let plain = AddressParser::builtin();
    let mut city = (**plain).clone();
    city.learn(
        [KnownRoad { name: "阜通东大街", division: "110105026" }],
        [KnownCompound {
            name: "方恒国际", division: "110105026", road: Some("阜通东大街"), roadno: Some("6号")
        }],
    );
    let mut group = criterion.benchmark_group("address");
    let runs =
        [("divisions", &**plain, &addresses), ("divisions_and_registers", &city, &addresses), ("typed", plain, &typed)];
    for (name, parser, addresses) in runs {
        group.throughput(Throughput::Elements(addresses.len() as u64));
        let mut out = Parsed::default();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for address in addresses {
                    parser.parse(address, &mut out);
                    black_box(out.canonical().len());
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
