import { fromJs } from "./plain";
import { FromTs } from "./types";
export const V = () => {
    fromJs();
    new FromTs().go();
    return <p />;
};
