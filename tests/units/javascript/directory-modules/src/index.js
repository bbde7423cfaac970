exports.root = () => {};
