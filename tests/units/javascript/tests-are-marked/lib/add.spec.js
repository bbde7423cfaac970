const add = require("./add");
it("x", () => add());
