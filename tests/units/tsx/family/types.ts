export class FromTs {
    go() {}
}
