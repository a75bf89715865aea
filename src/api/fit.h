// Does a network take the images of a data set?
#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"
#include "graph/graph.h"

namespace pact::api {

// Throws Error, naming `model`, unless the graph has one input, images of the shape of those of `dataset`,
// and one output, a score for each of its classes.
void require_fit(const graph::Graph& graph, const std::string& model, const data::Dataset& dataset);

// What to tell a person where the classes of the model are not those of the data by their `names`; empty where they
// are, or where the model has no names for them.
std::string other_classes_note(const std::vector<std::string>& names, const std::string& model,
                               const data::Dataset& dataset);

}  // namespace pact::api
