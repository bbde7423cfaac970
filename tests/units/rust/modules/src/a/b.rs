pub fn run() {
    super::run();
    crate::c::run();
}
