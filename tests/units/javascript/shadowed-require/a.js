// a bundle: require and exports are parameters here
(function (require, module, exports) {
    const lib = require("./lib");
    lib.go();
    exports.inner = function () {};
    module.exports = 1;
});
