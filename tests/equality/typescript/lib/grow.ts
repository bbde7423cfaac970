import { Sized } from './shape';
export function grow(s: Sized) { s.area(); return s; }
