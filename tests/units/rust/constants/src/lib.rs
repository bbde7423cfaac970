mod ops { pub fn add() {} pub fn sub() {} }
use ops::sub;
const TABLE: &[fn()] = &[ops::add, sub];
static DEFAULT: Config = Config::new();
const ANSWER: u8 = 42;
const _: () = check();
struct Config;
impl Config {
    const fn new() -> Config { Config }
    const ZERO: Config = Config::new();
    fn load(&self) {}
}
const fn check() {}
fn f() {
    DEFAULT.load();
    Config::ZERO.load();
    for op in TABLE { op(); }
    let n = [0; ANSWER as usize];
}
