class Engine {
    ignite() {}
    start() {}
}
class Motor {
    start() {}
}
function f(thing) {
    thing.ignite();
    thing.start();
    thing.map();
    thing.missing();
}
