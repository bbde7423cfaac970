class Model {
    save() {}
}
module.exports = { Model };
