const work = () => {};
function byParameter(work) {
    work();
}
function byLocal() {
    const work = () => {};
    work();
}
function byDestructuring({ work }) {
    work();
}
function byCatch() {
    try {
        work();
    } catch (work) {
        work();
    }
}
function byFunctionName() {
    const other = function work() {
        work();
    };
    other();
    work();
}
class Holder {
    work() {
        work();
    }
}
