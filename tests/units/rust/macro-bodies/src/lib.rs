struct Log;
impl Log { fn new() -> Log { Log } fn line(&self) {} }
fn flush() {}
macro_rules! log {
    ($($arg:tt)*) => {{
        let l = Log::new();
        l.line();
        $crate::flush();
        count!($($arg)*);
    }};
}
macro_rules! count {
    () => { 0 };
    ($x:expr) => { helper($x) };
}
fn helper(n: usize) -> usize { n }
fn f() {
    log!("a");
    let n = count!(2);
}
