import { Failure } from "./errors";
export function f(x: Failure) {
    x.report();
    Failure.create().report();
}
