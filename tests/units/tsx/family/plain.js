export function fromJs() {}
