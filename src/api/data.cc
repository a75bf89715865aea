#include "api/data.h"

#include <algorithm>

#include "api/configs.h"
#include "api/output.h"
#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "data/image_source.h"
#include "data/png_decoder.h"

namespace pact::api {

std::vector<data::RemoteSet> remote_sets() {
  const std::filesystem::path path = find_config(".", "datasets");
  return data::parse_remote_sets(read_file(path, size_t{1} << 20), path.string());
}

GetSummary get_dataset(const GetCommand& command, const OnDownload& on_download) {
  const std::vector<data::RemoteSet> sets = remote_sets();
  const auto set = std::ranges::find(sets, command.name, &data::RemoteSet::name);
  if (set == sets.end()) {
    std::vector<std::string> names;
    for (const data::RemoteSet& each : sets) names.push_back(each.name);
    fail("{}", unknown_name("data set to download", command.name, names));
  }
  GetSummary summary{*set, command.directory, {}, {}};
  if (summary.directory.empty()) summary.directory = std::filesystem::path("data") / set->set;
  summary.spec = fmt::format("{}:{}", set->set, summary.directory.string());
  make_writable_directory(summary.directory);
  const DirectoryLock lock(summary.directory);
  const std::string& base = command.from.empty() ? set->base : command.from;
  for (const data::RemoteFile& file : set->files) {
    const auto on_bytes = [&](int64_t have, int64_t total) {
      on_download(file.name, have, total > 0 ? total : file.bytes);
    };
    const data::FileState state = data::get_file(file, base, summary.directory, on_bytes);
    summary.files.push_back({file.name, state, file.algorithm});
  }
  return summary;
}

Split split_of(const std::string& name) {
  if (name == "train") return Split::train;
  if (name == "test") return Split::test;
  fail(ErrorKind::usage, "{}", unknown_name("split", name, {"train", "test"}));
}

namespace {

// The ending is what viewers go by.
void require_png_name(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  if (!ending.empty() && ending != ".png")
    fail("{}: a sheet is written as PNG; call it {}", path.string(),
         std::filesystem::path(path).replace_extension(".png").string());
}

}  // namespace

ShowSummary show_dataset(const ShowCommand& command) {
  require_output(command.output, OutputKind::picture, {});
  require_png_name(command.output);
  const bool trains = command.split == Split::train;
  data::TrainTest loaded = data::load_dataset(command.dataset, trains ? data::Part::train : data::Part::test);
  const data::Dataset& set = trains ? loaded.train : loaded.test;
  std::vector<std::filesystem::path> images;  // that the sheet must not replace
  if (set.source && std::filesystem::exists(command.output))
    for (size_t i = 0; i < set.count(); ++i) images.push_back(set.source->path_of(i));
  require_output(command.output, OutputKind::picture, images);
  const data::Sheet sheet = data::make_sheet(set, command.sheet);
  write_file(command.output, data::encode_png(sheet.image));
  ShowSummary summary{sheet.image.shape, {}, set.notes};
  for (const size_t index : sheet.indices)
    summary.images.push_back(
        {index, set.classes[set.labels[index]], set.source ? set.source->path_of(index) : ""});
  return summary;
}

DatasetInfo inspect_dataset(const std::string& dataset,
                            const std::function<void(int64_t, int64_t)>& on_progress) {
  data::TrainTest loaded = data::load_dataset(dataset);
  DatasetInfo info;
  info.description.name = dataset;
  info.description.image = loaded.train.image;
  info.description.classes = loaded.train.classes;
  info.description.normalization = loaded.train.normalization;
  for (const data::Dataset* part : {&loaded.train, &loaded.test})
    for (const std::string& note : part->notes) info.description.notes.push_back(note);
  const auto total = static_cast<int64_t>(loaded.train.count() + loaded.test.count());
  int64_t before = 0;
  std::vector<std::string> problems;
  for (const auto& [name, part] : {std::pair{"train", &loaded.train}, std::pair{"test", &loaded.test}}) {
    const auto progress = [&](int64_t done) { on_progress(before + done, total); };
    const auto count = static_cast<int64_t>(part->count());
    try {
      info.parts.push_back({name, count, data::measure(*part, progress)});
    } catch (const Error& error) {  // the other part may have some, too
      problems.push_back(error.what());
    }
    before += count;
  }
  if (!problems.empty()) fail("{}", join(problems, "\n"));
  return info;
}

}  // namespace pact::api
