import { external, Handle, shared } from "./lib";
export function f() {
    external("x").close();
    new Handle(1).close();
    shared.close();
}
