const { inner } = require("./a");
inner();
