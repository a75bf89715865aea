#include "data/cifar10.h"

#include "data/array_options.h"
#include "data/cifar_files.h"

namespace pact::data {
namespace {

const CifarFiles kFiles = {.title = "CIFAR-10",
                           .folder = "cifar-10-batches-bin",
                           .train = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                     "data_batch_4.bin", "data_batch_5.bin"},
                           .test = {"test_batch.bin"},
                           .python_file = "data_batch_1",
                           .likely_mistake = "CIFAR-100"};

SpecOptions parse(const std::string& text) { return SpecOptions("cifar10", text, array_options()); }

Dataset description() {
  Dataset set;
  set.image = kCifarImage;
  set.classes = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  // The means of the training set, rounded, and one std near the measured 63, 62, 67. Whole means and a power
  // of two on purpose: (pixel - mean) / std is then exact in binary floating point, a first layer on bytes
  // has an exact integer form, and a zero padded on after normalization is exactly the pixel code `mean`.
  set.normalization = {.mean = {125, 123, 114}, .std = {64, 64, 64}};
  return set;
}

}  // namespace

Dataset describe_cifar10(const std::string& text) {
  Dataset set = description();
  apply_array_options(parse(text), set);
  return set;
}

void require_cifar10(const std::string& text) { require_cifar(kFiles, parse(text), Part::both); }

TrainTest load_cifar10(const std::string& text, Part part) {
  return load_cifar(kFiles, description(), parse(text), part);
}

}  // namespace pact::data
