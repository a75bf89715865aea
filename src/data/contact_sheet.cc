#include "data/contact_sheet.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "data/channels.h"
#include "data/image_source.h"
#include "data/label_font.h"
#include "data/loader.h"
#include "data/resample.h"

namespace pact::data {
namespace {

constexpr int kMinSide = 96, kMaxSide = 160, kGap = 6;

// The size at which an image is shown.
ImageShape shown_shape(const ImageShape& image) {
  const int side = std::max(image.height, image.width);
  if (side > kMaxSide)
    return {std::max(1, image.height * kMaxSide / side), std::max(1, image.width * kMaxSide / side), 3};
  const int times = (kMinSide + side - 1) / side;
  return {image.height * times, image.width * times, 3};
}

// `image` at `shape`: pixels repeated where it grows, so that one sees what the network sees.
Image fitted(const Image& image, const ImageShape& shape) {
  Image out{shape, std::vector<uint8_t>(shape.pixels())};
  if (shape.width < image.shape.width) {
    const Region all{0, 0, static_cast<double>(image.shape.width), static_cast<double>(image.shape.height)};
    resample(image, all, shape, Mirror::no, out.pixels);
    return out;
  }
  const int times = shape.width / image.shape.width;
  for (int y = 0; y < shape.height; ++y)
    for (int x = 0; x < shape.width; ++x)
      std::copy_n(image.pixels.data() + (static_cast<size_t>(y / times) * image.shape.width + x / times) * 3,
                  3, out.pixels.data() + (static_cast<size_t>(y) * shape.width + x) * 3);
  return out;
}

void paste(const Image& image, int left, int top, Image& sheet) {
  const size_t row_bytes = static_cast<size_t>(image.shape.width) * 3;
  for (int y = 0; y < image.shape.height; ++y)
    std::copy_n(image.pixels.data() + y * row_bytes, row_bytes,
                sheet.pixels.data() + (static_cast<size_t>(top + y) * sheet.shape.width + left) * 3);
}

}  // namespace

Sheet make_sheet(const Dataset& dataset, const SheetOptions& options) {
  if (dataset.count() == 0) fail("data set '{}' has no images in this part", dataset.name);
  if (options.count < 1) fail("a sheet of 0 images: must be at least 1");
  const std::vector<uint32_t> order = epoch_order(dataset.count(), options.seed, 0);
  Sheet sheet;
  sheet.indices.assign(order.begin(),
                       order.begin() + static_cast<ptrdiff_t>(std::min(options.count, order.size())));
  const int count = static_cast<int>(sheet.indices.size());
  const int columns = static_cast<int>(std::ceil(std::sqrt(count)));
  const int rows = (count + columns - 1) / columns;
  const ImageShape shape = shown_shape(dataset.image);
  const int cell_width = shape.width + kGap, cell_height = shape.height + kLetterHeight + kGap;
  sheet.image.shape = {rows * cell_height + kGap, columns * cell_width + kGap, 3};
  sheet.image.pixels.assign(sheet.image.shape.pixels(), 255);
  for (int i = 0; i < count; ++i) {
    const size_t index = sheet.indices[static_cast<size_t>(i)];
    Image image{dataset.image, std::vector<uint8_t>(dataset.image.pixels())};
    Random random(options.seed, 0, index + 1);
    read_augmented(dataset, index, options.augmentation, random, image.pixels);
    const int left = kGap + i % columns * cell_width, top = kGap + i / columns * cell_height;
    paste(fitted(with_channels(std::move(image), 3), shape), left, top, sheet.image);
    const std::string& name = dataset.classes[dataset.labels[index]];
    draw_text(sheet.image, left, top + shape.height + 1,
              name.substr(0, static_cast<size_t>(shape.width / kLetterWidth)));
  }
  return sheet;
}

}  // namespace pact::data
