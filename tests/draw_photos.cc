// Draws a folder of JPEG files for tests: draw_photos DIR CLASSES IMAGES HEIGHT WIDTH writes DIR/cN/I.jpg,
// the same bytes every time.

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "data/synthetic_photo.h"

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const std::filesystem::path folder = argv[1];
  const int classes = std::atoi(argv[2]), images = std::atoi(argv[3]);
  for (int c = 0; c < classes; ++c)
    for (int i = 0; i < images; ++i) {
      const auto seed = static_cast<uint64_t>(1000 * c + i);
      const pact::data::Image photo =
          pact::data::synthetic_photo(std::atoi(argv[4]), std::atoi(argv[5]), seed);
      std::filesystem::create_directories(folder / ("c" + std::to_string(c)));
      pact::write_file(folder / ("c" + std::to_string(c)) / (std::to_string(i) + ".jpg"),
                       pact::data::encode_jpeg(photo));
    }
}
