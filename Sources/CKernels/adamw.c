#include "adamw.h"

#include "clones.h"

#pragma STDC FP_CONTRACT OFF

CLONED void adamw_update(
    AdamWRates rates, size_t count, const float *g, float *restrict w, float *restrict m,
    float *restrict v) {
    for (size_t i = 0; i < count; i++) {
        m[i] = rates.beta1 * m[i] + rates.rest1 * g[i];
        v[i] = rates.beta2 * v[i] + rates.rest2 * (g[i] * g[i]);
        float root = __builtin_elementwise_sqrt(v[i]);
        w[i] = rates.decay * w[i] - rates.rate * m[i] / (root * rates.correction + rates.eps);
    }
}
