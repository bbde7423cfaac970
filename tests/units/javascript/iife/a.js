(function () {
    function hidden() {}
    hidden();
})();
(() => visible())();
function visible() {}
const made = (function () {
    return { go() {} };
})();
made.go();
!(function named() {
    named;
})();
