class Animal {
    speak() {}
    static of() {}
}
class Dog extends Animal {
    speak() {
        super.speak();
        const later = () => super.speak();
        later();
    }
    static of() {
        super.of();
        this.helper();
    }
    static helper() {}
}
