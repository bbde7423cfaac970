import Button from "./Button.jsx";
export default function Card({ items }) {
    const renderItem = (item) => <Item key={item} />;
    return (
        <section>
            {items.map(renderItem)}
            <Button onPress={() => save()}>ok</Button>
        </section>
    );
}
const Item = () => <li />;
function save() {}
