import * as a from "./a";
import { Job, run } from "./b";
a.run();
run();
new a.Job().run();
new Job().run();
function unknown(thing) {
    thing.run();
}
