class Node {
    visit() {}
}
class Tree {
    children: Node[] = [];
    *[Symbol.iterator](): IterableIterator<Node> {
        yield* this.children;
    }
    static from(): Tree {
        return new Tree();
    }
}
export function f(tree: Tree, set: Set<Node>, nodes: readonly Node[]) {
    for (const n of tree) n.visit();
    for (const n of tree.children.filter(Boolean)) n.visit();
    for (const n of set) n.visit();
    for (const n of nodes) n.visit();
    for (const n of Tree.from().children.slice(1).reverse()) n.visit();
    tree.children.pop()!.visit();
    tree[Symbol.iterator]();
    for (const key in tree) key.visit();
}
