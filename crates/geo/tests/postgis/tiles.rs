//! Layers of vector tiles: what a reader finds in ours is what it finds in those of PostGIS.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::prelude::SessionContext;
use prost::Message;

use super::draw::Draw;
use super::server::Server;
use super::{load, none, ours, pairs};

/// A tile as the Mapbox Vector Tile specification 2.1 lays it out.
#[derive(Clone, PartialEq, Message)]
struct Tile {
    #[prost(message, repeated, tag = "3")]
    layers: Vec<Layer>,
}

#[derive(Clone, PartialEq, Message)]
struct Layer {
    #[prost(uint32, required, tag = "15")]
    version: u32,
    #[prost(string, required, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    features: Vec<Feature>,
    #[prost(string, repeated, tag = "3")]
    keys: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    values: Vec<Value>,
    #[prost(uint32, optional, tag = "5")]
    extent: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct Feature {
    #[prost(uint64, optional, tag = "1")]
    id: Option<u64>,
    #[prost(uint32, repeated, tag = "2")]
    tags: Vec<u32>,
    #[prost(int32, optional, tag = "3")]
    kind: Option<i32>,
    #[prost(uint32, repeated, tag = "4")]
    geometry: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(float, optional, tag = "2")]
    float: Option<f32>,
    #[prost(double, optional, tag = "3")]
    double: Option<f64>,
    #[prost(int64, optional, tag = "4")]
    int: Option<i64>,
    #[prost(uint64, optional, tag = "5")]
    unsigned: Option<u64>,
    #[prost(sint64, optional, tag = "6")]
    signed: Option<i64>,
    #[prost(bool, optional, tag = "7")]
    flag: Option<bool>,
}

impl Value {
    /// What it says; whole numbers may be written in three ways.
    fn says(&self) -> String {
        let whole = self.int.or(self.signed).map(i128::from).or(self.unsigned.map(i128::from));
        let number = self.double.or(self.float.map(f64::from));
        let known = [
            self.text.as_ref().map(|text| format!("{text:?}")),
            whole.map(|whole| format!("{whole}")),
            number.map(|number| format!("{number:?}")),
            self.flag.map(|flag| format!("{flag}")),
        ];
        known.into_iter().flatten().collect()
    }
}

/// Feature by feature, in the order of their ids: id, type, commands and properties by their names.
fn read(tile: &[u8]) -> Vec<String> {
    let tile = Tile::decode(tile).unwrap();
    let mut found = Vec::new();
    for layer in &tile.layers {
        let of = format!("{} {} {:?}", layer.name, layer.version, layer.extent);
        let mut features = layer.features.clone();
        features.sort_by_key(|feature| feature.id);
        for feature in features {
            let tags = feature.tags.chunks_exact(2);
            let properties = tags
                .map(|tag| (&layer.keys[tag[0] as usize], layer.values[tag[1] as usize].says()))
                .collect::<BTreeMap<_, _>>();
            let Feature { id, kind, geometry, .. } = &feature;
            found.push(format!("{of}: {id:?} {kind:?} {geometry:?} {properties:?}"));
        }
    }
    found
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks_exact(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[tokio::test]
async fn a_layer_holds_the_features_and_properties_that_the_layer_of_postgis_holds() {
    let Some(server) = Server::start() else { return };
    let pairs = pairs(4_000, 71);
    load(&server, &pairs);
    // Where rounding leaves a choice of pieces, theirs are taken: what is compared is how they are written.
    let theirs = server.ask(
        "SELECT id, coalesce(ST_AsHEXEWKB(ST_AsMVTGeom(a, ST_MakeEnvelope(0, 0, 7, 7), 4096, 256, true)), '')
         FROM t ORDER BY id;",
    );
    let shapes = theirs.lines().map(|line| line.split_once('|').unwrap().1).collect::<Vec<_>>();
    assert_eq!(shapes.len(), pairs.len());
    let mut draw = Draw(72);
    let mut some = |number: usize| (draw.below(4) > 0).then_some(number as i64 % 7 - 3);
    let numbers = (0..shapes.len()).map(&mut some).collect::<Vec<_>>();
    let doubles = (0..shapes.len()).map(|number| some(number).map(|value| value as f64 / 3.0)).collect::<Vec<_>>();
    let names = (0..shapes.len()).map(|number| numbers[number].map(|value| format!("街 {value}"))).collect::<Vec<_>>();
    let flags = numbers.iter().map(|value| value.map(|value| value > 0)).collect::<Vec<_>>();

    let mut script = String::from(
        "DROP TABLE IF EXISTS o;
         CREATE TABLE o (id bigint, g geometry, name text, n bigint, v double precision, flag boolean);
         COPY o FROM stdin;\n",
    );
    let shown = |value: Option<String>| value.unwrap_or_else(|| "\\N".to_owned());
    for (id, shape) in shapes.iter().enumerate() {
        let shape = if shape.is_empty() { "\\N" } else { shape };
        let (name, n) = (shown(names[id].clone()), shown(numbers[id].map(|n| n.to_string())));
        let (v, flag) = (shown(doubles[id].map(|v| format!("{v:?}"))), shown(flags[id].map(|flag| flag.to_string())));
        let _ = writeln!(script, "{id}\t{shape}\t{name}\t{n}\t{v}\t{flag}");
    }
    script.push_str("\\.\n");
    server.ask(&script);
    let context = SessionContext::new();
    jingwei_geo::register(&context);
    let shapes = shapes.iter().map(|hex| (!hex.is_empty()).then(|| bytes_of(hex))).collect::<Vec<_>>();
    let columns = [
        ("id", Arc::new(Int64Array::from_iter_values(0..shapes.len() as i64)) as ArrayRef),
        ("g", Arc::new(shapes.iter().map(Option::as_deref).collect::<BinaryArray>())),
        ("name", Arc::new(StringArray::from(names))),
        ("n", Arc::new(Int64Array::from(numbers))),
        ("v", Arc::new(Float64Array::from(doubles))),
        ("flag", Arc::new(BooleanArray::from(flags))),
    ];
    context.register_batch("o", RecordBatch::try_from_iter(columns).unwrap()).unwrap();

    let theirs = server.ask(
        "SELECT id / 40, encode(ST_AsMVT(o, 'places', 4096, 'g', 'id'), 'hex') FROM o GROUP BY id / 40 ORDER BY 1;",
    );
    let batch = ours(
        &context,
        "SELECT id / 40 AS tile,
                ST_AsMVT(named_struct('g', g, 'id', id, 'name', name, 'n', n, 'v', v, 'flag', flag), 'places', 4096, 'g', 'id') AS layer
         FROM o GROUP BY id / 40 ORDER BY tile",
    )
    .await;
    assert_eq!(theirs.lines().count(), batch.num_rows());
    let (mut differences, mut features) = (Vec::new(), 0);
    let layers = batch.column(1).as_binary::<i32>();
    for (row, line) in theirs.lines().enumerate() {
        let (tile, hex) = line.split_once('|').unwrap();
        let (ours, theirs) = (read(layers.value(row)), read(&bytes_of(hex)));
        features += theirs.len();
        if ours.len() != theirs.len() {
            differences.push(format!("tile {tile}: ours has {} features, PostGIS's {}", ours.len(), theirs.len()));
        }
        let apart = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs);
        differences
            .extend(apart.take(2).map(|(ours, theirs)| format!("tile {tile}\n  ours {ours}\n  PostGIS {theirs}")));
    }
    assert!(features > 1_000, "{features}");
    none(&differences);
}
