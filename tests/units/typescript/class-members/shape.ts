export abstract class Shape {
    static count = 0;
    readonly name: string = "shape";
    #secret = 1;
    constructor(protected scale: number, label?: string) {
        this.reset(label);
    }
    abstract area(): number;
    get size(): number {
        return this.area() * this.scale;
    }
    set size(value: number) {
        this.scale = value;
    }
    static create(): Shape | undefined {
        Shape.count++;
        return undefined;
    }
    async load(): Promise<void> {}
    private reset(label?: string) {}
    handler = () => this.reset();
}
