class Engine {
    ignite() {}
    rev() {}
}
class Motor {
    rev() {}
}
function f(thing) {
    thing.ignite();
    thing.rev();
    thing.map();
    thing.missing();
}
