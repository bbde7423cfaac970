exports.first = function () {
    return exports.second();
};
exports.second = () => third();
function third() {}
module.exports.third = third;
exports.Model = class {
    save() {}
};
exports.version = "1.0";
