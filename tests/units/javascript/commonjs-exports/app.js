const lib = require("./lib");
const { first, third: renamed, Model } = require("./lib.js");
lib.first();
lib.second();
first();
renamed();
new Model().save();
new lib.Model();
require("./lib").third();
