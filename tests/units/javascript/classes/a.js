class Counter {
    #value = 0;
    static instances = new Map();
    step = 1;
    constructor() {
        this.log = new Logger();
        this.add();
    }
    add() {
        this.log.info();
        this.#bump();
    }
    #bump() {}
    get current() {
        return this.log;
    }
    static reset() {
        this.helper();
    }
    static helper() {}
    static {
        Counter.helper();
    }
    *each() {}
}
class Logger {
    info() {}
}
class Special extends Counter {
    add() {
        super.add();
        this.current.info();
    }
}
