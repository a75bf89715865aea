#include "api_train/train.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/export.h"
#include "api/fit.h"
#include "api_train/launch.h"
#include "api_train/network_to_train.h"
#include "api_train/recipes.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/strings.h"
#include "base/words.h"
#include "base/writable.h"
#include "data/describe.h"
#include "passes/insert_quantizers.h"
#include "passes/layer_table.h"
#include "report/report.h"
#include "report/run_files.h"
#include "train/processes/processes.h"
#include "train/run_directory.h"

namespace pact::api {
namespace fs = std::filesystem;
namespace {

using train::Continuation;
using train::Settings;

// What the command sets, over `settings`; all of it that is wrong is told at once.
void apply_command(Settings& settings, const TrainCommand& command) {
  Problems problems;
  std::string origin_of_warmup;  // the recipe that says it, if one does
  for (const std::string& recipe : command.recipes)
    problems.attempt("", [&] {
      const double before = settings.warmup;
      train::apply_recipe(settings, find_recipe(recipe), problems);
      if (settings.warmup != before) origin_of_warmup = recipe;
    });
  train::set(settings, command.settings, problems);
  train::find_problems(settings, problems);
  // Who shortens a recipe's run has not chosen its warm-up.
  if (!origin_of_warmup.empty() && !command.settings.contains("warmup"))
    problems.explain("warmup", fmt::format("; it is that of the recipe {}, give a shorter one with --warmup",
                                           origin_of_warmup));
  for (const std::string& text : settings.override)
    problems.attempt("override", [&] { passes::parse_bit_override(text); });
  problems.refuse();
}

// A choice of quantizer that quantizes nothing is a slip: the run would be float.
void tell_of_idle_quantizers(const Settings& settings, const TrainCommand& command,
                             const train::Observer& observer) {
  const auto tell = [&](const char* what, const train::Integer bits, const std::string& quantizer) {
    if (bits == 32 && command.settings.contains(quantizer))
      observer.on_message(fmt::format("{} stay float, so that {} {} does nothing; give their bits with --{}",
                                      what, quantizer, command.settings.at(quantizer), what));
  };
  tell("weights", settings.weights, "weight_quantizer");
  tell("activations", settings.activations, "activation_quantizer");
}

std::string images_of(const data::Dataset& part, const char* which) {
  return counted(static_cast<long long>(part.count()), fmt::format("{} image", which));
}

bool writes_the_run(const TrainCommand& command) {
  return !command.membership || command.membership->rank == 0;
}

// Where a start failed that had come no further, a teacher may lie there alone.
bool holds_nothing_of_a_run(const fs::path& directory) {
  return std::ranges::all_of(fs::directory_iterator(directory),
                             [](const auto& entry) { return entry.path().filename() == train::kOwnTeacher; });
}

RunToTrain fresh_run(const TrainCommand& command) {
  RunToTrain r{command.network, command.dataset, command.directory, {}};
  apply_command(r.settings, command);
  if (r.network.empty()) fail(ErrorKind::usage, "name the network to train; `pact zoo` lists them");
  if (r.dataset.empty())
    fail(ErrorKind::usage,
         "name the data set: --data cifar10:DIR or --data shapes; `pact data list` has all");
  if (r.directory.empty()) {
    const bool is_float = r.settings.weights == 32 && r.settings.activations == 32;
    const std::string name = fs::path(r.network).stem().string();
    r.directory = fs::path("runs") /
                  (is_float ? name + "-float"
                            : fmt::format("{}-w{}a{}", name, r.settings.weights, r.settings.activations));
  }
  if (r.settings.teacher == train::kItself && !is_onnx(r.network))
    fail(ErrorKind::usage,
         "--teacher {} is for a trained network, an ONNX file; name a run that shall teach {}",
         train::kItself, r.network);
  if (!writes_the_run(command)) return r;  // the first process may have begun it
  if (fs::exists(r.directory) && !fs::is_directory(r.directory))
    fail("{}: exists and is not a folder", r.directory.string());
  if (fs::exists(r.directory / "run.json") && !fs::exists(r.directory / "last.safetensors"))
    fail("{}: holds a run that ended before its first checkpoint; remove it, or choose another --out",
         r.directory.string());
  if (fs::exists(r.directory) && !holds_nothing_of_a_run(r.directory))
    fail("{}: exists and is not empty; continue that run with --resume, or choose another --out",
         r.directory.string());
  require_can_be_made(r.directory);
  return r;
}

RunToTrain resumed_run(const TrainCommand& command) {
  if (command.directory.empty())
    fail(ErrorKind::usage, "--resume needs --out RUN, the run directory to continue");
  const nlohmann::json run = train::read_run_json(command.directory);
  const std::string origin = (command.directory / "run.json").string();
  const auto stored_word = [&](const char* key) {
    if (!run.contains(key) || !run[key].is_string()) fail("{}: is damaged (no '{}')", origin, key);
    return run[key].get<std::string>();
  };
  RunToTrain r{stored_word("network"), stored_word("dataset"), command.directory, {}};
  const Settings stored = train::settings_from_json(run["settings"], origin);
  r.settings = stored;
  r.is_finished = run.value("status", "") == "finished";
  apply_command(r.settings, command);
  std::vector<std::string> problems = train::differences(r.settings, stored);
  if (!command.network.empty() && command.network != r.network)
    problems.push_back(
        fmt::format("the network is '{}' here and '{}' in the run", command.network, r.network));
  if (!command.dataset.empty() && command.dataset != r.dataset)
    problems.push_back(
        fmt::format("the data set is '{}' here and '{}' in the run", command.dataset, r.dataset));
  if (!problems.empty())
    fail(
        "{}: cannot be resumed with other settings:\n  {}\nLeave them out, or start another run with --init "
        "{}",
        command.directory.string(), join(problems, "\n  "), command.directory.string());
  return r;
}

// So that the run can be resumed without the file that it came from.
void keep_teacher(const RunToTrain& r, const TrainCommand& command) {
  fs::create_directories(r.directory);
  export_model({.model = {.path = command.network, .mean = command.mean, .std = command.std},
                .output = r.directory / train::kOwnTeacher,
                .options = {}});
}

data::TrainTest load_data(const RunToTrain& r, const TrainCommand& command) {
  try {
    return data::load_dataset(r.dataset);
  } catch (const Error& error) {
    if (command.continuation == Continuation::fresh) throw;
    fail(error.kind(), "{}\nThe run was begun with --data {}; it is resumed from the same folder",
         error.what(), r.dataset);
  }
}

// Those that train together; none where this process trains alone.
struct Group {
  std::unique_ptr<Children> children;  // ends last: it waits for them
  std::unique_ptr<train::Processes> processes;
};

Group join(const TrainCommand& command, const Settings& settings) {
  Group group;
  if (!command.membership && command.processes < 2) return group;
  train::JoinOptions options;
  options.timeout = command.process_timeout;
  options.carrier = settings.device == "cuda" ? train::Carrier::nccl : train::Carrier::gloo;
  options.membership =
      command.membership.value_or(train::Membership{0, command.processes, "127.0.0.1", 0, "--processes"});
  const int count = options.membership.count;
  if (count > settings.batch)
    fail("a batch of {} cannot be shared by {} processes: give a larger --batch or fewer processes",
         counted(settings.batch, "image"), count);
  if (!command.membership)
    options.on_listening = [&](int port) { group.children = std::make_unique<Children>(count, port); };
  options.while_waiting = [&] {
    if (group.children) group.children->require_running();
    if (command.stop && command.stop->load()) fail("told to stop before all {} processes had met", count);
  };
  group.processes = train::Processes::join(options);
  return group;
}

train::TrainResult train_in(const Group& group, const train::TrainRequest& request,
                            const train::Observer& observer) {
  if (!group.processes) return train::train(request, observer);
  try {
    const train::TrainResult result = train::train(request, observer);
    group.processes->leave("");
    return result;
  } catch (const std::exception& error) {
    group.processes->leave(error.what());
    throw;
  }
}

}  // namespace

std::optional<train::Membership> given_membership(int processes) {
  std::optional<train::Membership> given = train::membership_of(train::of_this_process);
  if (given && processes > 0 && processes != given->count)
    fail(ErrorKind::usage, "--processes {} with {}, which starts {} of them: leave one of the two out",
         processes, given->launcher, given->count);
  return given;
}

std::string line_of(const train::EpochReport& r) {
  return fmt::format(
      "epoch {:>3}/{}  train loss {:.4f} top-1 {:5.2f} %{}  rate {:.5f}  {:.1f} s  {:.0f} images/s", r.epoch,
      r.epochs, r.train_loss, r.train_top1,
      r.test_top1 ? fmt::format("  test loss {:.4f} top-1 {:5.2f} %", *r.test_loss, *r.test_top1) : "",
      r.rate, r.seconds, r.images_per_second);
}

TrainSummary train(const TrainCommand& command, const train::Observer& observer) {
  const bool is_resumed = command.continuation == Continuation::resume;
  const RunToTrain r = is_resumed ? resumed_run(command) : fresh_run(command);
  // What can be wrong with the network is told before data are read, which may take minutes.
  require_network(r.network);
  train::require_device(r.settings.device);
  selected_isa();  // a forced one may be refused
  const data::Dataset description = data::describe_dataset(r.dataset);
  graph::Network network = make_network(r, command, description, observer);
  if (!r.settings.teacher.empty() && r.settings.teacher != train::kItself)
    require_fit(train::load_network(r.settings.teacher).graph, "--teacher " + r.settings.teacher,
                description);
  tell_of_idle_quantizers(r.settings, command, observer);
  if (r.is_finished)
    observer.on_message(
        fmt::format("{}: is finished, nothing is left to train; its accuracy is measured once more",
                    r.directory.string()));
  const data::TrainTest data = load_data(r, command);
  if (static_cast<uint64_t>(r.settings.batch) > data.train.count())
    fail("a batch of {} is more than the {} of {}; give a smaller --batch",
         counted(r.settings.batch, "image"), images_of(data.train, "training"), data.train.name);
  for (const data::Dataset* part : {&data.train, &data.test})
    for (const std::string& note : part->notes) observer.on_message(note);

  const passes::LayerTable table = passes::make_layer_table(network.graph);
  observer.on_message(
      fmt::format("{}: {} parameters, {:.1f} million multiply-accumulates an image; {} and {}; into {}",
                  report::network_name(r.network), table.parameters, static_cast<double>(table.macs) / 1e6,
                  images_of(data.train, "training"), images_of(data.test, "test"), r.directory.string()));
  const bool is_own_teacher = r.settings.teacher == train::kItself;
  if (is_own_teacher && !is_resumed && writes_the_run(command)) keep_teacher(r, command);
  const Group group = join(command, r.settings);
  const train::TrainRequest request{.network = std::move(network),
                                    .settings = r.settings,
                                    .train = &data.train,
                                    .test = &data.test,
                                    .directory = r.directory,
                                    .continuation = command.continuation,
                                    .network_name = r.network,
                                    .command = command.command_line,
                                    .stop = command.stop,
                                    .processes = group.processes.get()};
  TrainSummary summary{train_in(group, request, observer),
                       r.directory,
                       r.directory / "report.html",
                       report::network_name(r.network),
                       r.settings.weights,
                       r.settings.activations,
                       table.bytes,
                       table.float_bytes};
  if (writes_the_run(command)) report::write_report({r.directory}, summary.report);
  return summary;
}

}  // namespace pact::api
