//! Any bytes as an address: no panic, every byte accounted for, and a standard spelling that is its own.

#![no_main]

use jingwei_model::Level;
use jingwei_standardize::address::{AddressParser, Kind, parse};
use libfuzzer_sys::fuzz_target;

// The tables of names are made before the clock runs.
fuzz_target!(init: { let _ = AddressParser::builtin(); }, |bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let parsed = parse(&text);
    let mut at = 0;
    for segment in parsed.segments() {
        assert_eq!(segment.bytes.start, at);
        assert!(segment.bytes.end > at && text.is_char_boundary(segment.bytes.end));
        at = segment.bytes.end;
    }
    assert_eq!(at, text.len());
    for level in Level::ALL {
        let has_segment = parsed.segments().iter().any(|segment| segment.kind == Kind::Level(level));
        assert_eq!(parsed.get(level).is_some(), has_segment);
    }
});
