#include <stddef.h>

/// The bytes of a file of the embedded model, which live as long as the program; NULL for other names.
const void *organism_file(const char *name, size_t *size);
