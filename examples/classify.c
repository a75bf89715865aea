/* Classifies images with a network that `pact export` wrote, in C.
 *
 *   classify_c MODEL.pact IMAGE.ppm...
 *
 * Prints what the C++ example prints, for the same files.
 */
#include <pact/pact.h>

#include <stdio.h>
#include <stdlib.h>

/* Reads a binary PPM file of width x height pixels; 0 when it is none. */
static int read_ppm(const char* path, int64_t width, int64_t height, uint8_t* pixels, size_t size) {
  FILE* file = fopen(path, "rb");
  long long w = 0, h = 0;
  int most = 0, is_read;
  if (!file) return 0;
  is_read = fscanf(file, "P6 %lld %lld %d", &w, &h, &most) == 3 && most == 255 && fgetc(file) != EOF &&
            w == width && h == height && fread(pixels, 1, size, file) == size;
  fclose(file);
  return is_read;
}

int main(int argc, char** argv) {
  pact_engine* engine = NULL;
  pact_tensor_info input, output;
  uint8_t* pixels = NULL;
  float* scores = NULL;
  int i, status = 1;

  if (argc < 3) {
    fprintf(stderr, "usage: %s MODEL.pact IMAGE.ppm...\n", argv[0]);
    return 2;
  }
  if (pact_load(argv[1], NULL, &engine) != PACT_OK || pact_input(engine, &input) != PACT_OK ||
      pact_output(engine, &output) != PACT_OK) {
    fprintf(stderr, "%s: %s\n", argv[0], pact_last_error());
    goto done;
  }
  if (input.rank != 3 || input.shape[0] != 3) {
    fprintf(stderr, "%s: the network takes no colour images\n", argv[0]);
    goto done;
  }
  pixels = malloc(input.count);
  scores = malloc(output.count * sizeof *scores);
  if (!pixels || !scores) goto done;
  for (i = 2; i < argc; ++i) {
    size_t best = 0, k;
    const char* name;
    if (!read_ppm(argv[i], input.shape[2], input.shape[1], pixels, input.count)) {
      fprintf(stderr, "%s: %s: is no binary PPM file of the size that the network takes\n", argv[0], argv[i]);
      goto done;
    }
    if (pact_run_u8(engine, pixels, input.count, PACT_INTERLEAVED, 1, scores, output.count) != PACT_OK) {
      fprintf(stderr, "%s: %s\n", argv[0], pact_last_error());
      goto done;
    }
    for (k = 1; k < output.count; ++k)
      if (scores[k] > scores[best]) best = k;
    name = pact_class_name(engine, best);
    printf("%zu %s %.9g\n", best, name ? name : "-", (double)scores[best]);
  }
  status = 0;

done:
  free(scores);
  free(pixels);
  pact_free(engine);
  return status;
}
