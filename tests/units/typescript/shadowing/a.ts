import { log } from "./log";
function target() {}
export function parameter(target: () => void) {
    target();
}
export function block() {
    {
        const target = () => {};
        target();
    }
    target();
}
export function hoisted() {
    inner();
    function inner() {}
}
export function imported(log: { write(): void }) {
    log.write();
}
export function outer() {
    log();
    if (true) {
        let log = 1;
    }
    for (const target of [1]) {
        log();
    }
    target();
}
