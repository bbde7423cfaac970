import { one, Main } from "./lib/index.js";
import * as lib from "./lib";
import One from "./lib/one.mjs";
one();
new Main().run();
lib.one();
new One();
lib.missing();
