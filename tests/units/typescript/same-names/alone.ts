// imports nothing: neither open is meant
export function g() {
    open();
}
