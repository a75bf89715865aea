// Names of classes whose folders are called after their WordNet synsets, n01440764 and the like.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pact::data {

// For each folder its name: from a list that lies in `directory` or up to three folders above it
// (LOC_synset_mapping.txt or synset_words.txt, lines "n01440764 tench, Tinca tinca"; the first of the words
// counts), else the built-in one of Imagenette's ten, else the folder's own name.
std::vector<std::string> wordnet_names(const std::vector<std::string>& folders,
                                       const std::filesystem::path& directory);

}  // namespace pact::data
