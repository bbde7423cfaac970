export enum Level {
    Low,
    High = "high",
    "very-high",
}
export const enum Flag {
    None = 0,
    All = compute(),
}
declare function compute(): number;
export function f(level: Level) {
    return level === Level.High || level === Level["very-high"];
}
