function step() {}
function each(list, fn) {
    fn(list[0]);
}
each([1], step);
each([1], () => step());
each([1], function () {
    step();
});
setTimeout(step, 100);
const bound = step.bind(null);
const table = { step, other: step };
table.step();
table.other();
