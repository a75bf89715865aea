// `pact run` as a function: pictures in, classes out, by the integer network.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "api/model.h"

namespace pact::api {

struct RunCommand {
  ModelSource model;
  std::vector<std::filesystem::path> images;  // PNG or JPEG, of the size that the network takes
  int threads = 0;                            // 0: one per core
  int top = 3;                                // classes told per image
};

struct Guess {
  int index = 0;
  std::string name;        // of the class where the model's data set tells it, else empty
  double probability = 0;  // softmax of the scores
};

struct ImageResult {
  std::filesystem::path image;
  std::vector<Guess> guesses;  // likeliest first
};

// Throws one Error that names all images that cannot be taken.
std::vector<ImageResult> run_model(const RunCommand& command);

}  // namespace pact::api
