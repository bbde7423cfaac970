#ifndef CACHE_H
#define CACHE_H

struct cache {
    int n;
    int slots[64];
};

int cache_hash(int key);
int cache_get(struct cache *c, int key);

#endif
