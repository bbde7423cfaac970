export class Base { me(): this { return this; } self() { return this; } parts() {} }
export class Sub extends Base {
  parts() {}
  a() { this.me().parts(); }
  b() { this.self().parts(); }
  c() { super.me().parts(); }
  d() { super.self().parts(); }
}
export function f(s: Sub) { s.me().parts(); s.self().parts(); }
