let impl;
if (process.env.DEBUG) {
    impl = require("./dev");
} else {
    impl = require("./prod");
}
impl.log();
function lazy() {
    const { log } = require("./dev");
    log();
}
