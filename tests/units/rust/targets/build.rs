fn main() { emit(); }
fn emit() {}
