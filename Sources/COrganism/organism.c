// The embedded model as bytes of the program, so that it is found wherever the program is.

#include "organism.h"

#include <string.h>

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char config[] = {
#embed "config.json"
};

static const unsigned char tokenizer[] = {
#embed "tokenizer.json"
};

// Aligned, so that tensors of floats can be read where they lie.
static _Alignas(64) const unsigned char weights[] = {
#embed "model.safetensors"
};

const void *organism_file(const char *name, size_t *size) {
    static const struct {
        const char *name;
        const void *bytes;
        size_t size;
    } files[] = {
        {"config.json", config, sizeof config},
        {"tokenizer.json", tokenizer, sizeof tokenizer},
        {"model.safetensors", weights, sizeof weights},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(name, files[i].name) == 0) {
            *size = files[i].size;
            return files[i].bytes;
        }
    }
    return NULL;
}
