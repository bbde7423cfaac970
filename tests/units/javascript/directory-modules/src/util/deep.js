const self = require(".");
const sibling = require("./index");
exports.deep = () => {
    self.util();
    sibling.util();
};
