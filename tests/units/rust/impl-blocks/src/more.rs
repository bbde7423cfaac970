use crate::Stack;
impl<T> Stack<T> {
    pub fn grow(&mut self) {}
}
