struct thing {
    int n;
};
