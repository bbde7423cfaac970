/* The configuration: any bytes are refused with a place, or give values within their limits. */
#include "server/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config c;
    struct err err = {0};
    int rc = config_parse("f", slice_of((const char *)data, size), &c, &err);
    if (rc != PT_OK && (err.code != rc || strncmp(err.msg, "f:", 2) != 0))
        abort();
    if (rc == PT_OK && (c.log_level > LOG_LEVEL_OFF || c.threads > 1024 || c.max_connections == 0))
        abort();
    return 0;
}
