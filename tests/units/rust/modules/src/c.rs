pub mod d;
pub fn run() { d::run(); }
