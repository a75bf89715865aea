// Classifies images with a network that `pact export` wrote, in C++.
//
//   classify MODEL.pact IMAGE.ppm...
//
// Prints one line per image: the index of the likeliest class, its name, and its score with all digits. The
// images are binary PPM files of the size that the network takes (any image program writes them).
#include <pact/engine.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

// Bytes red, green, blue of every pixel, row by row.
static std::vector<uint8_t> read_ppm(const std::string& path, const std::vector<int64_t>& shape) {
  std::ifstream file(path, std::ios::binary);
  std::string kind;
  int64_t width = 0, height = 0, most = 0;
  file >> kind >> width >> height >> most;
  file.get();  // one white space ends the header
  if (!file || kind != "P6" || most != 255) throw std::runtime_error(path + ": is no binary PPM file");
  if (shape != std::vector<int64_t>{3, height, width})
    throw std::runtime_error(path + ": is not of the size that the network takes");
  std::vector<uint8_t> pixels(static_cast<size_t>(3 * width * height));
  file.read(reinterpret_cast<char*>(pixels.data()), static_cast<std::streamsize>(pixels.size()));
  if (!file) throw std::runtime_error(path + ": ends too early");
  return pixels;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s MODEL.pact IMAGE.ppm...\n", argv[0]);
    return 2;
  }
  try {
    pact::Engine engine(argv[1]);
    for (int i = 2; i < argc; ++i) {
      const std::vector<uint8_t> pixels = read_ppm(argv[i], engine.input().shape);
      const std::vector<float> scores = engine.run(pixels, pact::PixelOrder::interleaved);
      const size_t best =
          static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
      std::printf("%zu %s %.9g\n", best,
                  best < engine.classes().size() ? engine.classes()[best].c_str() : "-",
                  static_cast<double>(scores[best]));
    }
  } catch (const std::exception& error) {  // pact::Error is one
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
  return 0;
}
