export declare function external(a: string): Handle;
export declare class Handle {
    constructor(n: number);
    close(): void;
}
export declare const shared: Handle;
declare module "virtual" {
    function inside(): void;
}
