int net_connect(void);
void net_close(void);
