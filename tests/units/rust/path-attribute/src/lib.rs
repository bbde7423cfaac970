#[path = "odd/name.rs"]
mod even;
mod inline {
    pub mod leaf;
    #[path = "side.rs"]
    pub mod other;
}
fn f() { even::g(); inline::leaf::g(); inline::other::g(); }
