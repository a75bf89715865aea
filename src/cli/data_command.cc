// `pact data`: get, show, info and list.

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "api/data.h"
#include "base/progress.h"
#include "base/words.h"
#include "cli/accepted.h"
#include "cli/commands.h"

namespace pact::cli {
namespace {

using Json = nlohmann::ordered_json;

void add_get(CLI::App& data, Run& run) {
  struct Arguments {
    api::GetCommand command;
    std::string out;
    bool json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* get = data.add_subcommand("get", "download a data set, check it and unpack it");
  get->add_option("name", args->command.name, "which one; `pact data list` has all")->required();
  get->add_option("--from", args->command.from,
                  "URL of a folder with the files, in place of the publisher's");
  get->add_option("--out", args->out, "folder to put it in [data/<data set>]");
  get->add_flag("--json", args->json, "print the result as one JSON object");
  get->callback([args, &run] {
    run = [args] {
      args->command.directory = args->out;
      ProgressLine line;
      std::string current;
      int64_t began_with = 0;
      auto began = std::chrono::steady_clock::now();
      const auto on_download = [&](const std::string& file, int64_t have, int64_t total) {
        if (file != current) current = file, began_with = have, began = std::chrono::steady_clock::now();
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        const double rate = static_cast<double>(have - began_with) / std::max(seconds, 1e-3);
        const double left = total > have && rate > 0 ? static_cast<double>(total - have) / rate : 0;
        line.update(total > 0 ? static_cast<double>(have) / static_cast<double>(total) : 0,
                    fmt::format("{}  {}{}  {}/s{}", file, format_bytes(static_cast<double>(have)),
                                total > 0 ? " of " + format_bytes(static_cast<double>(total)) : "",
                                format_bytes(rate), total > 0 ? "  " + format_duration(left) + " left" : ""));
      };
      const api::GetSummary s = api::get_dataset(args->command, on_download);
      line.clear();
      Json files = Json::array();
      for (const api::GetSummary::File& file : s.files) {
        const bool is_new = file.state == data::FileState::downloaded;
        files.push_back(
            {{"name", file.name}, {"state", is_new ? "downloaded" : "present"}, {"checked", file.checked}});
        if (!args->json)
          fmt::print("{}: {}, {}\n", file.name, is_new ? "downloaded" : "was there",
                     file.checked.empty() ? "no checksum is known" : file.checked + " as published");
      }
      if (args->json)
        fmt::print("{}\n", Json{{"name", s.set.name},
                                {"directory", s.directory.string()},
                                {"files", files},
                                {"source", s.set.source},
                                {"terms", s.set.terms},
                                {"data", s.spec}}
                               .dump());
      else
        fmt::print("from: {}\nterms: {}\nuse it as: --data {}\n", s.set.source, s.set.terms, s.spec);
    };
  });
}

void add_list(CLI::App& data, Run& run) {
  auto as_json = std::make_shared<bool>(false);
  CLI::App* list =
      data.add_subcommand("list", "the data sets that can be read, and those that can be downloaded");
  list->add_flag("--json", *as_json, "print the result as one JSON object");
  list->callback([as_json, &run] {
    run = [as_json] {
      Json sets = Json::array(), downloads = Json::array();
      for (const data::DatasetEntry& entry : data::dataset_catalog()) {
        sets.push_back({{"name", entry.name}, {"usage", entry.usage}, {"description", entry.description}});
        if (!*as_json) fmt::print("{:<34} {}\n", entry.usage, entry.description);
      }
      if (!*as_json) fmt::print("\npact data get ...\n");
      for (const data::RemoteSet& set : api::remote_sets()) {
        downloads.push_back(
            {{"name", set.name}, {"title", set.title}, {"source", set.source}, {"terms", set.terms}});
        if (!*as_json) fmt::print("{:<34} {}\n", set.name, set.title);
      }
      if (*as_json) fmt::print("{}\n", Json{{"sets", sets}, {"downloads", downloads}}.dump());
    };
  });
}

void add_show(CLI::App& data, Run& run) {
  struct Arguments {
    api::ShowCommand command;
    std::string split = "train", output;
    bool augmented = false, json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* show = data.add_subcommand("show", "images of a data set on one sheet, with their classes");
  show->add_option("dataset", args->command.dataset, "as for --data: cifar10:DIR, folder:DIR, shapes, ...")
      ->required();
  show->add_option("-o,--output", args->output, "PNG file to write")->required();
  show->add_option("--split", args->split, "train or test [train]");
  show->add_option("--count", args->command.sheet.count, "images [36]")->check(whole_number(1, 10000));
  show->add_option("--seed", args->command.sheet.seed, "which ones [1]");
  show->add_flag("--augmented", args->augmented, "as training sees them: cropped and mirrored at random");
  show->add_flag("--json", args->json, "print the result as one JSON object");
  show->callback([args, &run] {
    run = [args] {
      args->command.split = api::split_of(args->split);
      args->command.output = args->output;
      if (args->augmented) args->command.sheet.augmentation = {.pad = 4, .flip = data::Flip::random};
      const api::ShowSummary s = api::show_dataset(args->command);
      for (const std::string& note : s.notes) tell(note);
      if (!args->json) {
        fmt::print("{} on {} x {} pixels: {}\n", counted(std::ssize(s.images), "image"), s.sheet.width,
                   s.sheet.height, args->output);
        return;
      }
      Json images = Json::array();
      for (const api::ShowSummary::Shown& image : s.images) {
        images.push_back({{"index", image.index}, {"class", image.class_name}});
        if (!image.path.empty()) images.back()["path"] = image.path;
      }
      fmt::print("{}\n", Json{{"sheet", args->output},
                              {"width", s.sheet.width},
                              {"height", s.sheet.height},
                              {"split", args->split},
                              {"images", images}}
                             .dump());
    };
  });
}

std::string numbers(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += fmt::format("{}{:.1f}", text.empty() ? "" : ", ", value);
  return text.empty() ? "-" : text;
}

void print_info(const api::DatasetInfo& info) {
  const data::Dataset& set = info.description;
  fmt::print("{}: images of {} x {} x {}, {}; the network sees (pixel - {}) / {}\n", set.name,
             set.image.height, set.image.width, set.image.channels,
             counted(std::ssize(set.classes), "class", "classes"), numbers(set.normalization.mean),
             numbers(set.normalization.std));
  for (const api::DatasetInfo::Part& part : info.parts)
    fmt::print("{:<6} {:>9} images   pixels: mean {}   deviation {}\n", part.name, part.images,
               numbers(part.statistics.mean), numbers(part.statistics.std));
  fmt::print("\n{:<28} {:>9} {:>9}\n", "class", "train", "test");
  for (size_t c = 0; c < set.classes.size(); ++c)
    fmt::print("{:<28} {:>9} {:>9}\n", set.classes[c], info.parts[0].statistics.of_class[c],
               info.parts[1].statistics.of_class[c]);
}

void add_info(CLI::App& data, Run& run) {
  struct Arguments {
    std::string dataset;
    bool json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* command =
      data.add_subcommand("info", "images of each class, their size, mean and deviation; reads every image");
  command->add_option("dataset", args->dataset, "as for --data")->required();
  command->add_flag("--json", args->json, "print the result as one JSON object");
  command->callback([args, &run] {
    run = [args] {
      ProgressLine line;
      const api::DatasetInfo info = api::inspect_dataset(args->dataset, [&](int64_t done, int64_t total) {
        line.update(static_cast<double>(done) / static_cast<double>(total),
                    fmt::format("{}/{} images", done, total));
      });
      line.clear();
      const data::Dataset& set = info.description;
      for (const std::string& note : set.notes) tell(note);
      if (!args->json) return print_info(info);
      Json json = {{"dataset", set.name},
                   {"image", {set.image.height, set.image.width, set.image.channels}},
                   {"classes", set.classes},
                   {"normalization", {{"mean", set.normalization.mean}, {"std", set.normalization.std}}}};
      for (const api::DatasetInfo::Part& part : info.parts)
        json["parts"][part.name] = {{"images", part.images},
                                    {"of_class", part.statistics.of_class},
                                    {"mean", part.statistics.mean},
                                    {"std", part.statistics.std}};
      fmt::print("{}\n", json.dump());
    };
  });
}

}  // namespace

void add_data(CLI::App& app, Run& run) {
  CLI::App* data = app.add_subcommand("data", "data sets: download, look at, count and measure them");
  data->require_subcommand(1);
  add_get(*data, run);
  add_list(*data, run);
  add_show(*data, run);
  add_info(*data, run);
}

}  // namespace pact::cli
