class Part {
    use() {}
}
const kit = { part: new Part(), list: [new Part()], inner: { part: new Part() } };
const { part, list: [first], inner: { part: deep }, none = new Part() } = kit;
part.use();
first.use();
deep.use();
function take({ part, ...rest } = kit, [a] = [new Part()]) {
    part.use();
    a.use();
}
let x, y;
[x, y] = [new Part(), 1];
({ part: x } = kit);
for (const { use } of [new Part()]) use();
