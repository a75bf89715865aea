#include "api_train/recipes.h"

#include "api/configs.h"

namespace pact::api {

std::filesystem::path find_recipe(const std::string& name) { return find_config("recipes", name); }

}  // namespace pact::api
