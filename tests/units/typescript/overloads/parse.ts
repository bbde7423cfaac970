export function early() {
    return parse("1");
}
export function parse(text: string): number;
export function parse(bytes: Uint8Array): number;
export function parse(input: any): number {
    return 0;
}
class Reader {
    read(n: number): string;
    read(n: number, encoding: string): string;
    read(n: number, encoding?: string) {
        parse("x");
        return this.read(n, "utf8");
    }
}
