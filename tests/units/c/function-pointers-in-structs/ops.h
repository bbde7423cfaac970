struct device;

struct ops {
    int (*open)(struct device *d);
    void (*close)(struct device *d);
};

struct device {
    const struct ops *ops;
    int id;
};
