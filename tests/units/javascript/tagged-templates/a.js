function html(strings) {
    return new View();
}
class View {
    render() {}
}
const name = () => "x";
html`<p>${name()}</p>`.render();
const plain = `a${name()}b`;
const lib = { css() {} };
lib.css`x`;
