pub fn run() { super::run(); super::super::a::b::run(); }
