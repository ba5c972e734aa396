#include "gelu.h"

#include "clones.h"
#include "exponential.h"

#pragma STDC FP_CONTRACT OFF

CLONED void gelu_tanh(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float twice = -1.5957691f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
        x[i] = x[i] / (1 + exponential(twice));
    }
}

CLONED void gelu_tanh_slope(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float square = x[i] * x[i];
        float twice = -1.5957691f * (x[i] + 0.044715f * x[i] * square);
        float sigma = 1 / (1 + exponential(twice));
        x[i] = sigma + x[i] * sigma * (1 - sigma) * 1.5957691f * (1 + 0.134145f * square);
    }
}

/// The normal distribution function Φ(x) = erfc(−x/√2)/2.
///
/// erfc(z) for z ≥ 0 is t · exp(−z² + P(t)), t = 1/(1 + z/2); P is the Chebyshev fit of degree 9 to
/// ln(erfc(z) exp(z²)/t), within 1.2e-7.
static inline float normal_distribution(float x) {
    float z = (x < 0 ? -x : x) * 0.70710677f;
    float t = 1 / (1 + 0.5f * z);
    float p = 0.17086752f;
    p = p * t - 0.822128228f;
    p = p * t + 1.48846981f;
    p = p * t - 1.13515572f;
    p = p * t + 0.278838075f;
    p = p * t - 0.186276812f;
    p = p * t + 0.0967817181f;
    p = p * t + 0.374092253f;
    p = p * t + 1.00002366f;
    p = p * t - 1.26551222f;
    float tail = 0.5f * t * exponential(-z * z + p);
    return x < 0 ? tail : 1 - tail;
}

CLONED void gelu_error(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = x[i] * normal_distribution(x[i]);
}

CLONED void gelu_error_slope(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        x[i] = normal_distribution(x[i])
            + x[i] * 0.39894228f * exponential(-0.5f * x[i] * x[i]);
    }
}
