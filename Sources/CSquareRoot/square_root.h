#pragma once

/// The square root, NaN of a negative number.
///
/// Unlike sqrtf it does not set errno, so that loops over it become vector instructions; the Swift
/// standard library has only the other.
static inline float square_root(float x) { return __builtin_elementwise_sqrt(x); }
