#include "api_train/sweep/sweep.h"

#include <algorithm>
#include <map>
#include <set>

#include "api_train/sweep/results.h"
#include "api_train/sweep/row_run.h"
#include "api_train/sweep/time_left.h"
#include "api_train/train.h"
#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "base/words.h"
#include "base/writable.h"
#include "data/describe.h"
#include "report/sweep_page.h"
#include "report/sweep_tables.h"

namespace pact::api {
namespace fs = std::filesystem;
namespace {

// As tables name it: what run.json says, except that nobody is at work on a run that is to be gone on with.
std::string status_of(const RowRun& run) {
  switch (run.state) {
    case RowState::left:
      return "left";
    case RowState::interrupted:
      return run.status == "failed" ? "failed" : "interrupted";
    case RowState::finished:
      return "finished";
  }
  PACT_CHECK(false);
}

class Run {
 public:
  Run(const SweepCommand& command, const SweepObserver& observer)
      : command_(command), observer_(observer), sweep_(read_sweep(command.file, command.changes)) {
    if (command.output.empty())
      fail(ErrorKind::usage, "say with --out where the runs and their results are to lie");
    if (fs::exists(command.output / "run.json"))
      fail("{}: is a run; say with --out a folder that is to hold the runs of the sweep",
           command.output.string());
    require_can_be_made(command.output);
    read_known_integers();
    Problems problems;
    for (const SweepRow& row : sweep_.rows)
      problems.attempt("", [&] { runs_[row.name] = look_at(sweep_, row, command.output); });
    if (!problems.empty()) fail("{}:\n  {}", command.file.string(), join(problems.messages(), "\n  "));
    for (const SweepRow& row : sweep_.rows) {
      const RowRun& run = runs_.at(row.name);
      RowResult& result = results_[row.name];
      result.status = status_of(run);
      if (run.state != RowState::finished) result.message = run.message;
      result.directory = run.directory;
      result.integer = known_[row.name];
      result.settings = train::to_json(run.settings);
    }
  }

  // Throws Error where data lack that a run still needs; all of them at once.
  void require_files() const {
    Problems missing;
    for (const SweepRow& row : sweep_.rows)
      if (row.existing.empty() && runs_.at(row.name).state != RowState::finished)
        missing.attempt(row.name, [&] { data::require_files(row.parts.dataset); });
    if (!missing.empty()) fail("{}:\n  {}", command_.file.string(), join(missing.named("run"), "\n  "));
  }

  SweepSummary run() {
    make_writable_directory(command_.output);
    const DirectoryLock lock(command_.output);
    remove_temporary_files(command_.output);
    for (const SweepRow& row : sweep_.rows) time_left_.add(row, runs_.at(row.name));
    for (const SweepRow& row : sweep_.rows) {
      if (is_stopped()) break;
      if (runs_.at(row.name).state != RowState::finished && row.existing.empty()) make(row);
      if (results_.at(row.name).status == "finished") evaluate_integers(row);
      write_results();
    }
    write_results();
    return summary();
  }

  SweepSummary summary() const {
    SweepSummary summary{.results = results(),
                         .markdown = command_.output / "sweep.md",
                         .csv = command_.output / "sweep.csv",
                         .page = command_.output / "sweep.html"};
    summary.lines = report::sweep_lines(summary.results);
    if (is_stopped()) summary.outcome = train::Outcome::interrupted;
    for (const auto& [name, result] : results_)
      if (result.status == "failed" || result.status == "blocked") ++summary.failed;
    return summary;
  }

 private:
  bool is_stopped() const { return command_.stop && *command_.stop; }

  void read_known_integers() {
    const fs::path path = command_.output / "results.json";
    if (!fs::exists(path)) return;
    const Json old = Json::parse(read_file(path, size_t{1} << 30), nullptr, false);
    if (!old.is_object() || !old.contains("rows")) return;  // only time is lost
    for (const Json& row : old["rows"])
      if (row.is_object() && row.contains("name") && row["name"].is_string())
        known_[row["name"].get<std::string>()] = integer_of(row);
  }

  void make(const SweepRow& row) {
    RowResult& result = results_.at(row.name);
    for (const auto& [key, name] : row.references)
      if (results_.at(name).status != "finished") {
        result.status = "blocked";
        result.message = fmt::format("its {}, '{}', is not finished", key, name);
        observer_.on_message(fmt::format("{}: left out, for {}", row.name, result.message));
        return;
      }
    const RowRun& run = runs_.at(row.name);
    if (run.state == RowState::interrupted) log(row, fmt::format("goes on behind epoch {}", run.epochs_done));
    try {
      remove_false_start(run.directory);
      const TrainSummary trained = train(command_of(row, run, command_.stop), observer_of(row));
      const bool is_finished = trained.result.outcome == train::Outcome::finished;
      result.status = is_finished ? "finished" : "interrupted";
      result.message.clear();
      if (is_finished)
        log(row, fmt::format("test top-1 {:.2f} % after {}", trained.result.test_top1,
                             counted(trained.result.epochs, "epoch")));
    } catch (const std::bad_alloc&) {
      fail_row(row, "out of memory");
    } catch (const std::exception& error) {  // libtorch's among them: whatever it is, the other rows go on
      fail_row(row, error.what());
    }
    time_left_.end(row);
  }

  // Told at once, and kept beside the run for who was not there.
  void log(const SweepRow& row, const std::string& text) const {
    observer_.on_message(fmt::format("{}: {}", row.name, text));
    append_file(command_.output / (row.name + ".log"), text + "\n");
  }

  void fail_row(const SweepRow& row, const std::string& message) {
    RowResult& result = results_.at(row.name);
    const auto same = std::ranges::find_if(results_, [&](const auto& other) {
      return other.first != row.name && other.second.status == "failed" && other.second.message == message;
    });
    result.status = "failed";
    if (same == results_.end()) {
      result.message = message;
      log(row, "failed: " + message);
      return;
    }
    // What holds for all runs, as data that are missing, is told once.
    result.message = fmt::format("as '{}'", same->first);
    observer_.on_message(fmt::format("{}: failed as '{}' did", row.name, same->first));
    append_file(command_.output / (row.name + ".log"), "failed: " + message + "\n");
  }

  SweepProgress progress(const SweepRow& row, std::string at_work) const {
    SweepProgress progress{.run = row.name, .at_work = std::move(at_work)};
    for (const auto& [name, result] : results_) {
      if (result.status == "finished") ++progress.done;
      if (name != row.name && (result.status == "failed" || result.status == "blocked")) ++progress.failed;
    }
    progress.left = results_.size() - progress.done - progress.failed;
    progress.fraction = time_left_.fraction();
    progress.seconds_left = time_left_.seconds();
    return progress;
  }

  train::Observer observer_of(const SweepRow& row) {
    train::Observer observer;
    observer.on_message = [this, &row](const std::string& text) { log(row, text); };
    observer.on_step = [this, &row](const train::StepReport& r) {
      time_left_.at(row, r.epoch - 1, static_cast<double>(r.step) / static_cast<double>(r.steps),
                    r.seconds_left);
      observer_.on_progress(
          progress(row, fmt::format("epoch {}/{}  loss {:.3f}", r.epoch, r.epochs, r.loss)));
    };
    observer.on_epoch = [this, &row](const train::EpochReport& r) {
      time_left_.measured(row, r.seconds);
      log(row, line_of(r));
    };
    return observer;
  }

  void evaluate_integers(const SweepRow& row) {
    RowResult& result = results_.at(row.name);
    result.integer =
        integer_result(result.directory, row.parts.dataset, result.integer, [&](int64_t done, int64_t total) {
          observer_.on_progress(progress(row, fmt::format("integers, {}/{} images", done, total)));
        });
    if (!result.integer.note.empty())
      observer_.on_message(fmt::format("{}: has no integer form: {}", row.name, result.integer.note));
  }

  void write_results() const {
    const Json all = results();
    write_file(command_.output / "results.json", all.dump(1) + "\n");
    write_file(command_.output / "sweep.md", report::make_sweep_markdown(all));
    write_file(command_.output / "sweep.csv", report::make_sweep_csv(all));
    write_file(command_.output / "sweep.html", report::make_sweep_page(all));
  }

  Json results() const {
    Json rows = Json::array();
    for (const SweepRow& row : sweep_.rows) rows.push_back(row_json(row, results_.at(row.name)));
    return results_json(sweep_, rows);
  }

  const SweepCommand& command_;
  const SweepObserver& observer_;
  const Sweep sweep_;
  std::map<std::string, RowRun> runs_;
  std::map<std::string, RowResult> results_;
  std::map<std::string, IntegerResult> known_;
  TimeLeft time_left_;
};

}  // namespace

SweepSummary plan_sweep(const SweepCommand& command) {
  const SweepObserver nobody;
  const Run plan(command, nobody);
  plan.require_files();
  return plan.summary();
}

SweepSummary sweep(const SweepCommand& command, const SweepObserver& observer) {
  return Run(command, observer).run();
}

}  // namespace pact::api
