// `pact calibrate` as a function: from a float network and some images to an integer one, without training.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "api/model.h"
#include "calibration/calibrate.h"

namespace pact::api {

struct CalibrateCommand {
  ModelSource model;                 // a float run or ONNX file, or with `parameters` a network of the zoo
  std::filesystem::path parameters;  // .safetensors file with the numbers of a network of the zoo
  std::string dataset;               // its training part is what is looked at
  int64_t images = 256;              // evenly spread over it
  calibration::Options options = {};
  std::filesystem::path
      output;  // *.onnx: QCDQ; *.pact: the integer network for the engine; else a run directory
  std::string command_line;
};

struct CalibrateSummary {
  std::string network, dataset;
  std::vector<std::string> classes;  // their names
  int64_t images = 0;
  std::vector<calibration::CalibratedValue> values;  // what layers read
  std::vector<std::string> notes;                    // what did not go as usual
  int64_t bytes = 0, float_bytes = 0;                // of the parameters, packed at their bits and as float32
  double seconds = 0;
};

struct CalibrateProgress {
  std::function<void(const std::string&)> on_step;  // a sentence on what begins and takes a while
  std::function<void(int64_t, int64_t)> on_images;   // images done, and images in all
};

// Files are written whole, and of a run directory all or none, its page aside. Where the process is killed, what is
// left is a folder that ends in .tmp, beside the run or, where an empty directory was given, in it. Throws Error.
CalibrateSummary calibrate(const CalibrateCommand& command, const CalibrateProgress& progress);

}  // namespace pact::api
