const { util } = require("./src/util/");
const { deep } = require("./src/util/deep");
const missing = require("./nowhere");
const outside = require("lodash");
util();
deep();
missing.util();
outside.util();
