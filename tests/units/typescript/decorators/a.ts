import { sealed, log } from "./deco";
import * as d from "./deco";
/** A service. */
@sealed
@d.log("class")
export class Service {
    @log("method")
    run() {}
    @log("field") value = 1;
}
