// MNIST (LeCun et al. 1998) and Fashion-MNIST (Xiao et al. 2017): grey images of 28 x 28 in ten classes, in
// idx files.
#pragma once

#include <string>

#include "data/dataset.h"

namespace pact::data {

// Reads train-images-idx3-ubyte, train-labels-idx1-ubyte (train) and t10k-... (test), plain or with .gz, from
// the folder of `options`, or raw, MNIST/raw or FashionMNIST/raw inside it. Throws Error.
TrainTest load_mnist(const std::string& options, Part part);
TrainTest load_fashion_mnist(const std::string& options, Part part);

// The data sets without their images.
Dataset describe_mnist(const std::string& options);
Dataset describe_fashion_mnist(const std::string& options);

// Throw Error where their files are not all there.
void require_mnist(const std::string& options);
void require_fashion_mnist(const std::string& options);

}  // namespace pact::data
