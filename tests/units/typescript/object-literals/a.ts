class Saver {
    save() {}
}
export const api = {
    first() {
        return this.second();
    },
    second: () => new Saver(),
    third: function () {
        api.first();
    },
    linked: helper,
    saver: new Saver(),
    nested: {
        deep() {},
    },
    async later() {},
    get computed() {
        return new Saver();
    },
};
function helper() {}
export function factory() {
    return {
        start() {},
        saver: new Saver(),
    };
}
export function use() {
    api.first().save();
    api.third();
    api.linked();
    api.saver.save();
    api.nested.deep();
    api.computed.save();
    factory().start();
    factory().saver.save();
    const local = { go() {} };
    local.go();
}
