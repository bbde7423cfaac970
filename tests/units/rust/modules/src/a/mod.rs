pub mod b;
pub fn run() {
    b::run();
    self::b::run();
    super::inline::run();
}
