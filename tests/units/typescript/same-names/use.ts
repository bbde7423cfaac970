import { open, Box } from "./a";
import { open as openB, Box as BoxB } from "./b";
export function f(x: Box, y: BoxB) {
    open();
    openB();
    x.open();
    y.open();
}
