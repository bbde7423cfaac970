import { sum } from "../sum";
test("x", () => sum());
export const fixture = () => sum();
