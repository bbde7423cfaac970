#[cfg(not(feature = "simd"))]
mod imp {
    pub fn find() {}
}
#[cfg(feature = "simd")]
mod imp;
#[cfg(windows)]
fn page() -> usize { 1 }
#[cfg(not(windows))]
fn page() -> usize { sys() }
#[cfg(not(windows))]
fn sys() -> usize { 2 }
fn f() {
    imp::find();
    page();
}
