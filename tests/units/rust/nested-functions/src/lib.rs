fn imp() {}
fn outer() {
    fn imp() { helper(); }
    fn helper() {}
    imp();
    inner::imp();
    mod inner { pub fn imp() {} }
}
struct S;
impl S {
    fn imp(&self) {
        fn imp() {}
        imp();
        self.imp();
    }
}
fn last() { imp(); }
