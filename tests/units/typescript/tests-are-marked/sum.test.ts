import { sum } from "./sum";
describe("sum", () => {
    function check() {
        sum();
    }
    it("adds", () => {
        sum();
        check();
    });
});
