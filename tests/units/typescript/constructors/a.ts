class Base {
    constructor(n: number) {}
}
class Middle extends Base {}
class Leaf extends Middle {
    constructor() {
        super(1);
    }
}
class Bare {}
export function make() {
    new Base(1);
    new Middle(2);
    new Leaf();
    new Bare();
}
