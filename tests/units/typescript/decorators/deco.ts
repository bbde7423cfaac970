export function sealed(target: any) {}
export function log(level: string) {
    return (target: any, key: string) => {};
}
