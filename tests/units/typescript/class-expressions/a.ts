class Root {
    base() {}
}
export const Local = class extends Root {
    own() {
        this.base();
    }
};
export function mixin(Super: any) {
    return class Mixed extends Super {
        extra() {}
    };
}
export class Holder {
    static Part = class Part {
        go() {}
    };
}
new Local().own();
new Local().base();
