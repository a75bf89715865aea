/* The C interface to the engine of PACT: runs a network that `pact export RUN -o MODEL.pact` wrote. C99.
 *
 * Functions that can fail return a pact_status; pact_last_error() then says in words what was wrong. No
 * exception leaves the library.
 *
 * Threads: engines may be made, used and freed in any threads. One engine may be used from several threads at
 * a time, which wait for each other in pact_run_*; nobody may use an engine while or after it is freed.
 * Pointers that an engine hands out live as long as the engine. pact_last_error() is of the calling thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PACT_C_API __attribute__((visibility("default")))
#else
#define PACT_C_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pact_engine pact_engine;

typedef enum pact_status {
  PACT_OK = 0,
  PACT_BAD_INPUT = 1,   /* a file or its numbers are at fault */
  PACT_UNSUPPORTED = 2, /* sound, but not what this library or this machine can do; also: out of memory */
  PACT_USAGE = 3,       /* the call is at fault: a null pointer, an argument out of range, a wrong size */
  PACT_INTERNAL = 4     /* a bug of PACT; please report it */
} pact_status;

typedef enum pact_element { PACT_U8 = 0, PACT_F32 = 1 } pact_element;

typedef enum pact_pixel_order {
  PACT_PLANAR = 0,     /* [channels][height][width] */
  PACT_INTERLEAVED = 1 /* [height][width][channels] */
} pact_pixel_order;

/* Options of an engine. Start from PACT_DEFAULT_OPTIONS. The environment's PACT_FORCE_ALGORITHM names the
 * algorithm of integer layers; docs/library.md says more. */
typedef struct pact_options {
  size_t struct_size;          /* sizeof(pact_options) of the caller */
  int threads;                 /* 1; 0: one per core */
  int64_t max_batch;           /* 1: images of a run; more are run in parts, and fewer where caches want it */
  const char* instruction_set; /* NULL: the best of this CPU, or what PACT_FORCE_ISA names */
  size_t max_memory_bytes;     /* 1 GiB: networks whose values and scratch memory take more are refused */
} pact_options;

/* The defaults, with struct_size set as this header has it. */
#define PACT_DEFAULT_OPTIONS \
  { sizeof(pact_options), 1, 1, NULL, 1024u * 1024u * 1024u }

typedef struct pact_tensor_info {
  const char* name;
  pact_element type;
  size_t rank;          /* without the batch */
  const int64_t* shape; /* `rank` extents: [channels, height, width], or [classes] */
  size_t count;         /* elements of one image */
} pact_tensor_info;

PACT_C_API const char* pact_version(void);

/* What was wrong in the last call of this thread that failed; "" when none did. Valid until the next one
 * fails. */
PACT_C_API const char* pact_last_error(void);

/* On success *engine is the new engine, to be given to pact_free; otherwise NULL. options may be NULL. The
 * bytes are not needed after the call. */
PACT_C_API pact_status pact_load(const char* path, const pact_options* options, pact_engine** engine);
PACT_C_API pact_status pact_load_memory(const void* bytes, size_t size, const pact_options* options,
                                        pact_engine** engine);
PACT_C_API void pact_free(pact_engine* engine); /* NULL is let pass */

/* NULL or 0 when `engine` is NULL, and pact_last_error says so. */
PACT_C_API const char* pact_name(const pact_engine* engine);
PACT_C_API const char* pact_instruction_set(const pact_engine* engine);
PACT_C_API size_t pact_class_count(const pact_engine* engine); /* 0 where the file tells no names */
PACT_C_API const char* pact_class_name(const pact_engine* engine, size_t index); /* NULL beyond the last */

/* The input takes raw pixels, 0 to 255, red green blue; the output is one score (logit) per class. */
PACT_C_API pact_status pact_input(const pact_engine* engine, pact_tensor_info* info);
PACT_C_API pact_status pact_output(const pact_engine* engine, pact_tensor_info* info);

/* `images` images to as many outputs. pixel_count must be images * input count, score_count images * output
 * count; order is a pact_pixel_order. pact_run_u8 serves networks of either input type, pact_run_f32 those
 * whose input is PACT_F32. */
PACT_C_API pact_status pact_run_u8(pact_engine* engine, const uint8_t* pixels, size_t pixel_count, int order,
                                   size_t images, float* scores, size_t score_count);
PACT_C_API pact_status pact_run_f32(pact_engine* engine, const float* values, size_t value_count,
                                    size_t images, float* scores, size_t score_count);

#ifdef __cplusplus
}
#endif
