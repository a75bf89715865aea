#include "train/processes/membership.h"

#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "base/strings.h"

namespace pact::train {
namespace {

struct Convention {
  const char* launcher;
  const char* rank;
  const char* count;
  const char* local_count;  // processes on this machine
  const char* local_rank;   // its number among them
  // Slurm sets one of the two, too, where nothing was started by srun.
  enum class Half { refused, ignored } half;
};

// The first that speaks counts: torchrun's variables may be set by hand under any of the others, and mpirun
// may run inside a job of Slurm.
constexpr Convention kConventions[] = {
    {"torchrun", "RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "LOCAL_RANK", Convention::Half::refused},
    {"Open MPI's mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE",
     "OMPI_COMM_WORLD_LOCAL_RANK", Convention::Half::refused},
    {"MPICH's mpirun", "PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS", "MPI_LOCALRANKID",
     Convention::Half::refused},
    {"Slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "", "SLURM_LOCALID", Convention::Half::ignored},
    {"Slurm", "SLURM_PROCID", "SLURM_NTASKS", "", "SLURM_LOCALID", Convention::Half::ignored},
};
constexpr int kUsualPort = 29500;  // torchrun's
constexpr int kLargestPort = 65535;

int number(const std::string& name, const std::string& text, int least, int most) {
  const auto value = parse_integer(text);
  if (!value || *value < least || *value > most)
    fail("the environment has {}={}, which must be a whole number from {} to {}", name, text, least, most);
  return static_cast<int>(*value);
}

std::string address_of(const Environment& environment, const Convention& convention, int count) {
  if (const auto given = environment("MASTER_ADDR")) return *given;
  for (const char* name : {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"})
    if (const auto list = environment(name)) return first_of_node_list(*list);
  if (environment(convention.local_count) == std::to_string(count)) return "127.0.0.1";
  fail(
      "{} starts {} processes ({}), but nothing says where process 0 runs: set MASTER_ADDR to the name of "
      "its machine (mpirun takes it with -x MASTER_ADDR=NAME or -genv MASTER_ADDR NAME) or, on one machine, "
      "leave the launcher out and give --processes {}",
      convention.launcher, count, convention.count, count);
}

// Jobs of Slurm that share a machine must not meet at one place. torchrun may listen at MASTER_PORT itself, in
// the protocol of its own libtorch; process 0 then takes the port beside it.
int port_of(const Environment& environment) {
  if (const auto given = environment("MASTER_PORT")) {
    const int port = number("MASTER_PORT", *given, 1, kLargestPort);
    if (environment("TORCHELASTIC_USE_AGENT_STORE").value_or("") != "True") return port;
    return port < kLargestPort ? port + 1 : port - 1;
  }
  const auto job = environment("SLURM_JOB_ID");
  const auto id = job ? parse_integer(*job) : std::nullopt;
  return kUsualPort + static_cast<int>(id.value_or(0) % 1000);
}

}  // namespace

std::optional<std::string> of_this_process(const std::string& name) {
  const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
  return value && *value ? std::optional<std::string>(value) : std::nullopt;
}

std::string first_of_node_list(const std::string& list) {
  const size_t open = list.find('['), comma = list.find(',');
  if (open == std::string::npos || comma < open) return list.substr(0, comma);
  const size_t close = list.find(']', open);
  if (close == std::string::npos) fail("Slurm's list of machines is not understood: {}", list);
  const std::string first = list.substr(open + 1, list.find_first_of("-,]", open) - open - 1);
  const size_t end = list.find(',', close);
  return list.substr(0, open) + first +
         list.substr(close + 1, end == std::string::npos ? end : end - close - 1);
}

std::optional<Membership> membership_of(const Environment& environment) {
  for (const Convention& convention : kConventions) {
    const auto rank = environment(convention.rank), count = environment(convention.count);
    if (!rank && !count) continue;
    if (!rank || !count) {
      if (convention.half == Convention::Half::ignored) continue;
      fail("the environment has {} and no {}; {} sets both. Set it, too, or unset {} to train in one process",
           rank ? convention.rank : convention.count, rank ? convention.count : convention.rank,
           convention.launcher, rank ? convention.rank : convention.count);
    }
    Membership membership;
    membership.launcher = convention.launcher;
    membership.count = number(convention.count, *count, 1, 65536);
    membership.rank = number(convention.rank, *rank, 0, 65535);
    if (membership.rank >= membership.count)
      fail("the environment has {}={} with {}={}; processes count from 0, so it must be at most {}",
           convention.rank, *rank, convention.count, *count, membership.count - 1);
    if (membership.count == 1) return std::nullopt;
    const auto local = environment(convention.local_rank);
    membership.local_rank = local ? number(convention.local_rank, *local, 0, 65535) : membership.rank;
    membership.address = address_of(environment, convention, membership.count);
    membership.port = port_of(environment);
    return membership;
  }
  return std::nullopt;
}

}  // namespace pact::train
