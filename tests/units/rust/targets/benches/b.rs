fn emit() {}
fn main() { emit(); }
