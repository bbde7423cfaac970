pub mod io;
pub fn start() { crate::io::read(); }
