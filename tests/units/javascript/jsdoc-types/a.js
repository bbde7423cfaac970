const { Model } = require("./model");
/**
 * @param {Model} one
 * @param {Model[]} many
 * @param {?Model} [maybe=null] if there is one
 * @param {import("./model").Model} far
 * @param {string} text
 * @return {Promise<Model>}
 */
function f(one, many, maybe, far, text) {
    one.save();
    many[0].save();
    maybe.save();
    far.save();
    text.save();
}
class Holder {
    constructor() {
        /** @type {Map<string, Model>} */
        this.models = make();
    }
    async run() {
        this.models.get("x").save();
        (await f()).save();
    }
}
/** @param {Unknown.Thing | Other} x */
const g = (x) => x.save();
