function Shape(name) {
    this.name = name;
    this.reset();
}
Shape.prototype.reset = function () {
    this.area();
};
Shape.prototype.area = function area() {};
Shape.create = function () {
    return new Shape("x");
};
function Circle() {
    Shape.call(this, "circle");
}
Circle.prototype = Object.create(Shape.prototype);
Circle.prototype.roll = function () {
    this.reset();
    Shape.prototype.area.call(this);
};
function Table() {}
Table.prototype = {
    row() {
        return this.cell();
    },
    cell: function () {},
};
const util = require("util");
function Square() {}
util.inherits(Square, Shape);
new Circle().roll();
Shape.create().reset();
new Table().row();
new Square().area();
