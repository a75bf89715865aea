// What follows the name of a data set on the command line: "DIR,option=value,option=value". Items at the end
// that look like options are options; what stands before them is the folder, commas and all.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace pact::data {

class SpecOptions {
 public:
  // Throws Error on an option of `set` that is not among `known`.
  SpecOptions(const std::string& set, const std::string& text, const std::vector<std::string>& known);

  const std::string& set() const { return set_; }
  const std::filesystem::path& directory() const { return directory_; }  // may be empty

  // The value of an option, or `otherwise`. Each throws Error, naming set, option and what is allowed.
  long long integer(const std::string& option, long long otherwise, long long low, long long high) const;
  double real(const std::string& option, double otherwise, double low, double high) const;
  std::string word(const std::string& option, const std::vector<std::string>& words) const;  // else the first

 private:
  std::string set_;
  std::filesystem::path directory_;
  std::map<std::string, std::string> values_;
};

}  // namespace pact::data
