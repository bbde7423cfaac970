pub mod shapes;
pub mod area;
pub use shapes::*;
use area::Area;
pub fn total(all: &[Square]) -> f64 { all.iter().map(|s| s.area()).sum() }
pub fn one() -> f64 { let s = shapes::make(); s.area() + s.side() + Area::double(&s) }
