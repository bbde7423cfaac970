struct Memmem { n: usize }
impl Memmem { fn find(&self) {} }
enum Matcher { Empty, Memmem(Memmem) }
fn search(m: &Matcher) {
    use self::Matcher::*;
    match m {
        Empty => {}
        Memmem(s) => s.find(),
    }
}
