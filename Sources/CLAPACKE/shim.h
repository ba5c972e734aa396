#ifndef PROBE_CLAPACKE_SHIM_H
#define PROBE_CLAPACKE_SHIM_H

/* Swift cannot import C's complex numbers. The routines that take them are not called, so plain
   types of the same size stand for them. */
typedef struct { float re, im; } probe_complex_float;
typedef struct { double re, im; } probe_complex_double;
#define LAPACK_COMPLEX_CUSTOM
#define lapack_complex_float probe_complex_float
#define lapack_complex_double probe_complex_double

#include <lapacke.h>

#endif
