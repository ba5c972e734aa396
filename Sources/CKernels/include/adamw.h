#pragma once

#include <stddef.h>

/// What one step of AdamW multiplies by.
typedef struct {
    /// 1 − η λ, η / (1 − β₁ᵗ), ε and 1 / sqrt(1 − β₂ᵗ).
    float decay, rate, eps, correction;
    float beta1, beta2;
    /// 1 − β₁ and 1 − β₂, rounded once: of β₂ in single precision little of 1 − β₂ is left.
    float rest1, rest2;
} AdamWRates;

/// Updates count weights w and their moments m and v by the gradient g.
///
/// Swift's square root sets errno, which keeps loops from becoming vector instructions.
void adamw_update(
    AdamWRates rates, size_t count, const float *g, float *restrict w, float *restrict m,
    float *restrict v);
