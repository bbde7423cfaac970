export default class Button {
    render() {
        return <button type="button" />;
    }
}
