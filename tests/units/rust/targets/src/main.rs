mod util;
fn main() { util::run(); crate::util::run(); }
