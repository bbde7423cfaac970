import Store from "./common.js";
import { helper } from "./named.cjs";
import * as named from "./named.cjs";
new Store().load();
helper();
named.helper();
