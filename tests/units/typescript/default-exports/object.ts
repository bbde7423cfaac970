export default {
    method() {},
};
