export { alpha, beta as b, default as start } from "./a";
export * from "./b";
export * as everything from "./b";
