import { alpha, b, start, gamma, shown, everything } from "./lib";
export function run() {
    alpha();
    b();
    start();
    gamma();
    shown();
    everything.gamma();
}
