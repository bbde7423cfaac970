pub fn g() { shout!(); }
fn shout() {}
