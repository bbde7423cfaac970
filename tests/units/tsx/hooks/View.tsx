import { useStore, useBoth } from "./useThing";
export const View = () => {
    const [store, setStore] = useStore();
    const both = useBoth();
    const onClick = () => {
        store.save();
        both.reset();
        both.store.save();
    };
    return <a onClick={onClick}>x</a>;
};
