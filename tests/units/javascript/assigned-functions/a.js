const app = {};
app.listen = function () {
    this.open();
};
app.open = () => {};
app.nested = {};
const handlers = { start() {} };
handlers.stop = function () {
    this.start();
};
function run() {
    let later;
    later = () => helper();
    later();
}
function helper() {}
app.listen();
handlers.stop();
