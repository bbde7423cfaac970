trait Step { fn step(&self); fn twice(&self) { self.step(); } }
struct S;
impl Step for S { fn step(&self) {} }
impl<'a, T: Step + ?Sized> Step for &'a T { fn step(&self) { (**self).step() } }
impl<T: Step> Step for Vec<T> { fn step(&self) { for s in self { s.step(); } } }
impl Step for [u8] { fn step(&self) {} }
impl Step for u8 { fn step(&self) {} }
fn f(s: S, v: Vec<S>, b: &[u8], n: u8) { s.step(); v.step(); b.step(); n.step(); v.twice(); }
