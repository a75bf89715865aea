// A labelled set of images. Pixels are bytes, NHWC (images, height, width, channels), so that a batch is a copy
// of rows and the network sees the very bytes that deployment will. Small images lie in plain arrays; folders of
// photographs, which are too large for that, are read image by image from their files.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace pact::data {

struct ImageShape {
  int height = 0;
  int width = 0;
  int channels = 0;
  bool operator==(const ImageShape&) const = default;
  size_t pixels() const { return static_cast<size_t>(height) * width * channels; }  // bytes of one image
};

// What a network needs to know of its pixels: value = (pixel - mean[channel]) / std[channel].
struct Normalization {
  std::vector<double> mean;
  std::vector<double> std;
};

class ImageSource;  // data/image_source.h

struct Dataset {
  std::string name;  // as given on the command line, for example "cifar10:DIR"
  ImageShape image;
  std::vector<std::string> classes;
  Normalization normalization;
  std::vector<uint8_t> pixels;   // count * image.pixels(); empty where `source` has the images
  std::vector<uint16_t> labels;  // count, each below classes.size()
  std::shared_ptr<const ImageSource> source = nullptr;  // of images that are not held in memory
  std::vector<std::string> notes = {};  // what the user should hear, for example of images that were skipped

  size_t count() const { return labels.size(); }
  // Of a set that is held in memory.
  std::span<const uint8_t> pixels_of(size_t index) const {
    return std::span(pixels).subspan(index * image.pixels(), image.pixels());
  }
  // Image `index` as evaluation sees it, HWC, into `out` of image.pixels() bytes. May be called by several
  // threads at once. Throws Error, naming the file, when it cannot be read.
  void read(size_t index, std::span<uint8_t> out) const;
  // Forgets all images but the first `count`.
  void keep_first(size_t count);
};

struct TrainTest {
  Dataset train;
  Dataset test;
};

enum class Part { train, test, both };

// The data set that `spec` names: "NAME:DIR" or "NAME:DIR,option=value,..." (docs/data.md), "shapes" without DIR.
// Reads only `part` from disk. Throws Error on an unknown name or option, or on files that are missing,
// truncated, too long or hold labels out of range.
TrainTest load_dataset(const std::string& spec, Part part = Part::both);

// The names of its classes, without reading images (those of `folder` are the names in DIR). Throws Error.
std::vector<std::string> class_names(const std::string& spec);

// The names and one-line descriptions of all data sets, for help texts.
struct DatasetEntry {
  std::string name;
  std::string usage;
  std::string description;
};
const std::vector<DatasetEntry>& dataset_catalog();

}  // namespace pact::data
