export default () => helper();
function helper() {}
