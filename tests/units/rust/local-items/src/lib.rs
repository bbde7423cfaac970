mod far { pub fn reach() {} pub struct Far; impl Far { pub fn go(&self) {} } }
fn f() {
    use far::{reach, Far};
    struct Near { far: Far }
    impl Near { fn go(&self) { self.far.go(); reach(); } }
    let n = Near { far: Far };
    n.go();
    const N: usize = size();
    const fn size() -> usize { 1 }
}
fn g() { reach(); }
fn reach() {}
