fn main() { the_app::start(); }
