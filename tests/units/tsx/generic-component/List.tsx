class Model {
    title() {}
}
interface Props<T> {
    items: T[];
    selected: T;
}
export function List<T extends Model>({ items, selected }: Props<T>) {
    selected.title();
    for (const item of items) {
        item.title();
    }
    return null;
}
export const Page = () => <List<Model> items={[]} selected={new Model()} />;
const cast = <T,>(x: unknown) => x as T;
cast<Model>(1).title();
