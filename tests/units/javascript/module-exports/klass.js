module.exports = class Widget {
    draw() {}
};
