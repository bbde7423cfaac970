pub fn go() { super::main(); crate::main(); }
