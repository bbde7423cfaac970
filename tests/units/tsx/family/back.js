import { V } from "./view";
export const again = () => V();
