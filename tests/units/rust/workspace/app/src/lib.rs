use core_lib::io;
extern crate core_lib as base;
pub fn start() {
    core_lib::start();
    io::read();
    base::io::read();
    ::core_lib::start();
    crate::local();
}
fn local() {}
