import { Geo, Merged } from "./geo";
export function g(p: Geo.Deep.Point) {
    Geo.area();
    p.move();
    new Geo.Deep.Point();
    Merged.own();
    Merged.added();
}
