from __future__ import annotations


class Node:
    def add(self, other: Node) -> Tree:
        pass


class Tree:
    def root(self) -> Node:
        pass

    class Node:
        def own(self):
            pass

        def add(self, other):
            pass


def use(tree: Tree):
    tree.root().add(None)


def inner(tree: Tree):
    tree.root().own()
