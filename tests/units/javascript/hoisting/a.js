early();
function early() {
    inner();
    var found = later();
    found.use();
    function inner() {}
}
var later = function () {
    return new Thing();
};
class Thing {
    use() {}
}
function twice() {
    if (true) {
        var shared = new Thing();
    }
    shared.use();
    {
        let blocked = new Thing();
    }
    blocked.use();
}
