export const gamma = () => 1;
function hidden() {}
export { hidden as shown };
