//! The `jingwei` binary.
fn main() {}
