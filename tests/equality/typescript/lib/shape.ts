import { grow } from './grow';
export interface Sized { side: number; area(): number; }
export class Shape implements Sized { side = 1; area() { return this.side; } grow() { return grow(this); } }
export function make(): Shape { return new Shape(); }
