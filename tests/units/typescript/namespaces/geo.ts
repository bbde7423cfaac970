export namespace Geo {
    export function area() {
        return inner();
    }
    function inner() {}
    export namespace Deep {
        export class Point {
            move() {}
        }
    }
}
namespace A.B.C {
    export function f() {
        Geo.area();
    }
}
export class Merged {
    static own() {}
}
export namespace Merged {
    export function added() {}
}
A.B.C.f();
