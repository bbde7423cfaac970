pub mod parts {
    pub use self::nuts::bolt;
    mod nuts { pub fn bolt() {} }
}
pub fn run() {}
pub struct Engine;
impl Engine {
    pub fn new() -> Self { Engine }
    pub fn spin(&self) {}
}
