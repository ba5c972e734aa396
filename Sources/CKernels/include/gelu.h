#pragma once

#include <stddef.h>

/// GELU by the tanh approximation, of each x in place: x/2 · (1 + tanh u) with
/// u = sqrt(2/π)(x + 0.044715 x³), as x / (1 + exp(−2u)).
void gelu_tanh(float *x, size_t count);

/// Its derivative σ + x σ (1 − σ) · 2u′, as the function is x σ with σ = 1 / (1 + exp(−2u)).
void gelu_tanh_slope(float *x, size_t count);

/// GELU by the error function, of each x in place: x Φ(x).
void gelu_error(float *x, size_t count);

/// Its derivative Φ(x) + x φ(x), with the normal density φ(x) = exp(−x²/2) / √(2π).
void gelu_error_slope(float *x, size_t count);
