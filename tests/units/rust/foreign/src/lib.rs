extern "C" {
    fn write(fd: i32, n: usize, ...) -> isize;
    static errno: i32;
}
#[no_mangle]
pub extern "C" fn callback(x: *const Data) -> i32 {
    unsafe { (*x).check(); write(1, 2) as i32 + errno }
}
#[repr(C)]
pub union Bits { i: u32, f: f32 }
pub struct Data { r#type: Bits }
impl Data { unsafe fn check(&self) -> u32 { self.r#type.get() } }
impl Bits { unsafe fn get(&self) -> u32 { self.i } }
