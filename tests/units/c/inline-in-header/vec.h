#pragma once
struct vec { int n; };
static inline int vec_len(const struct vec *v) { return v->n; }
static inline int vec_empty(const struct vec *v) { return vec_len(v) == 0; }
