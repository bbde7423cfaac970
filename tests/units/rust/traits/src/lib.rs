pub trait Named { fn name(&self) -> String; }
pub trait Animal: Named {
    fn noise(&self);
    fn speak(&self) { self.noise(); self.name(); Self::count(); }
    fn count() -> usize { 0 }
}
struct Dog;
struct Cat;
impl Named for Dog { fn name(&self) -> String { String::new() } }
impl Animal for Dog {
    fn noise(&self) {}
    fn speak(&self) { self.noise(); }
}
impl Named for Cat { fn name(&self) -> String { String::new() } }
impl Animal for Cat { fn noise(&self) {} }
fn talk(d: Dog, c: Cat, any: &dyn Animal, boxed: Box<dyn Animal + Send>) {
    d.speak();
    c.speak();
    any.speak();
    boxed.noise();
    any.name();
    Dog::count();
}
