export interface Source<T> {
    next(): T;
    readonly done: boolean;
    onError: (e: Error) => void;
}
export interface Seekable {
    seek(to: number): void;
}
export interface File extends Source<string>, Seekable {
    close(): void;
}
