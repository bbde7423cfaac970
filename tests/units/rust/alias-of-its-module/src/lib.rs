mod select;
pub use select::select;
pub use join::join;
mod join;
mod inline {
    pub fn inline() {}
}
use inline::inline;
fn f() {
    select();
    join();
    inline();
    select::other();
}
