function inner() {}
module.exports = {
    inner,
    alias: inner,
    method() {
        this.inner();
    },
    nested: { deep() {} },
};
