#ifndef PROBE_CPNG_SHIM_H
#define PROBE_CPNG_SHIM_H

#include <png.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What goes into a PNG: 32-bit pixels in memory order blue, green, red, unused (Cairo's RGB24 and
   opaque ARGB32 on little-endian machines), the pixel density, and text chunks. */
typedef struct {
    const uint8_t *pixels;
    size_t stride; /* bytes from one row to the next */
    uint32_t width, height;
    uint32_t pixels_per_metre;
    png_text *texts;
    int text_count;
} probe_png_picture;

/* Receives the encoded bytes. */
typedef void (*probe_png_sink)(void *context, const uint8_t *bytes, size_t count);

typedef struct {
    probe_png_sink receive;
    void *context;
    char *message;
    size_t message_capacity;
} probe_png_job;

static inline void probe_png_write(png_structp png, png_bytep bytes, size_t count) {
    probe_png_job *job = (probe_png_job *)png_get_io_ptr(png);
    job->receive(job->context, bytes, count);
}

static inline void probe_png_flush(png_structp png) { (void)png; }

/* libpng forbids an error callback to return: keep its words, then leave by its jump buffer. */
static inline void probe_png_error(png_structp png, png_const_charp words) {
    probe_png_job *job = (probe_png_job *)png_get_error_ptr(png);
    strncpy(job->message, words, job->message_capacity - 1);
    png_longjmp(png, 1);
}

static inline void probe_png_warning(png_structp png, png_const_charp words) {
    (void)png;
    (void)words;
}

/* Encodes a picture as 8-bit RGB; 1 on success, else 0 with libpng's words in `message`. It is here
   and not in Swift because libpng reports errors by longjmp, which must not cross Swift's frames. */
static inline int probe_png_encode(const probe_png_picture *picture, probe_png_sink receive,
                                   void *context, char *message, size_t message_capacity) {
    probe_png_job job = {receive, context, message, message_capacity};
    memset(message, 0, message_capacity);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &job, probe_png_error,
                                              probe_png_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        strncpy(message, "libpng could not start", message_capacity - 1);
        return 0;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return 0;
    }
    png_set_write_fn(png, &job, probe_png_write, probe_png_flush);
    png_set_IHDR(png, info, picture->width, picture->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    png_set_pHYs(png, info, picture->pixels_per_metre, picture->pixels_per_metre,
                 PNG_RESOLUTION_METER);
    png_set_text(png, info, picture->texts, picture->text_count);
    png_write_info(png, info);
    png_set_filler(png, 0, PNG_FILLER_AFTER);
    png_set_bgr(png);
    for (uint32_t row = 0; row < picture->height; row++)
        png_write_row(png, picture->pixels + row * picture->stride);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return 1;
}

#endif
