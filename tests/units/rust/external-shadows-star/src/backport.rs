pub mod alloc { pub fn alloc(n: u8) {} }
pub fn max(a: u8, b: u8) {}
pub fn min(a: u8, b: u8) {}
