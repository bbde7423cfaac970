pub fn find() {}
