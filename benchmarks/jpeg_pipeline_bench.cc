// Photographs for training and evaluation, read from JPEG files, decoded, cropped and resized, against
// libjpeg-turbo (through TurboJPEG) merely decoding the same files, on one core. The files are drawn first,
// 500 x 375 pixels, quality 90, colours at half resolution. The variants take turns (A B C A B C ...), so
// that phases of a shared machine hit all alike; medians of the time computed, and the median of the ratios
// within each round, are printed.
//
//   jpeg_pipeline_bench [rounds] [images]

#include <turbojpeg.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/error.h"
#include "base/files.h"
#include "data/crop.h"
#include "data/image_file.h"
#include "data/synthetic_photo.h"

namespace {

namespace fs = std::filesystem;
using namespace pact::data;

constexpr int kHeight = 375, kWidth = 500;

// What every variant is compared with: all pixels, nothing else.
void decode(tjhandle decoder, const fs::path& path, std::vector<uint8_t>& pixels) {
  const std::string bytes = pact::read_file(path);
  PACT_CHECK(tjDecompress2(decoder, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                           pixels.data(), kWidth, 0, kHeight, TJPF_RGB, TJFLAG_ACCURATEDCT) == 0);
}

void evaluation_crop(const fs::path& path, int size, std::vector<uint8_t>& pixels) {
  const double resize = size * 256.0 / 224.0;
  read_region(
      path, [&](int h, int w) { return centre_crop(h, w, size, resize); }, {size, size, 3}, Mirror::no,
      std::span(pixels).first(static_cast<size_t>(size) * size * 3));
}

void training_crop(const fs::path& path, int size, size_t image, std::vector<uint8_t>& pixels) {
  pact::Random random(1, 0, image);
  read_region(
      path, [&](int h, int w) { return random_resized_crop(h, w, 0.08, random); }, {size, size, 3},
      image % 2 == 0 ? Mirror::no : Mirror::yes,
      std::span(pixels).first(static_cast<size_t>(size) * size * 3));
}

// Time that this thread computed; what others take of a shared core does not count.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double at_share(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 31;
  const int images = argc > 2 ? std::atoi(argv[2]) : 48;
  const fs::path folder = fs::temp_directory_path() / ("pact-jpeg-bench-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::vector<fs::path> files;
  size_t bytes = 0;
  for (int i = 0; i < images; ++i) {
    files.push_back(folder / (std::to_string(i) + ".jpg"));
    const std::string jpeg = encode_jpeg(synthetic_photo(kHeight, kWidth, static_cast<uint64_t>(i)));
    pact::write_file(files.back(), jpeg);
    bytes += jpeg.size();
  }
  tjhandle decoder = tjInitDecompress();
  std::vector<uint8_t> pixels(static_cast<size_t>(kHeight) * kWidth * 3);
  const auto for_all = [&](const std::function<void(size_t)>& prepare) {
    return [&files, prepare] {
      for (size_t i = 0; i < files.size(); ++i) prepare(i);
    };
  };
  struct Variant {
    std::string name;
    std::function<void()> run;
    std::vector<double> seconds, ratios;
  };
  std::vector<Variant> variants = {
      {"libjpeg-turbo, all pixels", for_all([&](size_t i) { decode(decoder, files[i], pixels); }), {}, {}},
      {"evaluation, 224", for_all([&](size_t i) { evaluation_crop(files[i], 224, pixels); }), {}, {}},
      {"training, 224", for_all([&](size_t i) { training_crop(files[i], 224, i, pixels); }), {}, {}},
      {"evaluation, 64", for_all([&](size_t i) { evaluation_crop(files[i], 64, pixels); }), {}, {}},
      {"training, 64", for_all([&](size_t i) { training_crop(files[i], 64, i, pixels); }), {}, {}},
  };
  for (int round = -1; round < rounds; ++round)  // the first one warms up
    for (Variant& variant : variants) {
      const double start = cpu_seconds();
      variant.run();
      const double seconds = cpu_seconds() - start;
      if (round < 0) continue;
      variant.seconds.push_back(seconds);
      variant.ratios.push_back(variants[0].seconds.back() / seconds);
    }
  tjDestroy(decoder);
  fs::remove_all(folder);

  std::printf("%s; one thread, %d images of %d x %d, %.0f kB each, %d rounds\n",
              pact::machine_description().c_str(), images, kWidth, kHeight,
              static_cast<double>(bytes) / images / 1e3, rounds);
  std::printf("%-26s %12s %14s %22s\n", "", "images/s", "of the first", "10th to 90th percentile");
  for (const Variant& variant : variants)
    std::printf("%-26s %12.0f %14.2f %14.2f to %.2f\n", variant.name.c_str(),
                images / median(variant.seconds), median(variant.ratios), at_share(variant.ratios, 0.1),
                at_share(variant.ratios, 0.9));
}
