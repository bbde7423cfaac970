const up = require("..");
exports.util = () => up.root();
