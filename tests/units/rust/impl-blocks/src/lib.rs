mod more;
pub struct Stack<T> { items: Vec<T> }
impl<T> Stack<T> {
    const LIMIT: usize = 4;
    pub fn new() -> Self { Self { items: Vec::with_capacity(Self::LIMIT) } }
    fn limit(&self) -> usize { Self::LIMIT }
}
impl<T> Stack<T> {
    pub fn push(mut self: Box<Self>, t: T) -> Box<Self> { self.grow(); self.items.push(t); self }
}
impl Default for Stack<u8> {
    fn default() -> Self { Self::new() }
}
fn f() {
    let s = Stack::<u8>::new();
    s.limit();
    Box::new(s).push(1).push(2);
    Stack::default().grow();
    <Stack<u8>>::new();
}
