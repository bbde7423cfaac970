class Cat {
    purr() {}
    eat() {}
}
class Dog {
    bark() {}
    eat() {}
}
export function f(pet: Cat | Dog, other: unknown) {
    pet.eat();
    if (pet instanceof Dog) {
        pet.eat();
        pet.bark();
    }
    if (other && other instanceof Cat) {
        other.purr();
    }
    (other as Cat).purr();
    const sure = other as Dog;
    sure.bark();
    (<Dog>other).bark();
}
