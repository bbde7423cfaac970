var app = (exports = module.exports = {});
app.init = function init() {
    this.configure();
};
app.configure = function () {};
