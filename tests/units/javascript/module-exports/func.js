module.exports = build;
function build() {
    return new Built();
}
class Built {
    go() {}
}
module.exports.extra = function () {};
