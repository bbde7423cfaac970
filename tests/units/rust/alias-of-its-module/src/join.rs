pub fn join() {}
