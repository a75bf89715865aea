#include "api/model_data.h"

#include "api/model.h"
#include "base/error.h"

namespace pact::api {

data::TrainTest load_data_for(const std::filesystem::path& model, const std::string& given, data::Part part) {
  if (!given.empty()) return data::load_dataset(given, part);
  const std::string own = dataset_of(model);
  if (own.empty())
    fail(ErrorKind::usage,
         "name the data set: --data cifar10:DIR or --data shapes; `pact data list` has all");
  try {
    return data::load_dataset(own, part);
  } catch (const Error& error) {
    fail(error.kind(),
         "{}\nThe run {} was trained on {}, a name from the folder of that time. Name the data from here "
         "with --data",
         error.what(), model.string(), own);
  }
}

}  // namespace pact::api
