export * from './shape';
export { grow as enlarge } from './grow';
