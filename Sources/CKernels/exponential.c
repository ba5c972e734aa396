#include "exponential.h"

#include <math.h>

#include "clones.h"

#pragma STDC FP_CONTRACT OFF

enum { lanes = 16 };

CLONED Extent extent_of(const float *x, size_t count) {
    float largest[lanes];
    uint32_t unordered[lanes] = {0};
    for (int lane = 0; lane < lanes; lane++) largest[lane] = -INFINITY;
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        for (int lane = 0; lane < lanes; lane++) {
            float value = x[i + lane];
            largest[lane] = value > largest[lane] ? value : largest[lane];
            unordered[lane] |= value != value;
        }
    }
    Extent extent = {-INFINITY, false};
    for (int lane = 0; lane < lanes; lane++) {
        extent.largest = largest[lane] > extent.largest ? largest[lane] : extent.largest;
        extent.has_nan |= unordered[lane] != 0;
    }
    for (; i < count; i++) {
        extent.largest = x[i] > extent.largest ? x[i] : extent.largest;
        extent.has_nan |= x[i] != x[i];
    }
    return extent;
}

CLONED double sum_of_exponentials(const float *x, size_t count, float less) {
    double total = 0;
    for (size_t first = 0; first < count; first += 256) {
        size_t end = count - first < 256 ? count : first + 256;
        float sums[lanes] = {0};
        size_t i = first;
        for (; i + lanes <= end; i += lanes) {
            for (int lane = 0; lane < lanes; lane++) {
                sums[lane] += exponential(x[i + lane] - less);
            }
        }
        for (int lane = 0; i < end; i++, lane++) sums[lane] += exponential(x[i] - less);
        float sum = 0;
        for (int lane = 0; lane < lanes; lane++) sum += sums[lane];
        total += sum;
    }
    return total;
}

CLONED void exponentials_in_place(float *x, size_t count, float less, float times) {
    for (size_t i = 0; i < count; i++) x[i] = times * exponential(x[i] - less);
}
