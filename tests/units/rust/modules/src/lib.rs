mod a;
mod c;
mod inline {
    pub fn run() { super::top(); self::helper(); }
    fn helper() { crate::a::run(); }
    pub mod deep {
        pub fn run() { super::helper(); super::super::top(); }
    }
}
fn top() {
    a::run();
    c::d::run();
    inline::run();
    inline::deep::run();
    run();
}
fn run() {}
