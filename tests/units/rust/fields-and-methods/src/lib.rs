pub struct Buf {
    len: usize,
    inner: Inner,
    run: fn(u8) -> Inner,
}
pub struct Inner { len: usize }
impl Inner {
    fn len(&self) -> usize { self.len }
    fn run(&self) {}
}
impl Buf {
    pub fn len(&self) -> usize { self.len + self.inner.len() }
    pub fn inner(&self) -> &Inner { &self.inner }
    fn run(&self) {
        (self.run)(1).run();
        self.inner().run();
        self.run();
    }
}
