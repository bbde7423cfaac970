class Builder {
    constructor() {
        this.parts = [];
    }
    add(part) {
        this.parts.push(part);
        return this;
    }
    build() {
        return new Product(this);
    }
    static start() {
        return new this();
    }
}
class Product {
    ship() {}
}
Builder.start().add(1).add(2).build().ship();
const list = [new Product()];
list.filter(Boolean).slice(1)[0].ship();
list.find((p) => p).ship();
