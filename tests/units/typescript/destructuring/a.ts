class Door {
    open() {}
}
class House {
    front = new Door();
    doors: Door[] = [];
    rooms = { kitchen: new Door() };
}
function pair(): [Door, House] {
    return [new Door(), new House()];
}
export function f(house: House, { front: main }: House) {
    const { front, doors, rooms: { kitchen } } = house;
    front.open();
    main.open();
    kitchen.open();
    const [one, , three] = doors;
    one.open();
    three.open();
    const [door, other] = pair();
    door.open();
    other.front.open();
    const { missing = new Door() } = {} as any;
    missing.open();
    const { front: renamed, ...rest } = house;
    renamed.open();
}
