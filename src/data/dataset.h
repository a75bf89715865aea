// A labelled set of images as plain arrays. Pixels are bytes, NHWC (images, height, width, channels), so that
// a batch is a copy of rows and the network sees the very bytes that deployment will.
#pragma once

#include <cstdint>
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

struct Dataset {
  std::string name;  // as given on the command line, for example "cifar10:DIR"
  ImageShape image;
  std::vector<std::string> classes;
  Normalization normalization;
  std::vector<uint8_t> pixels;   // count * image.pixels()
  std::vector<uint16_t> labels;  // count, each below classes.size()

  size_t count() const { return labels.size(); }
  std::span<const uint8_t> pixels_of(size_t index) const {
    return std::span(pixels).subspan(index * image.pixels(), image.pixels());
  }
};

struct TrainTest {
  Dataset train;
  Dataset test;
};

enum class Part { train, test, both };

// The data set that `spec` names: "cifar10:DIR" or "shapes" (with options
// "shapes:train=20000,test=4000,seed=1"). Reads only `part` from disk. Throws Error on an unknown name, or on
// files that are missing, truncated, too long or hold labels out of range.
TrainTest load_dataset(const std::string& spec, Part part = Part::both);

// The names of its classes, without reading any file. Throws Error on an unknown name.
std::vector<std::string> class_names(const std::string& spec);

// The names and one-line descriptions of all data sets, for help texts.
struct DatasetEntry {
  std::string name;
  std::string usage;
  std::string description;
};
const std::vector<DatasetEntry>& dataset_catalog();

}  // namespace pact::data
