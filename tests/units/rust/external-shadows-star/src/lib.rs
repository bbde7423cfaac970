mod backport;
use crate::backport::*;
extern crate alloc;
use std::cmp::max;
fn f() {
    alloc::alloc(1);
    max(1, 2);
    min(1, 2);
}
