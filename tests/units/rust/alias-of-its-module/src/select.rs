pub fn select() { other(); }
pub fn other() {}
