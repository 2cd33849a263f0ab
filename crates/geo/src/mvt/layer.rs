//! A layer as protocol buffers (Mapbox vector tile specification 2.1, §4.1 and appendix).

use hashbrown::HashMap;

/// A property's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// Text.
    Text(String),
    /// A double, by its bits.
    Double(u64),
    /// A float, by its bits.
    Float(u32),
    /// A whole number.
    Integer(i64),
    /// A whole number beyond the range of the others.
    Unsigned(u64),
    /// True or false.
    Boolean(bool),
}

/// A feature.
#[derive(Debug, Clone, Default)]
pub struct Feature {
    /// Its id.
    pub id: Option<u64>,
    /// 1 points, 2 lines, 3 polygons.
    pub kind: u32,
    /// Its geometry's commands.
    pub commands: Vec<u32>,
    /// Its properties, by the number of the key.
    pub properties: Vec<(u32, Value)>,
}

/// A layer.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Width and height in tile coordinates.
    pub extent: u32,
    /// The names of properties.
    pub keys: Vec<String>,
    /// The features in their order.
    pub features: Vec<Feature>,
}

impl Layer {
    /// The tile of this layer alone; layers' tiles put one after the other are one tile.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut layer = Vec::new();
        bytes(&mut layer, 1, self.name.as_bytes());
        let mut numbers: HashMap<&Value, u32> = HashMap::new();
        let mut values = Vec::new();
        for feature in &self.features {
            let mut tags = Vec::new();
            for (key, value) in &feature.properties {
                let next = u32::try_from(values.len()).unwrap_or(u32::MAX);
                let number = *numbers.entry(value).or_insert(next);
                if number == next {
                    values.push(value);
                }
                varint(&mut tags, u64::from(*key));
                varint(&mut tags, u64::from(number));
            }
            let mut message = Vec::new();
            if let Some(id) = feature.id {
                number(&mut message, 1, id);
            }
            if !tags.is_empty() {
                bytes(&mut message, 2, &tags);
            }
            number(&mut message, 3, u64::from(feature.kind));
            let mut commands = Vec::new();
            feature.commands.iter().for_each(|command| varint(&mut commands, u64::from(*command)));
            bytes(&mut message, 4, &commands);
            bytes(&mut layer, 2, &message);
        }
        self.keys.iter().for_each(|key| bytes(&mut layer, 3, key.as_bytes()));
        for value in values {
            let mut message = Vec::new();
            match value {
                Value::Text(text) => bytes(&mut message, 1, text.as_bytes()),
                Value::Float(bits) => {
                    varint(&mut message, 2 << 3 | 5);
                    message.extend(bits.to_le_bytes());
                }
                Value::Double(bits) => {
                    varint(&mut message, 3 << 3 | 1);
                    message.extend(bits.to_le_bytes());
                }
                Value::Integer(value) => match u64::try_from(*value) {
                    Ok(value) => number(&mut message, 5, value),
                    Err(_) => number(&mut message, 6, ((value << 1) ^ (value >> 63)) as u64),
                },
                Value::Unsigned(value) => number(&mut message, 5, *value),
                Value::Boolean(value) => number(&mut message, 7, u64::from(*value)),
            }
            bytes(&mut layer, 4, &message);
        }
        number(&mut layer, 5, u64::from(self.extent));
        number(&mut layer, 15, 2);
        let mut tile = Vec::with_capacity(layer.len() + 8);
        bytes(&mut tile, 3, &layer);
        tile
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use geo::{Geometry, Point};

    use super::*;
    use crate::mvt::encode_geometry;
    use crate::text::to_hex;

    #[test]
    fn a_layer_has_the_bytes_that_postgis_writes() {
        // ST_AsMVT of PostGIS 3.3.2 over (a 1, b 'x', c 1.5, d true, a point at 10, 4086).
        let (kind, commands) = encode_geometry(&Geometry::Point(Point::new(10.0, 4086.0))).unwrap();
        let properties = vec![
            (0, Value::Integer(1)),
            (1, Value::Text("x".to_owned())),
            (2, Value::Double(1.5_f64.to_bits())),
            (3, Value::Boolean(true)),
        ];
        let layer = Layer {
            name: "layer".to_owned(),
            extent: 4096,
            keys: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
            features: vec![Feature { id: None, kind, commands, properties }],
        };
        let expected = "1a440a056c61796572121212080000010102020303180122040914ec3f1a01611a01621a01631a01642202280122030a0178220919000000000000f83f220238012880207802";
        assert_eq!(to_hex(&layer.encode()).to_lowercase(), expected);
    }
}
