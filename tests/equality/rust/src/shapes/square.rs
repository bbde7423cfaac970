use crate::area::Area;
pub struct Square { side: f64 }
impl Square { pub fn side(&self) -> f64 { self.side } }
pub fn make() -> Square { Square { side: 1.0 } }
pub fn twice(s: &Square) -> f64 { s.double() }
