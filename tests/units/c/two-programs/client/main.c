#include "net.h"
int main(void)
{
    net_connect();
    net_close();
    return 0;
}
