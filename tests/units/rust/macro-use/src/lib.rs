#[macro_use]
mod macros;
mod user;
mod private {
    macro_rules! local { () => { () } }
    pub fn f() { local!(); shout!(); }
}
fn f() { shout!(); user::g(); }
