fn go() { top::add(1, 2); }
