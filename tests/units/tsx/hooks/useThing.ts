export class Store {
    save() {}
}
export function useStore(): [Store, (s: Store) => void] {
    return [new Store(), () => {}];
}
export function useBoth() {
    const [store] = useStore();
    return { store, reset: () => store.save() };
}
