mod square;
pub use self::square::{make, Square};
pub struct Circle { pub r: f64 }
impl crate::area::Area for Circle { fn area(&self) -> f64 { self.r } }
