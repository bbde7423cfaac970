struct packet {
    union {
        int word;
        char bytes[4];
    };
    struct header {
        int length;
        enum color { RED, GREEN } color;
    } head;
    struct {
        int sum;
    } tail[2];
};

struct header standalone;

int read(struct packet *p)
{
    struct local {
        int part;
    } l = {.part = p->head.length};
    return p->word + p->bytes[0] + p->tail[1].sum + (p->head.color == GREEN) + l.part;
}
