class Button {
    press() {}
}
export function handler(this: Button, again: boolean) {
    this.press();
    const later = () => this.press();
    later();
}
export function plain() {
    const loose = function () {
        this.press();
    };
    loose();
}
