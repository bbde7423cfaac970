mod common;
fn t() { common::setup(); crate::common::setup(); }
