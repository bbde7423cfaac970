export class Item {
    touch() {}
}
export class List<T> {
    private items: T[] = [];
    first(): T {
        return this.items[0];
    }
    only(test: (t: T) => boolean): List<T> {
        return this;
    }
    each(): T[] {
        return this.items;
    }
}
export class Items extends List<Item> {}
interface Named {
    rename(): void;
}
export function bounded<T extends Named>(value: T, make: () => T) {
    value.rename();
    make().rename();
}
export function run(list: List<Item>, items: Items, map: Map<string, Item>) {
    list.first().touch();
    list.only(() => true).first().touch();
    items.first().touch();
    for (const item of list.each()) {
        item.touch();
    }
    map.get("a")!.touch();
    for (const [key, value] of map) {
        value.touch();
    }
    [...map.values()][0].touch();
}
