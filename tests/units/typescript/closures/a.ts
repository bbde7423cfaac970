declare function on(event: string, handler: () => void): void;
function step() {}
export function outer() {
    const inner = () => step();
    on("x", () => step());
    on("y", function named() {
        step();
    });
    on("z", inner);
    [1].forEach((n) => {
        inner();
    });
    return () => step();
}
on("top", () => step());
