#include "api/run.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "api/classifier.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/strings.h"
#include "data/image_file.h"

namespace pact::api {
namespace fs = std::filesystem;
namespace {

std::vector<data::Image> read_images(const RunCommand& command, const data::ImageShape& wanted) {
  std::vector<data::Image> images;
  std::vector<std::string> problems;
  for (const fs::path& path : command.images) {
    try {
      images.push_back(data::read_image(path, wanted.channels));
      const data::ImageShape& shape = images.back().shape;
      if (shape != wanted)
        fail("{}: has {} x {} pixels, the network takes {} x {}; resize it", path.string(), shape.width,
             shape.height, wanted.width, wanted.height);
    } catch (const Error& error) {
      problems.push_back(error.what());
    }
  }
  if (!problems.empty()) fail("{}", join(problems, "\n"));
  return images;
}

std::vector<Guess> best_guesses(const std::vector<float>& scores, const std::vector<std::string>& names,
                                int top) {
  std::vector<int> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](int a, int b) { return scores[a] > scores[b]; });
  double sum = 0;
  for (const float score : scores) sum += std::exp(static_cast<double>(score - scores[order[0]]));
  std::vector<Guess> guesses;
  for (const int index : order) {
    if (static_cast<int>(guesses.size()) == top) break;
    guesses.push_back({index, static_cast<size_t>(index) < names.size() ? names[index] : "",
                       std::exp(static_cast<double>(scores[index] - scores[order[0]])) / sum});
  }
  return guesses;
}

}  // namespace

std::vector<ImageResult> run_model(const RunCommand& command) {
  const std::vector<std::string> names = class_names(command.model.path);  // may take the file, so first
  Classifier classifier(load_model(command.model),
                        {.threads = command.threads > 0 ? command.threads : usable_cores(),
                         .numbers = Numbers::dropped});
  const std::vector<data::Image> images = read_images(command, classifier.image());
  std::vector<ImageResult> results;
  for (size_t i = 0; i < images.size(); ++i)
    results.push_back(
        {command.images[i], best_guesses(classifier.logits(images[i].pixels, 1), names, command.top)});
  return results;
}

}  // namespace pact::api
