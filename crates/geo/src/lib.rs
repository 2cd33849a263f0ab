//! Coordinate systems, WKB, area index and spatial SQL functions.
