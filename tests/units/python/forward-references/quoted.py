class Node:
    pass


class Tree:
    def root(self) -> "Node":
        pass

    def early(self) -> Node:
        pass

    class Node:
        def own(self):
            pass


def use(tree: Tree):
    tree.root().own()
