mod cli;
use the_app::start;
fn main() { start(); crate::cli::parse(); }
