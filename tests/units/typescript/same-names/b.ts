export function open() {}
export class Box {
    open() {}
}
