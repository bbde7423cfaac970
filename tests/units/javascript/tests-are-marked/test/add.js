const add = require("../lib/add");
describe("add", function () {
    const setup = () => add();
    it("works", () => {
        setup();
        add();
    });
});
