fn drop(x: u8) {}
fn helper() {}
mod sealed {
    fn f() {
        drop(1);
    }
    mod open {
        use super::super::*;
        fn f() { helper(); drop(2); }
    }
}
mod tests {
    use super::*;
    fn f() { drop(3); helper(); }
}
