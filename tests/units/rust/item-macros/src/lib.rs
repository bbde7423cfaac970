cfg_if::cfg_if! {
    if #[cfg(unix)] {
        mod unix;
        use unix::open;
    } else {
        fn open() { panic!("{}", "}") }
    }
}
cfg_rt! {
    pub struct Runtime { n: u8 }
    impl Runtime { pub fn new() -> Self { Runtime { n: 0 } } fn go(&self) {} }
}
lazy_static! {
    /// The one.
    static ref GLOBAL: Runtime = Runtime::new();
}
thread_local! { static LOCAL: Runtime = Runtime::new() }
fn f() {
    open();
    GLOBAL.go();
    let c = '{'; let r = r#"}"}"#;
    Runtime::new().go();
}
