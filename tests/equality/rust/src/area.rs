pub trait Area { fn area(&self) -> f64; fn double(&self) -> f64 { self.area() * 2.0 } }
impl Area for crate::shapes::Square { fn area(&self) -> f64 { self.side() * self.side() } }
