struct Door;
struct House;
impl Door {
    fn knock(&self) -> House { House }
    fn open(&self) {}
}
impl House {
    fn front(&self) -> Door { Door }
    fn open(&self) {}
}
fn sequence() {
    let x = Door;
    let x = x.knock();
    x.open();
    {
        let x = x.front();
        x.open();
    }
    x.open();
}
fn closure_parameter(x: House) {
    let f = |x: Door| x.open();
    f(x.front());
    x.open();
}
fn open() {}
fn function_and_local() {
    open();
    let open = House;
    open.open();
}
fn if_let(x: Option<Door>, y: House) {
    if let Some(y) = x {
        y.open();
    } else {
        y.open();
    }
}
