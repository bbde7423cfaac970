mod imp;
pub mod api {
    pub use crate::imp::{run as start, Engine};
    pub use crate::imp::parts::*;
}
pub use api::start;
pub use self::api::Engine as Motor;
fn main() {
    start();
    api::start();
    api::bolt();
    let m = Motor::new();
    m.spin();
    api::Engine::new().spin();
}
