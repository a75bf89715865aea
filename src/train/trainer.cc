// The loop: batches in, steps, an evaluation and a checkpoint at each epoch's end. What happens is a function
// of the settings alone; a run that is killed and resumed passes through the same states. Several processes
// go through the loop in step, with the same numbers; the first has the files.

#include "train/trainer.h"

#include <chrono>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/cpu.h"
#include "base/error.h"
#include "base/files.h"
#include "base/version.h"
#include "base/words.h"
#include "data/loader.h"
#include "graph/text.h"
#include "train/batches.h"
#include "train/calibrate.h"
#include "train/executor.h"
#include "train/gpu.h"
#include "train/gradients.h"
#include "train/optimizer.h"
#include "train/processes/run_facts.h"
#include "train/run_directory.h"
#include "train/run_report.h"
#include "train/schedule.h"
#include "train/teacher.h"

namespace pact::train {
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
namespace {

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

Precision precision_of(const Settings& settings, const at::Device& device) {
  if (settings.precision == "bf16") return Precision::bf16;
  if (settings.precision == "fp32") return Precision::fp32;
  if (!device.is_cpu()) return has_bfloat16(device) ? Precision::bf16 : Precision::fp32;
  // libtorch's bfloat16 convolutions need AVX-512; without it they are slower than float32.
  return available_isas().back() >= Isa::x86_avx512 ? Precision::bf16 : Precision::fp32;
}

data::LoaderOptions loader_options(const Settings& s, const data::Share& share, data::Content content) {
  data::LoaderOptions options;
  options.share = share;
  options.content = content;
  options.batch_size = s.batch;
  options.augmentation = {static_cast<int>(s.crop_pad),
                          s.flip == "yes" ? data::Flip::random : data::Flip::never};
  options.seed = static_cast<uint64_t>(s.seed);
  options.threads = static_cast<int>(s.loader_threads);
  return options;
}

const char* word_of(Precision precision) { return precision == Precision::bf16 ? "bf16" : "fp32"; }

class Run {
 public:
  Run(const TrainRequest& request, const Observer& observer)
      : request_(request),
        settings_(request.settings),
        observer_(observer),
        processes_(request.processes),
        is_first_(!processes_ || processes_->is_first()),
        device_(device_named(settings_.device, processes_ ? processes_->local_rank() : 0)),
        train_images_(*request.train, device_),
        test_images_(*request.test, device_),
        precision_(precision_of(settings_, device_)),
        parameters_(to_parameters(request.network, device_)),
        executor_(request.network.graph, parameters_),
        graph_text_(graph::print(executor_.graph())),
        optimizer_(make_optimizer(executor_.graph(), parameters_, settings_)),
        loader_(*request.train, loader_options(settings_, share_of(processes_), train_images_.content())) {
    if (!settings_.teacher.empty())
      teacher_ =
          load_teacher(path_of_teacher(settings_.teacher, request.directory), executor_.graph(), device_);
  }

  // What several processes must have in common.
  Facts facts() const { return facts_of(request_, word_of(precision_)); }

  TrainResult run() {
    if (is_first_) request_.continuation == Continuation::resume ? restore() : begin();
    if (processes_) take_over();
    saved_ = progress_;
    write_run_json("running", "");
    if (request_.continuation == Continuation::fresh) save();  // from here on the run can be resumed
    try {
      const TrainResult result = run_epochs();
      write_run_json(result.outcome == Outcome::finished ? "finished" : "interrupted", "");
      return result;
    } catch (const LostProcess& lost) {
      record_failure(lost.what());
      const std::string where =
          saved_.step > 0 ? fmt::format("of epoch {}, step {}", saved_.epoch + 1, saved_.step)
                          : fmt::format("after epoch {}", saved_.epoch);
      throw LostProcess(
          fmt::format("{}\nThe last checkpoint, {}, is in {}. Go on from there with --resume, with as many "
                      "processes or with fewer",
                      lost.what(), where, request_.directory.string()));
    } catch (const std::exception& error) {
      record_failure(error.what());
      throw;
    }
  }

 private:
  void begin() {
    write_file(request_.directory / "graph.txt", graph_text_);
    const bool calibrates_all = settings_.alpha_start == "data";
    if (calibrates_all || learns_activation_steps(executor_.graph())) {
      data::Loader loader(*request_.train,
                          loader_options(settings_, {}, data::Content::pixels));  // whole batches
      loader.start(0);
      const data::Batch batch = *loader.next();
      // On the CPU wherever the run is. With the statistics of the batch: running ones mean nothing yet without a network
      // to start from, nor with one where quantized weights are on a scale of their own, as DoReFa's.
      Parameters here = on_cpu(parameters_);
      calibrate(Executor(executor_.graph(), here), here, view_of_pixels(batch, request_.train->image),
                Mode::train, calibrates_all ? Calibrated::all : Calibrated::steps);
      copy_into(parameters_, to_tensors(here), "calibrated numbers");
    }
    started_ = utc_now();
    command_ = request_.command;
  }

  void restore() {
    const State state = load_state(request_.directory, executor_.graph());
    const std::string whose = request_.directory.string() + ": the checkpoint's ";
    copy_into(parameters_, state.parameters, whose + "parameters");
    copy_into(optimizer_->state(), state.optimizer, whose + "optimizer tensors");
    write_file(request_.directory / "graph.txt", graph_text_);  // it may have been damaged
    progress_ = state.progress;
    optimizer_->set_steps_done(progress_.total_steps);
    trim_metrics(request_.directory, progress_.epoch, observer_.on_message);
    const nlohmann::json run = read_run_json(request_.directory);
    started_ = run.value("started", utc_now());
    command_ = run.value("command", request_.command);
    precision_ = run.value("precision", "") == "bf16" ? Precision::bf16 : Precision::fp32;
    const std::string device = run["settings"].value("device", "cpu");
    if (device != settings_.device)
      observer_.on_message(fmt::format(
          "the run was on {} before and is on {} now, which add up in another order: its numbers will differ",
          device, settings_.device));
    const int threads = run.value("threads", at::get_num_threads());
    if (threads != at::get_num_threads())
      observer_.on_message(
          fmt::format("the run had {} before and has {} now: its last bits may differ",
                      counted(threads, "thread"), at::get_num_threads()));
    const int processes = run.value("processes", 1);
    if (processes != process_count())
      observer_.on_message(
          fmt::format("the run had {} before and has {} now: its last bits may differ",
                      counted(processes, "process", "processes"), process_count()));
    if (progress_.epoch < settings_.epochs)
      observer_.on_message(fmt::format("resuming at epoch {}, step {}", progress_.epoch + 1, progress_.step));
  }

  // What the first process has read or found holds for all.
  void take_over() {
    copy_first(*processes_, parameters_);
    copy_first(*processes_, optimizer_->state());
    processes_->copy_first(std::as_writable_bytes(std::span(&progress_, 1)));
    processes_->copy_first(std::as_writable_bytes(std::span(&precision_, 1)));
    optimizer_->set_steps_done(progress_.total_steps);
  }

  int process_count() const { return processes_ ? processes_->count() : 1; }

  TrainResult run_epochs() {
    run_start_ = Clock::now();
    first_step_ = progress_.total_steps;
    TrainResult result;
    result.epochs = progress_.epoch;
    for (; progress_.epoch < settings_.epochs;) {
      if (!run_epoch()) {
        result.outcome = Outcome::interrupted;
        return result;
      }
      const EpochReport report = finish_epoch();
      if (report.test_top1) result.test_top1 = *report.test_top1, result.test_loss = *report.test_loss;
      result.epochs = progress_.epoch;
    }
    if (first_step_ == progress_.total_steps) {  // resumed when all was done
      const Evaluation evaluation = evaluate_now();
      result.test_top1 = evaluation.top1, result.test_loss = evaluation.loss, result.epochs = progress_.epoch;
    }
    if (is_first_) {
      const Parameters here = on_cpu(parameters_);
      write_run_report(request_.directory, Executor(executor_.graph(), here), here, *request_.test);
    }
    return result;
  }

  Evaluation evaluate_now() const {
    return evaluate_executor(
        executor_, test_images_, [](int64_t) {}, processes_);
  }

  // False when it was told to stop.
  bool run_epoch() {
    const int64_t steps = loader_.batches_per_epoch();
    loader_.start(progress_.epoch, progress_.step);
    Clock::time_point mark = Clock::now();  // the time of a step includes waiting for its batch
    while (const std::optional<data::Batch> batch = loader_.next()) {
      if (processes_ ? stop_agreed_ : is_asked_to_stop()) {
        save();
        return false;
      }
      step(*batch);
      progress_.seconds += seconds_since(mark);
      mark = Clock::now();
      ++progress_.step;
      ++progress_.total_steps;
      report_step(steps);
      if (settings_.checkpoint_steps > 0 && progress_.step % settings_.checkpoint_steps == 0 &&
          progress_.step < steps)
        save();
    }
    return true;
  }

  bool is_asked_to_stop() const { return request_.stop && request_.stop->load(); }

  void step(const data::Batch& batch) {
    const BatchResult result = add_gradients(
        batch, train_images_, executor_, parameters_,
        {.settings = settings_,
         .precision = precision_,
         .teacher = teacher_.get(),
         .processes = processes_,
         .stop = is_asked_to_stop() ? GradientsOptions::Stop::asked : GradientsOptions::Stop::unasked});
    if (!std::isfinite(result.loss_sum))
      fail(
          "the loss became {} in epoch {}, step {}; the last checkpoint is kept. A lower --rate or a longer "
          "--warmup may help",
          result.loss_sum / result.images, progress_.epoch + 1, progress_.step + 1);
    optimizer_->step(learning_rate(settings_, progress_.total_steps, loader_.batches_per_epoch()));
    stop_agreed_ = result.stop;
    progress_.loss_sum += result.loss_sum;
    progress_.correct += result.correct;
    progress_.images += result.images;
  }

  void report_step(int64_t steps) {
    const double total = static_cast<double>(steps * settings_.epochs);
    const double done = static_cast<double>(progress_.total_steps - first_step_);
    const double left =
        seconds_since(run_start_) / done * (total - static_cast<double>(progress_.total_steps));
    observer_.on_step({progress_.epoch + 1, settings_.epochs, progress_.step, steps,
                       static_cast<int64_t>(progress_.images), progress_.loss_sum / progress_.images,
                       100 * progress_.correct / progress_.images, progress_.images / progress_.seconds,
                       left});
  }

  EpochReport finish_epoch() {
    ++progress_.epoch;
    EpochReport report{progress_.epoch,
                       settings_.epochs,
                       learning_rate(settings_, progress_.total_steps - 1, loader_.batches_per_epoch()),
                       progress_.loss_sum / progress_.images,
                       100 * progress_.correct / progress_.images,
                       {},
                       {},
                       progress_.seconds,
                       progress_.images / progress_.seconds};
    require_finite();
    if (progress_.epoch % settings_.eval_every == 0 || progress_.epoch == settings_.epochs) {
      const Evaluation evaluation = evaluate_now();
      report.test_loss = evaluation.loss;
      report.test_top1 = evaluation.top1;
    }
    if (report.test_top1 && *report.test_top1 > progress_.best_top1) {
      progress_.best_top1 = *report.test_top1;
      if (is_first_)
        graph::write_safetensors(
            request_.directory / "best.safetensors",
            {to_tensors(parameters_),
             {{"format", "pact.checkpoint.1"},
              {model_file::kGraphKey, graph_text_},
              {"epoch", std::to_string(progress_.epoch)}}});
    }
    append_metrics(report);
    progress_.step = 0;
    progress_.loss_sum = progress_.correct = progress_.images = progress_.seconds = 0;
    save();
    observer_.on_epoch(report);
    return report;
  }

  // A checkpoint of broken numbers would replace the last good one.
  void require_finite() const {
    for (const auto& [name, tensor] : parameters_)
      if (!tensor.isfinite().all().item<bool>())
        fail("{} is no longer finite at the end of epoch {}; the last checkpoint is kept", name,
             progress_.epoch);
  }

  void save() {
    if (is_first_)
      save_state(request_.directory, {to_tensors(parameters_), to_tensors(optimizer_->state()), progress_},
                 graph_text_);
    saved_ = progress_;
  }

  void append_metrics(const EpochReport& report) const {
    if (!is_first_) return;
    nlohmann::ordered_json line = {{"epoch", report.epoch},
                                   {"step", progress_.total_steps},
                                   {"lr", report.rate},
                                   {"train_loss", report.train_loss},
                                   {"train_top1", report.train_top1}};
    if (report.test_top1) line["test_loss"] = *report.test_loss, line["test_top1"] = *report.test_top1;
    line["seconds"] = report.seconds;
    line["images_per_second"] = report.images_per_second;
    for (const auto& [name, level] : clip_levels(executor_.graph(), on_cpu(parameters_)))
      line["alpha"][name] = level;
    append_file(request_.directory / "metrics.jsonl", line.dump() + "\n");
  }

  void record_failure(const std::string& message) const {
    try {
      write_run_json("failed", message);
    } catch (const Error&) {
      // The first cause is what the user must hear of.
    }
  }

  void write_run_json(const std::string& status, const std::string& message) const {
    if (!is_first_) return;
    const nlohmann::ordered_json json = {{"command", command_},
                                         {"network", request_.network_name},
                                         {"dataset", request_.train->name},
                                         {"classes", request_.train->classes},
                                         {"version", kVersion},
                                         {"seed", settings_.seed},
                                         {"threads", at::get_num_threads()},
                                         {"processes", process_count()},
                                         {"precision", word_of(precision_)},
                                         {"machine", machine_description()},
                                         {"started", started_},
                                         {"updated", utc_now()},
                                         {"settings", to_json(settings_)},
                                         {"status", status},
                                         {"message", message}};
    write_file(request_.directory / "run.json", json.dump(2) + "\n");
  }

  const TrainRequest& request_;
  const Settings& settings_;
  const Observer& observer_;
  const Processes* processes_;
  const bool is_first_;
  const at::Device device_;
  const Images train_images_, test_images_;
  Precision precision_;
  Parameters parameters_;
  Executor executor_;
  const std::string graph_text_;
  std::unique_ptr<Optimizer> optimizer_;
  data::Loader loader_;
  std::unique_ptr<Executor> teacher_;
  Progress progress_, saved_;
  bool stop_agreed_ = false;
  std::string started_, command_;
  Clock::time_point run_start_;
  int64_t first_step_ = 0;
};

}  // namespace

TrainResult train(const TrainRequest& request, const Observer& observer) {
  PACT_CHECK(!request.processes || request.processes->count() <= request.settings.batch);
  set_threads(request.settings.threads, request.processes);
  Run run(request, observer);
  if (request.processes) require_same(*request.processes, run.facts());
  if (request.processes && !request.processes->is_first()) return run.run();
  make_writable_directory(request.directory);  // only now that nothing of the request was refused
  const DirectoryLock lock(request.directory);
  remove_temporary_files(request.directory);
  return run.run();
}

}  // namespace pact::train
