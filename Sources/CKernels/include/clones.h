#pragma once

/// Compiles a function for AVX2 too; the processor that is found at run time decides.
///
/// In C since Swift has no such functions. Each gives the same bits everywhere: no product and sum
/// are contracted, and sums have lanes of their own.
#if defined(__x86_64__)
#define CLONED __attribute__((target_clones("default", "avx2")))
#else
#define CLONED
#endif
