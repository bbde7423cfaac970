export * from "./one.mjs";
export { default as Main } from "./one.mjs";
