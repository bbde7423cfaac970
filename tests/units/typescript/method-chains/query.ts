export class Query {
    where(): this {
        return this;
    }
    limit(n: number): Query {
        return this;
    }
    run() {
        return new Result();
    }
}
export class Typed extends Query {
    only() {
        return this;
    }
}
class Result {
    rows() {
        return [new Row()];
    }
}
class Row {
    id() {}
}
export function main() {
    new Typed().where().only().limit(3).run().rows()[0].id();
}
